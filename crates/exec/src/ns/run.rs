//! Running one command in a sandbox: the parent's side.
#![expect(unsafe_code, reason = "pid 1 of a run starts in this program's memory")]

use std::collections::BTreeMap;
use std::ffi::{CString, c_void};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::failure::Cancelled;
use rustix::process::{Pid, PidfdFlags, Signal};
use rustix::thread::Gid;

use super::init::{self, Ids, Inside, Place, Plan};
use super::report::Record;
use super::sys::{self, Stack, Strings};
use super::{Sandbox, SandboxError};
use crate::child::output::{Ended, Output, pump};
use crate::child::{Exit, wait};

/// Where programs without a `/` are searched.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Descriptors the command gets are copied from numbers from here on, so that putting one
/// in its place never closes another.
const FD_MIN: i32 = 64;

/// Who a command runs as, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
}

/// A command to run in a sandbox, or on this computer.
#[derive(Debug)]
pub struct Command<'a> {
    /// Program and arguments. A program without `/` is searched by `PATH` in the tree.
    pub argv: Vec<String>,
    /// Added to, and stronger than, the fixed environment of a sandbox. On this computer it is
    /// all there is.
    pub env: BTreeMap<String, String>,
    /// Directory it starts in.
    pub cwd: PathBuf,
    /// What it reads from its standard input; empty: `/dev/null`.
    pub stdin: Vec<u8>,
    /// The longest it may run.
    pub timeout: Option<Duration>,
    /// Its umask; `None` is 022 in a sandbox, and that of this program on this computer.
    pub umask: Option<u32>,
    /// Who it runs as; `None` is root in a sandbox, and who this program is on this computer.
    pub user: Option<User>,
    /// Descriptors it gets as 3, 4, ...
    pub extra_fds: Vec<BorrowedFd<'a>>,
}

impl Command<'_> {
    /// A command in `/`, with nothing said of its environment, umask and user.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            cwd: PathBuf::from("/"),
            stdin: Vec::new(),
            timeout: None,
            umask: None,
            user: None,
            extra_fds: Vec::new(),
        }
    }
}

/// The environment of every command: nothing of the host, and what makes tools write the
/// same bytes every time.
fn environment(epoch: i64) -> BTreeMap<String, String> {
    let epoch = epoch.to_string();
    [
        ("PATH", PATH),
        ("HOME", "/root"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
        ("SOURCE_DATE_EPOCH", &epoch),
        ("PERL_HASH_SEED", "0"),
        ("PERL_PERTURB_KEYS", "0"),
        ("PYTHONHASHSEED", "0"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// Descriptors of one run, as the command gets them.
#[derive(Default)]
pub(super) struct Wires {
    /// Kept open until the fork; their numbers are in the plan.
    held: Vec<OwnedFd>,
    pipe: i32,
    stdin: Option<i32>,
    streams: [i32; 2],
    extra: Vec<i32>,
    is_terminal: bool,
}

impl Wires {
    /// Holds a copy, so that the number stays; gives it.
    fn hold(&mut self, fd: impl AsFd) -> Result<i32, SandboxError> {
        let copy = rustix::io::fcntl_dupfd_cloexec(fd, FD_MIN)
            .map_err(|error| SandboxError::step("copy a descriptor", error))?;
        let number = copy.as_raw_fd();
        self.held.push(copy);
        Ok(number)
    }

    /// Every stream is this terminal. The other end of the report is given as well.
    pub(super) fn terminal(terminal: impl AsFd) -> Result<(Self, OwnedFd), SandboxError> {
        let mut wires = Self::default();
        let (report, report_in) = pipe()?;
        wires.pipe = wires.hold(report_in)?;
        let terminal = wires.hold(terminal)?;
        wires.stdin = Some(terminal);
        wires.streams = [terminal; 2];
        wires.is_terminal = true;
        Ok((wires, report))
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|error| SandboxError::step("make a pipe", error))
}

/// Namespaces that a command of a sandbox has for itself.
const NAMESPACES: libc::c_int = libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;

impl Sandbox {
    /// Runs a command to its end, whatever its exit status, and kills what it left behind.
    ///
    /// Blocks the calling thread; the command does not outlive it. Runs of one sandbox may
    /// overlap in time.
    pub fn run(
        &self,
        cx: &Cx,
        command: &Command<'_>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, SandboxError> {
        run(cx, self.start_of(command)?, NAMESPACES, None, on_line)
    }

    /// Starts a command and lets `watch` see it to its end.
    pub(super) fn start<T>(
        &self,
        command: &Command<'_>,
        wires: Wires,
        watch: impl FnOnce(Running) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        start(self.start_of(command)?, wires, NAMESPACES, None, watch)
    }

    fn start_of<'a>(&'a self, command: &'a Command<'_>) -> Result<Start<'a>, SandboxError> {
        let mut env = environment(self.epoch);
        env.extend(command.env.clone());
        let network_ns = self.network_ns.as_ref().map(AsRawFd::as_raw_fd);
        let mount_ns = self.mount_ns.as_raw_fd();
        let memory = self.tmpfs.iter().enumerate().map(|(index, path)| {
            let path = path.to_string_lossy();
            Ok((
                c_string(&format!("/tmp/{index}"))?,
                c_string(&format!("/tree{path}"))?,
            ))
        });
        let place = Place::Sandbox(Inside {
            mount_ns,
            network_ns,
            hostname: self.hostname.as_bytes(),
            memory: memory.collect::<Result<_, SandboxError>>()?,
            filters: &self.filters,
        });
        Ok(Start {
            command,
            env,
            place,
            held: network_ns.into_iter().chain([mount_ns]).collect(),
            umask: command.umask.or(Some(0o022)),
            user: Some(command.user.clone().unwrap_or_default()),
        })
    }
}

/// Runs a command of this computer to its end, whatever its exit status.
///
/// When it ends, what it left in its process group is killed. At its deadline, when somebody
/// asks to stop, and when this program dies, everything that it has started is killed, what
/// went into a group or session of its own, too, as far as the kernel tells of it.
pub fn run_here(
    cx: &Cx,
    command: &Command<'_>,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<Exit, SandboxError> {
    let (theirs, ours) = pipe()?;
    let theirs = rustix::io::fcntl_dupfd_cloexec(&theirs, FD_MIN)
        .map_err(|error| SandboxError::step("copy a descriptor", error))?;
    let control = theirs.as_raw_fd();
    let start = Start {
        command,
        env: command.env.clone(),
        place: Place::Here { control },
        held: vec![control],
        umask: command.umask,
        user: command.user.clone(),
    };
    run(cx, start, 0, Some(ours), on_line)
}

/// What a run begins with.
struct Start<'a> {
    command: &'a Command<'a>,
    env: BTreeMap<String, String>,
    place: Place<'a>,
    /// Descriptors of the place.
    held: Vec<i32>,
    umask: Option<u32>,
    user: Option<User>,
}

fn run(
    cx: &Cx,
    begin: Start<'_>,
    flags: libc::c_int,
    control: Option<OwnedFd>,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<Exit, SandboxError> {
    cx.cancel.check()?;
    let command = begin.command;
    let program = command.argv.first().cloned().unwrap_or_default();
    let (wires, report, outputs) = wires(command)?;
    let started = cx.clock().monotonic();
    let own_rss = wait::own_rss_bytes();
    let deadline = command.timeout.map(|timeout| started + timeout);
    let (ended, tail) = start(begin, wires, flags, control, |running| {
        supervise(cx, running, outputs, deadline, on_line)
    })?;
    match ended {
        Ended::Exited => {}
        Ended::Cancelled => return Err(SandboxError::Cancelled(Cancelled)),
        Ended::TimedOut => {
            return Err(SandboxError::TimedOut {
                program,
                timeout: command.timeout.unwrap_or_default(),
                tail,
            });
        }
    }
    match Record::receive(&report) {
        Some(Record::Exited(exited)) => Ok(Exit {
            status: wait::status_of(exited.status),
            duration: cx.clock().monotonic().saturating_sub(started),
            cpu: Duration::from_micros(exited.cpu_us),
            max_rss_bytes: Some(exited.rss_kib * 1024).filter(|bytes| *bytes > own_rss),
            tail,
            left_behind: exited.left_behind(),
        }),
        Some(Record::Failed(stage, errno)) => Err(SandboxError::stage(stage, program, errno)),
        Some(Record::Ready) | None => Err(SandboxError::Lost { program, tail }),
    }
}

/// Starts a command and lets `watch` see it to its end. `control` is open as long as a command of
/// this computer may go on.
fn start<T>(
    begin: Start<'_>,
    wires: Wires,
    flags: libc::c_int,
    control: Option<OwnedFd>,
    watch: impl FnOnce(Running) -> Result<T, SandboxError>,
) -> Result<T, SandboxError> {
    let plan = plan(begin, &wires)?;
    let stack = Stack::new().map_err(|errno| SandboxError::step("make a stack", errno))?;
    let argument = (&raw const plan).cast_mut().cast();
    // SAFETY: plan and stack live to the end of this function, and `Running` sees the child's end
    // before, also when `watch` panics.
    let pid = unsafe { sys::start(init_main, argument, &stack, flags) }
        .map_err(|errno| SandboxError::step("start a process", errno))?;
    let running = Running {
        pid: Some(Pid::from_raw(pid).expect("a child has a number")),
        control,
    };
    drop(wires);
    watch(running)
}

fn plan<'a>(start: Start<'a>, wires: &Wires) -> Result<Plan<'a>, SandboxError> {
    let Start { command, env, .. } = start;
    let path = env.get("PATH").map_or(PATH, String::as_str);
    let program = command.argv.first().map_or("", String::as_str);
    let programs = if program.contains('/') {
        vec![c_string(program)?]
    } else {
        path.split(':')
            .map(|directory| c_string(&format!("{directory}/{program}")))
            .collect::<Result<_, _>>()?
    };
    let argv = command.argv.iter().map(|arg| c_string(arg));
    let envp = env
        .iter()
        .map(|(name, value)| c_string(&format!("{name}={value}")));
    let mut keep: Vec<i32> = wires.held.iter().map(AsRawFd::as_raw_fd).collect();
    keep.extend(start.held);
    keep.sort_unstable();
    Ok(Plan {
        pipe: wires.pipe,
        stdin: wires.stdin,
        stdout: wires.streams[0],
        stderr: wires.streams[1],
        is_terminal: wires.is_terminal,
        extra: wires.extra.clone(),
        place: start.place,
        keep,
        programs,
        argv: Strings::new(argv.collect::<Result<_, _>>()?),
        envp: Strings::new(envp.collect::<Result<_, _>>()?),
        cwd: c_string(&command.cwd.to_string_lossy())?,
        umask: start.umask,
        user: start.user.map(|user| Ids {
            uid: user.uid,
            gid: user.gid,
            groups: user.groups.iter().map(|gid| Gid::from_raw(*gid)).collect(),
        }),
        command_stack: Stack::new().map_err(|errno| SandboxError::step("make a stack", errno))?,
    })
}

fn c_string(text: &str) -> Result<CString, SandboxError> {
    CString::new(text).map_err(|error| SandboxError::Step {
        step: "start the command",
        of: Some(text.replace('\0', "\\0")),
        source: error.into(),
    })
}

/// The command's ends of the pipes; then ours, of the report and of its outputs.
fn wires(command: &Command<'_>) -> Result<(Wires, OwnedFd, [OwnedFd; 2]), SandboxError> {
    let mut wires = Wires::default();
    let (report, report_in) = pipe()?;
    let (stdout, stdout_in) = pipe()?;
    let (stderr, stderr_in) = pipe()?;
    let stdin: Option<File> = wait::input(&command.stdin)
        .map_err(|error| SandboxError::step("prepare the standard input", error))?;
    wires.pipe = wires.hold(report_in)?;
    wires.streams = [wires.hold(stdout_in)?, wires.hold(stderr_in)?];
    wires.stdin = stdin.map(|file| wires.hold(file)).transpose()?;
    for fd in &command.extra_fds {
        let number = wires.hold(fd)?;
        wires.extra.push(number);
    }
    Ok((wires, report, [stdout, stderr]))
}

extern "C" fn init_main(plan: *mut c_void) -> libc::c_int {
    // SAFETY: `run` passes a plan that lives until this process is gone.
    init::run(unsafe { &*plan.cast::<Plan<'_>>() });
    0
}

/// The first process of a run: ended and reaped at the latest when this is dropped, before
/// what it works on.
pub(super) struct Running {
    pid: Option<Pid>,
    /// Open as long as a run on this computer may go on.
    control: Option<OwnedFd>,
}

impl Running {
    /// Readable once it has ended.
    pub(super) fn watch(&self) -> Result<OwnedFd, SandboxError> {
        let pid = self.pid.expect("it was just started");
        rustix::process::pidfd_open(pid, PidfdFlags::empty())
            .map_err(|error| SandboxError::step("watch the command", error))
    }

    fn end(&mut self) {
        // It kills what it watches, and ends.
        if self.control.take().is_none()
            && let Some(pid) = self.pid
        {
            // Not reaped yet: the number cannot mean another process.
            let _gone = rustix::process::kill_process(pid, Signal::KILL);
        }
    }

    pub(super) fn reap(&mut self) -> std::io::Result<()> {
        match self.pid.take() {
            Some(pid) => wait::reap(pid).map(drop),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        let _reaped = self.reap();
    }
}

/// Follows the run to its end; after it, no process of it is left.
fn supervise(
    cx: &Cx,
    mut running: Running,
    outputs: [OwnedFd; 2],
    deadline: Option<Duration>,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<(Ended, Vec<String>), SandboxError> {
    let watch = |error: std::io::Error| SandboxError::step("watch the command", error);
    let pidfd = running.watch()?;
    let mut output = Output::new(outputs, on_line).map_err(watch)?;
    let ended = pump(cx, &mut output, pidfd.as_fd(), deadline).map_err(watch)?;
    if ended != Ended::Exited {
        running.end();
    }
    running.reap().map_err(watch)?;
    output.drain().map_err(watch)?;
    Ok((ended, output.finish()))
}
