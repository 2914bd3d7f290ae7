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
use rustix::process::{Pid, PidfdFlags, Signal};
use rustix::thread::Gid;

use super::init::{self, Plan};
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

/// Who a command runs as, by the numbers of the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
}

/// A command to run in a sandbox.
#[derive(Debug)]
pub struct Command<'a> {
    /// Program and arguments. A program without `/` is searched by `PATH` in the tree.
    pub argv: Vec<String>,
    /// Added to, and stronger than, the fixed environment.
    pub env: BTreeMap<String, String>,
    /// Directory in the tree.
    pub cwd: PathBuf,
    /// What it reads from its standard input; empty: `/dev/null`.
    pub stdin: Vec<u8>,
    /// The longest it may run.
    pub timeout: Option<Duration>,
    /// Its umask.
    pub umask: u32,
    /// Who it runs as.
    pub user: User,
    /// Descriptors it gets as 3, 4, ...
    pub extra_fds: Vec<BorrowedFd<'a>>,
}

impl Command<'_> {
    /// A command with the usual umask 022, as root, in `/`.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            cwd: PathBuf::from("/"),
            stdin: Vec::new(),
            timeout: None,
            umask: 0o022,
            user: User::default(),
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
        cx.cancel.check()?;
        let program = command.argv.first().cloned().unwrap_or_default();
        let (wires, report, outputs) = wires(command)?;
        let started = cx.clock().monotonic();
        let own_rss = wait::own_rss_bytes();
        let deadline = command.timeout.map(|timeout| started + timeout);
        let (ended, tail) = self.start(command, wires, |running| {
            supervise(cx, running, outputs, deadline, on_line)
        })?;
        match ended {
            Ended::Exited => {}
            Ended::Cancelled => {
                return Err(SandboxError::Cancelled(goldsmith_core::failure::Cancelled));
            }
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

    /// Starts a command and lets `watch` see it to its end.
    pub(super) fn start<T>(
        &self,
        command: &Command<'_>,
        wires: Wires,
        watch: impl FnOnce(Running) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        let plan = self.plan(command, &wires)?;
        let flags = libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
        let stack = Stack::new().map_err(|errno| SandboxError::step("make a stack", errno))?;
        let argument = (&raw const plan).cast_mut().cast();
        // SAFETY: plan and stack live to the end of this function, and `Running` sees the child's
        // end before, also when `watch` panics.
        let pid = unsafe { sys::start(init_main, argument, &stack, flags) }
            .map_err(|errno| SandboxError::step("make namespaces", errno))?;
        let running = Running(Some(Pid::from_raw(pid).expect("a child has a number")));
        drop(wires);
        watch(running)
    }

    fn plan<'a>(&'a self, command: &Command<'_>, wires: &Wires) -> Result<Plan<'a>, SandboxError> {
        let mut env = environment(self.epoch);
        env.extend(command.env.clone());
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
        let memory = self.tmpfs.iter().enumerate().map(|(index, path)| {
            let path = path.to_string_lossy();
            Ok((
                c_string(&format!("/tmp/{index}"))?,
                c_string(&format!("/tree{path}"))?,
            ))
        });
        let mount_ns = self.mount_ns.as_raw_fd();
        let network_ns = self.network_ns.as_ref().map(AsRawFd::as_raw_fd);
        let mut keep: Vec<i32> = wires.held.iter().map(AsRawFd::as_raw_fd).collect();
        keep.push(mount_ns);
        keep.extend(network_ns);
        keep.sort_unstable();
        Ok(Plan {
            pipe: wires.pipe,
            stdin: wires.stdin,
            stdout: wires.streams[0],
            stderr: wires.streams[1],
            is_terminal: wires.is_terminal,
            extra: wires.extra.clone(),
            mount_ns,
            network_ns,
            keep,
            hostname: self.hostname.as_bytes(),
            memory: memory.collect::<Result<_, SandboxError>>()?,
            programs,
            argv: Strings::new(argv.collect::<Result<_, _>>()?),
            envp: Strings::new(envp.collect::<Result<_, _>>()?),
            cwd: c_string(&command.cwd.to_string_lossy())?,
            umask: command.umask,
            uid: command.user.uid,
            gid: command.user.gid,
            groups: command
                .user
                .groups
                .iter()
                .map(|gid| Gid::from_raw(*gid))
                .collect(),
            filters: &self.filters,
            command_stack: Stack::new()
                .map_err(|errno| SandboxError::step("make a stack", errno))?,
        })
    }
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

/// Pid 1 of a run: killed and reaped at the latest when this is dropped, before what it
/// works on.
pub(super) struct Running(Option<Pid>);

impl Running {
    /// Readable once it has ended.
    pub(super) fn watch(&self) -> Result<OwnedFd, SandboxError> {
        let pid = self.0.expect("it was just started");
        rustix::process::pidfd_open(pid, PidfdFlags::empty())
            .map_err(|error| SandboxError::step("watch the command", error))
    }

    pub(super) fn kill(&self) {
        if let Some(pid) = self.0 {
            // Not reaped yet: the number cannot mean another process.
            let _gone = rustix::process::kill_process(pid, Signal::KILL);
        }
    }

    pub(super) fn reap(&mut self) -> std::io::Result<()> {
        match self.0.take() {
            Some(pid) => wait::reap(pid).map(drop),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
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
        running.kill();
    }
    running.reap().map_err(watch)?;
    output.drain().map_err(watch)?;
    Ok((ended, output.finish()))
}
