//! The first process of a run on this computer itself. No namespace ends with it: it finds
//! what the command has started because orphans become its children. Only system calls in
//! here, as in [`super::init`].
//!
//! ```text
//! the command ends     what is left of its group is killed and told; what went into a session
//!                      of its own is a daemon and stays, as a child of the system's pid 1
//! the control closes   (a deadline, a cancel, the end of the program that asked) SIGTERM to
//!                      the group, then SIGKILL to all there is, daemons included
//! ```

use std::cell::Cell;
use std::os::fd::AsFd as _;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags};

use super::init::{LINGER_MS, count_left};
use super::report::Exited;
use super::sys::{self, Waited};

/// How long a group may take to follow SIGTERM before SIGKILL.
const GRACE_MS: u32 = 2_000;
/// How long those that were killed may take to go: a disk may keep them.
const GONE_MS: u32 = 10_000;

/// Watches the command to its end, and ends what must end with it.
pub(super) fn watch(command: i32, control: i32) -> Exited {
    let mut exited = None;
    // Orphans that have ended are reaped every now and then.
    let second = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    let pidfd = Pid::from_raw(command)
        .and_then(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok());
    while exited.is_none() {
        let is_over = {
            let control = sys::borrow(&control);
            let command = pidfd.as_ref().map_or(control, |pidfd| pidfd.as_fd());
            let mut fds = [
                PollFd::from_borrowed_fd(control, PollFlags::IN),
                PollFd::from_borrowed_fd(command, PollFlags::IN),
            ];
            let _polled = poll(&mut fds, Some(&second));
            !fds[0].revents().is_empty()
        };
        if is_over {
            return end_all(command);
        }
        if reap(command, &mut exited) {
            break;
        }
    }
    let mut exited = exited.unwrap_or_default();
    end_group(command, &mut exited);
    exited
}

/// Reaps who has ended; whether there is nobody left to wait for.
fn reap(command: i32, exited: &mut Option<Exited>) -> bool {
    loop {
        match sys::wait_any(false) {
            Waited::Child(pid, status, usage) => {
                if pid == command {
                    *exited = Some(Exited::new(status, &usage));
                }
            }
            Waited::Running => return false,
            Waited::Nobody => return true,
        }
    }
}

/// Gives the group of a command that has ended a moment, then kills it.
fn end_group(command: i32, exited: &mut Exited) {
    let is_gone = || {
        reap(command, &mut None);
        !sys::signal(-command, 0)
    };
    if wait(LINGER_MS, &is_gone) {
        return;
    }
    let _unseen = count_left(exited, &|pid| sys::group_of(pid) == Some(command));
    sys::signal(-command, libc::SIGKILL);
    wait(GONE_MS, &is_gone);
}

/// Ends the command and everything it has started.
fn end_all(command: i32) -> Exited {
    sys::signal(-command, libc::SIGTERM);
    let has_ended = || {
        let mut exited = None;
        reap(command, &mut exited) || exited.is_some()
    };
    wait(GRACE_MS, &has_ended);
    // A group that is gone leaves its number to others.
    let is_there = Cell::new(true);
    wait(GONE_MS, &|| {
        is_there.set(is_there.get() && sys::signal(-command, libc::SIGKILL));
        kill_children();
        // Whose parent was killed is a child by now.
        reap(command, &mut None)
    });
    Exited::default()
}

/// Tries every millisecond, for so many; whether it came about.
fn wait(milliseconds: u32, is_done: &dyn Fn() -> bool) -> bool {
    for _ in 0..milliseconds {
        if is_done() {
            return true;
        }
        sys::pause(1);
    }
    false
}

/// Kills the children of this process. A kernel that does not tell them leaves what is in
/// another group alive.
fn kill_children() {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(children) = rustix::fs::open(c"/proc/thread-self/children", flags, Mode::empty()) else {
        return;
    };
    let mut buffer = [0; 4096];
    let Ok(length) = rustix::io::read(&children, &mut buffer) else {
        return;
    };
    // Each number ends in a space: what the buffer cuts off is another process's.
    let end = buffer[..length].iter().rposition(|byte| *byte == b' ');
    for digits in buffer[..end.unwrap_or(0)].split(|byte| *byte == b' ') {
        if let Some(child) = sys::number(digits) {
            sys::signal(child, libc::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use goldsmith_core::cx::Cx;
    use goldsmith_core::event::Stream;

    use crate::child::tests::cx;
    use crate::child::{Exit, Status};
    use crate::ns::{Command, SandboxError, User, run_here};

    fn bash(text: &str) -> Command<'static> {
        let mut command = Command::new(["bash", "-c", text]);
        let path = "/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
        command.env.insert("PATH".to_owned(), path);
        command
    }

    /// How it ended, and its standard output.
    fn run(cx: &Cx, command: &Command<'_>) -> (Result<Exit, SandboxError>, Vec<String>) {
        let mut lines = Vec::new();
        let ended = run_here(cx, command, &mut |stream, line| {
            if stream == Stream::Stdout {
                lines.push(line.to_owned());
            }
        });
        (ended, lines)
    }

    fn is_running(pid: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    }

    /// A child, one in a session of its own, and an orphan in one; none follows SIGTERM.
    const ESCAPES: &str = "trap '' TERM
        sleep 600 & echo $!
        setsid sleep 600 & echo $!
        (setsid bash -c 'echo $$; exec sleep 600' &)
        while true; do sleep 1; done";

    #[test]
    fn a_timeout_ends_what_escaped() {
        let mut command = bash(ESCAPES);
        command.timeout = Some(Duration::from_secs(2));
        let (ended, pids) = run(&cx(), &command);
        assert!(
            matches!(ended, Err(SandboxError::TimedOut { .. })),
            "{ended:?}"
        );
        assert_eq!(pids.len(), 3);
        assert!(!pids.iter().any(|pid| is_running(pid)), "{pids:?}");
    }

    #[test]
    fn a_cancel_ends_what_escaped() {
        let cx = cx();
        let mut pids = Vec::new();
        let ended = run_here(&cx, &bash(ESCAPES), &mut |_, line| {
            pids.push(line.to_owned());
            if pids.len() == 3 {
                cx.cancel.cancel();
            }
        });
        assert!(
            matches!(ended, Err(SandboxError::Cancelled(_))),
            "{ended:?}"
        );
        assert!(!pids.iter().any(|pid| is_running(pid)), "{pids:?}");
    }

    #[test]
    fn a_deadline_lets_the_group_end_by_itself() {
        let mut command = bash("trap 'echo ended; exit' TERM; while true; do sleep 0.1; done");
        command.timeout = Some(Duration::from_millis(300));
        let (ended, lines) = run(&cx(), &command);
        assert!(
            matches!(ended, Err(SandboxError::TimedOut { .. })),
            "{ended:?}"
        );
        assert_eq!(lines, ["ended"]);
    }

    #[test]
    fn what_is_left_is_killed_and_a_daemon_stays() {
        let text = "sleep 600 & echo $!; setsid -f bash -c 'echo $$; exec sleep 600'; sleep 1";
        let (ended, pids) = run(&cx(), &bash(text));
        let ended = ended.unwrap();
        assert_eq!(
            (ended.status, ended.left_behind),
            (Status::Code(0), vec!["sleep".to_owned()])
        );
        assert!(!is_running(&pids[0]));
        assert!(is_running(&pids[1]));
        let daemon = rustix::process::Pid::from_raw(pids[1].parse().unwrap()).unwrap();
        rustix::process::kill_process(daemon, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn what_ends_in_time_is_no_leftover() {
        let text = "exec > >(sed s/a/b/); echo a";
        let (ended, lines) = run(&cx(), &bash(text));
        assert_eq!(ended.unwrap().left_behind, Vec::<String>::new());
        assert_eq!(lines, ["b"]);
    }

    #[test]
    fn nothing_is_added_and_everything_can_be_said() {
        let (ended, lines) = run(&cx(), &bash("export -p; umask; exit 7"));
        assert_eq!(ended.unwrap().status, Status::Code(7));
        let own = rustix::process::umask(rustix::fs::Mode::empty());
        rustix::process::umask(own);
        let expected = [
            "declare -x OLDPWD",
            "declare -x PATH=\"/usr/sbin:/usr/bin:/sbin:/bin\"",
            "declare -x PWD=\"/\"",
            "declare -x SHLVL=\"1\"",
            &format!("{:04o}", own.bits()),
        ];
        assert_eq!(lines, expected);
        let mut command = bash("id -u; id -G; pwd; umask; cat");
        command.user = Some(User {
            uid: 4242,
            gid: 4243,
            groups: vec![4243, 4244],
        });
        command.cwd = "/usr".into();
        command.umask = Some(0o077);
        command.stdin = b"in\n".to_vec();
        let (ended, lines) = run(&cx(), &command);
        assert!(ended.unwrap().status.is_success());
        assert_eq!(lines, ["4242", "4243 4244", "/usr", "0077", "in"]);
        assert_eq!(
            run(&cx(), &bash("kill -9 $$")).0.unwrap().status,
            Status::Signal(9)
        );
        let (missing, _) = run(&cx(), &Command::new(["no-such-program"]));
        assert!(
            matches!(missing, Err(SandboxError::Start { .. })),
            "{missing:?}"
        );
        command.cwd = "/none".into();
        let (nowhere, _) = run(&cx(), &command);
        assert!(nowhere.is_err());
    }
}
