//! Pid 1 of a run, and the command it starts. Only system calls in here: this is the
//! child that shares the memory of a program with many threads.
#![expect(unsafe_code, reason = "the command's process starts in shared memory")]

use std::ffi::{CStr, CString, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags, RawDir};
use rustix::io::Errno;
use rustix::process::Signal;
use rustix::thread::{Gid, Uid};

use super::filter::Filters;
use super::mounts::{self, Memory};
use super::reaper;
use super::report::{Exited, Record, Stage};
use super::sys::{self, Stack, Strings, Waited};

/// How long processes that the command left may still take to end by themselves: the
/// writers of `exec > >(tee log)`.
pub(super) const LINGER_MS: u32 = 100;

/// Everything a run needs, made before the fork. Descriptors are numbers above 63.
pub(super) struct Plan<'a> {
    pub(super) pipe: i32,
    /// Standard input (`None`: `/dev/null`), output and error.
    pub(super) stdin: Option<i32>,
    pub(super) stdout: i32,
    pub(super) stderr: i32,
    /// Whether the standard input is a terminal, which is then the command's own.
    pub(super) is_terminal: bool,
    /// What the command gets as 3, 4, ...
    pub(super) extra: Vec<i32>,
    pub(super) place: Place<'a>,
    /// All of these, sorted.
    pub(super) keep: Vec<i32>,
    /// Paths to try, in order.
    pub(super) programs: Vec<CString>,
    pub(super) argv: Strings,
    pub(super) envp: Strings,
    pub(super) cwd: CString,
    pub(super) umask: Option<u32>,
    /// Who the command runs as; `None` is who this program is.
    pub(super) user: Option<Ids>,
    /// What the command's process runs on until it executes the command.
    pub(super) command_stack: Stack,
}

/// Where a command runs.
pub(super) enum Place<'a> {
    Sandbox(Inside<'a>),
    /// On this computer. The other end of the pipe closes when everything is to end.
    Here {
        control: i32,
    },
}

/// What makes the namespaces of a sandbox.
pub(super) struct Inside<'a> {
    pub(super) mount_ns: i32,
    pub(super) network_ns: Option<i32>,
    pub(super) hostname: &'a [u8],
    pub(super) memory: Memory,
    pub(super) filters: &'a Filters,
}

pub(super) struct Ids {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<Gid>,
}

type Step<T> = Result<T, (Stage, Errno)>;

fn at(stage: Stage) -> impl Fn(Errno) -> (Stage, Errno) {
    move |errno| (stage, errno)
}

/// Is the first process until the command has ended.
pub(super) fn run(plan: &Plan<'_>) {
    let ready = match &plan.place {
        Place::Sandbox(inside) => become_init(plan, inside),
        Place::Here { .. } => become_reaper(plan),
    };
    match ready.and_then(|()| start_command(plan)) {
        Ok(pid) => {
            let exited = match &plan.place {
                Place::Sandbox(_) => {
                    let _closed = sys::close_all_but(&[plan.pipe]);
                    reap(pid)
                }
                Place::Here { control } => {
                    let mut keep = [plan.pipe, *control];
                    keep.sort_unstable();
                    let _closed = sys::close_all_but(&keep);
                    reaper::watch(pid, *control)
                }
            };
            Record::Exited(exited).send(plan.pipe);
        }
        Err((stage, errno)) => Record::Failed(stage, errno).send(plan.pipe),
    }
    // With its end the kernel kills whatever is left in the namespace.
}

/// Comes back when the command's process has executed the command or has ended.
fn start_command(plan: &Plan<'_>) -> Step<i32> {
    let argument = std::ptr::from_ref(plan).cast_mut().cast();
    // SAFETY: the plan and the stack are the parent's, which waits for our end; the child is
    // out of this memory when the call comes back (CLONE_VFORK).
    unsafe {
        sys::start(
            command_main,
            argument,
            &plan.command_stack,
            libc::CLONE_VFORK,
        )
    }
    .map_err(at(Stage::Fork))
}

extern "C" fn command_main(plan: *mut c_void) -> i32 {
    // SAFETY: `start_command` passes a plan that lives until this process is gone.
    let plan = unsafe { &*plan.cast::<Plan<'_>>() };
    let (stage, errno) = command(plan);
    Record::Failed(stage, errno).send(plan.pipe);
    127
}

fn become_init(plan: &Plan<'_>, inside: &Inside<'_>) -> Step<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(at(Stage::Guard))?;
    become_first(plan, c"init")?;
    let enter = at(Stage::Enter);
    sys::set_namespace(inside.mount_ns, libc::CLONE_NEWNS).map_err(&enter)?;
    if let Some(network) = inside.network_ns {
        sys::set_namespace(network, libc::CLONE_NEWNET).map_err(&enter)?;
    }
    sys::unshare(libc::CLONE_NEWNS).map_err(&enter)?;
    rustix::system::sethostname(inside.hostname).map_err(at(Stage::Hostname))?;
    rustix::process::umask(Mode::empty());
    mounts::view(&inside.memory)
}

/// Stays when the parent dies, to end what it was to watch.
fn become_reaper(plan: &Plan<'_>) -> Step<()> {
    become_first(plan, c"goldsmith-run")?;
    let own = rustix::process::getpid();
    rustix::process::set_child_subreaper(Some(own)).map_err(at(Stage::Guard))
}

fn become_first(plan: &Plan<'_>, name: &CStr) -> Step<()> {
    sys::close_all_but(&plan.keep).map_err(at(Stage::Guard))?;
    if parent_is_gone(plan.pipe) {
        return Err((Stage::Guard, Errno::CHILD));
    }
    sys::reset_signals();
    rustix::process::setsid().map_err(at(Stage::Guard))?;
    let _named = rustix::thread::set_name(name);
    Ok(())
}

/// Whether the parent died before it was watched: then nobody can read the pipe.
fn parent_is_gone(pipe: i32) -> bool {
    let pipe = sys::borrow(&pipe);
    let mut fds = [PollFd::from_borrowed_fd(pipe, PollFlags::OUT)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let polled = rustix::event::poll(&mut fds, Some(&now));
    polled.is_ok() && fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// The command's process; comes back only with a failure.
fn command(plan: &Plan<'_>) -> (Stage, Errno) {
    match prepare(plan) {
        Ok(()) => {}
        Err(failed) => return failed,
    }
    let mut last = Errno::NOENT;
    for program in &plan.programs {
        match sys::exec(program, &plan.argv, &plan.envp) {
            Errno::NOENT | Errno::NOTDIR => {}
            errno => last = errno,
        }
    }
    (Stage::Exec, last)
}

fn prepare(plan: &Plan<'_>) -> Step<()> {
    rustix::process::setsid().map_err(at(Stage::Streams))?;
    streams(plan).map_err(at(Stage::Streams))?;
    if let Some(umask) = plan.umask {
        rustix::process::umask(Mode::from_raw_mode(umask));
    }
    let inside = match &plan.place {
        Place::Sandbox(inside) => Some(inside),
        Place::Here { .. } => None,
    };
    if let Some(inside) = inside {
        sys::fix_limits();
        for program in &inside.filters.0 {
            sys::add_filter(program).map_err(at(Stage::Filter))?;
        }
        super::caps::bound(inside.network_ns.is_some()).map_err(at(Stage::Capabilities))?;
    }
    if let Some(ids) = &plan.user {
        let user = at(Stage::User);
        rustix::thread::set_thread_groups(&ids.groups).map_err(&user)?;
        let gid = Gid::from_raw(ids.gid);
        rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(&user)?;
        let uid = Uid::from_raw(ids.uid);
        match inside {
            Some(inside) if ids.uid == 0 => {
                let own_network = inside.network_ns.is_some();
                super::caps::shed(own_network).map_err(at(Stage::Capabilities))?;
            }
            _ => rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(&user)?,
        }
    }
    rustix::process::chdir(plan.cwd.as_c_str()).map_err(at(Stage::Cwd))
}

fn streams(plan: &Plan<'_>) -> Result<(), Errno> {
    if let Some(stdin) = plan.stdin {
        sys::duplicate(stdin, 0)?;
    } else {
        let null = rustix::fs::open(c"/dev/null", OFlags::RDONLY, Mode::empty())?;
        // The lowest number is free: everything below 64 was closed.
        if null.as_raw_fd() == 0 {
            std::mem::forget(null);
        } else {
            sys::duplicate(null.as_raw_fd(), 0)?;
        }
    }
    if plan.is_terminal {
        rustix::process::ioctl_tiocsctty(sys::borrow(&0))?;
    }
    sys::duplicate(plan.stdout, 1)?;
    sys::duplicate(plan.stderr, 2)?;
    for (number, fd) in (3..).zip(&plan.extra) {
        sys::duplicate(*fd, number)?;
    }
    Ok(())
}

/// Reaps until the command has ended and gives those it left a moment to end, too.
fn reap(command: i32) -> Exited {
    let mut exited = Exited::default();
    loop {
        match sys::wait_any(true) {
            Waited::Child(pid, status, usage) if pid == command => {
                exited = Exited::new(status, &usage);
                break;
            }
            Waited::Child(..) | Waited::Running => {}
            Waited::Nobody => break,
        }
    }
    for _ in 0..LINGER_MS {
        loop {
            match sys::wait_any(false) {
                Waited::Child(..) => {}
                Waited::Running => break,
                Waited::Nobody => return exited,
            }
        }
        sys::pause(1);
    }
    let _unseen = count_left(&mut exited, &|_| true);
    sys::kill_everybody();
    exited
}

/// Counts the processes that are left, by `/proc`.
pub(super) fn count_left(exited: &mut Exited, is_one: &dyn Fn(i32) -> bool) -> Result<(), Errno> {
    let own = rustix::process::getpid().as_raw_pid();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let proc = rustix::fs::open(c"/proc", flags, Mode::empty())?;
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(proc.as_fd(), &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let Some(pid) = sys::number(name) else {
            continue;
        };
        if pid == own || !is_one(pid) {
            continue;
        }
        if let Some(slot) = exited.names.get_mut(exited.left as usize) {
            let mut path = [0; 17];
            path[..name.len()].copy_from_slice(name);
            path[name.len()..name.len() + 5].copy_from_slice(b"/comm");
            let path = CStr::from_bytes_until_nul(&path).map_err(|_| Errno::INVAL)?;
            let comm = rustix::fs::openat(&proc, path, OFlags::RDONLY, Mode::empty())?;
            let length = rustix::io::read(&comm, &mut slot[..])?;
            if let Some(end) = slot[..length].iter().position(|byte| *byte == b'\n') {
                slot[end] = 0;
            }
        }
        exited.left += 1;
    }
    Ok(())
}
