//! Starting, waiting for and ending processes: the calls the standard library lacks.
#![expect(
    unsafe_code,
    reason = "wait4 for the resources used; a hook between fork and exec for the death signal"
)]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use rustix::fs::MemfdFlags;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::Status;

/// What a process is started from.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a OsStr,
    pub(crate) args: &'a [OsString],
    pub(crate) env: &'a BTreeMap<OsString, OsString>,
    pub(crate) cwd: &'a Path,
    pub(crate) stdin: &'a [u8],
}

/// A process that runs, with the read ends of its outputs.
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) pidfd: OwnedFd,
    pub(crate) streams: [OwnedFd; 2],
}

/// What a process came to.
pub(crate) struct Usage {
    pub(crate) status: Status,
    pub(crate) cpu: Duration,
    pub(crate) max_rss_bytes: u64,
}

fn command(start: &Start<'_>) -> io::Result<Command> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that starts programs"
    )]
    let mut command = Command::new(start.program);
    command
        .args(start.args)
        .env_clear()
        .envs(start.env)
        .current_dir(start.cwd)
        .stdin(match input(start.stdin)? {
            Some(file) => Stdio::from(file),
            None => Stdio::null(),
        });
    Ok(command)
}

/// Starts a program that goes on when this one, its session and its terminal have ended.
pub(crate) fn spawn_detached(start: &Start<'_>, output: &File) -> io::Result<u32> {
    let mut command = command(start)?;
    command
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?);
    // SAFETY: the hook makes one system call and touches no memory of its own.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            Ok(())
        });
    }
    Ok(command.spawn()?.id())
}

pub(crate) fn spawn(start: &Start<'_>) -> io::Result<Process> {
    let mut command = command(start)?;
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    // SAFETY: the hook makes one system call and touches no memory of its own.
    unsafe {
        command.pre_exec(|| {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    let pid = Pid::from_child(&child);
    let streams = [
        OwnedFd::from(child.stdout.take().expect("standard output is a pipe")),
        OwnedFd::from(child.stderr.take().expect("standard error is a pipe")),
    ];
    let pidfd = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(error) => {
            child.kill()?;
            child.wait()?;
            return Err(error.into());
        }
    };
    Ok(Process {
        pid,
        pidfd,
        streams,
    })
}

/// Bytes for a standard input, in a file that has no name; `None` for no bytes.
pub(crate) fn input(bytes: &[u8]) -> io::Result<Option<File>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut file = File::from(rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(Some(file))
}

/// Waits for the end of a child of this process.
pub(crate) fn reap(pid: Pid) -> io::Result<Usage> {
    let mut status = 0;
    // SAFETY: `rusage` is plain numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live values of the types wait4 writes.
        let found = unsafe { libc::wait4(pid.as_raw_pid(), &raw mut status, 0, &raw mut usage) };
        if found >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(Usage {
        status: status_of(status),
        cpu: time_of(usage.ru_utime) + time_of(usage.ru_stime),
        max_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
    })
}

/// Reads the number that wait4 gives.
pub(crate) fn status_of(raw: i32) -> Status {
    let status = ExitStatus::from_raw(raw);
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Code(code),
        (None, signal) => Status::Signal(signal.unwrap_or(0)),
    }
}

fn time_of(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

/// Memory of this process, which a child has too between fork and exec.
pub(crate) fn own_rss_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok())
        .map_or(0, |pages| pages * rustix::param::page_size() as u64)
}

/// Asks a group to end, then ends it; returns when its leader has ended.
pub(crate) fn end_group(cx: &Cx, leader: Pid, pidfd: BorrowedFd<'_>, grace: Duration) {
    // The leader is not reaped yet: its number cannot mean another process.
    let _gone = rustix::process::kill_process_group(leader, Signal::TERM);
    let deadline = cx.clock().monotonic() + grace;
    let mut fds = [rustix::event::PollFd::from_borrowed_fd(
        pidfd,
        rustix::event::PollFlags::IN,
    )];
    let tick = rustix::event::Timespec {
        tv_sec: 0,
        tv_nsec: 20_000_000,
    };
    while cx.clock().monotonic() < deadline {
        if rustix::event::poll(&mut fds, Some(&tick)) == Ok(1) {
            break;
        }
    }
    kill_group(leader);
}

/// Kills whoever is left of a group.
pub(crate) fn kill_group(leader: Pid) {
    let _gone = rustix::process::kill_process_group(leader, Signal::KILL);
}
