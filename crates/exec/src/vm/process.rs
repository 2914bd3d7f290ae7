//! The QEMU process: started so that it cannot outlive this program, reaped by a
//! thread of its own so that nobody has to poll for its end.
//!
//! The kernel kills a child with `PR_SET_PDEATHSIG` when the *thread* that made it
//! ends; therefore the thread that starts QEMU stays until QEMU is gone, and a
//! [`Process`] may be moved between threads.
#![expect(
    unsafe_code,
    reason = "the child sets its death signal and keeps descriptors between fork and exec"
)]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

/// How a process ended, as `waitpid` tells it.
pub(super) type Exit = std::process::ExitStatus;

/// A running process, killed and reaped when dropped.
#[derive(Debug)]
pub(super) struct Process {
    /// `None` once it was reaped: its number may belong to somebody else then.
    alive: Arc<Mutex<Option<Pid>>>,
    keeper: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `program` in the directory `cwd` with an empty environment. The
    /// descriptors keep their numbers in the child, so that arguments can name them.
    /// `ended` is called once, from another thread.
    pub(super) fn start(
        program: &Path,
        args: &[String],
        cwd: &Path,
        stderr: File,
        kept: Vec<OwnedFd>,
        ended: impl FnOnce(Exit) + Send + 'static,
    ) -> io::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "crates/exec is where processes are started"
        )]
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(cwd)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .process_group(0);
        let parent = rustix::process::getpid();
        let prepare = move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            if rustix::process::getppid() != Some(parent) {
                return Err(io::Error::other("the parent is gone"));
            }
            for fd in &kept {
                rustix::io::fcntl_setfd(fd.as_fd(), rustix::io::FdFlags::empty())?;
            }
            Ok(())
        };
        // SAFETY: `prepare` makes system calls only: no allocation, no lock.
        unsafe { command.pre_exec(prepare) };

        let alive = Arc::new(Mutex::new(None));
        let (started, start) = mpsc::sync_channel(1);
        let keeper = std::thread::Builder::new()
            .name("vm keeper".to_owned())
            .spawn({
                let alive = Arc::clone(&alive);
                move || keep(command, &alive, &started, ended)
            })?;
        start
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("the keeper thread ended")))?;
        Ok(Self {
            alive,
            keeper: Some(keeper),
        })
    }

    /// The number of the process while it lives.
    pub(super) fn id(&self) -> Option<u32> {
        let alive = self.alive.lock().expect("no panic while held");
        alive.map(|pid| pid.as_raw_nonzero().get().cast_unsigned())
    }

    /// Kills it and everything in its process group, now.
    pub(super) fn kill(&self) {
        let alive = self.alive.lock().expect("no panic while held");
        if let Some(pid) = *alive {
            // It may have ended by itself a moment ago, which is as good.
            rustix::process::kill_process_group(pid, Signal::KILL).ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if let Some(keeper) = self.keeper.take() {
            keeper.join().ok();
        }
    }
}

/// The life of the keeper thread: start, wait, reap, tell.
fn keep(
    mut command: Command,
    alive: &Mutex<Option<Pid>>,
    started: &SyncSender<io::Result<()>>,
    ended: impl FnOnce(Exit),
) {
    let spawned = command.spawn();
    // The command holds the child's ends of the channels: as long as they are open
    // here, the end of the child would not be seen as the end of a channel.
    drop(command);
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            started.send(Err(error)).ok();
            return;
        }
    };
    let pid = Pid::from_child(&child);
    *alive.lock().expect("no panic while held") = Some(pid);
    started.send(Ok(())).ok();
    ended(reap(&mut child, pid, alive));
}

/// Waits for the end, then forgets the number and reaps in one step, so that
/// [`Process::kill`] never meets a number that was given to somebody else.
fn reap(child: &mut Child, pid: Pid, alive: &Mutex<Option<Pid>>) -> Exit {
    loop {
        let waited = rustix::process::waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        );
        if !matches!(waited, Err(rustix::io::Errno::INTR)) {
            break;
        }
    }
    let mut alive = alive.lock().expect("no panic while held");
    *alive = None;
    child
        .wait()
        .unwrap_or_else(|_| Exit::from_raw(Signal::KILL.as_raw()))
}
