//! A command on the user's terminal: a shell to look around with.
//!
//! The command gets a terminal of its own, and what is typed and printed is carried between the
//! two: it can hang up, change or push characters into its own only.
//!
//! ```text
//! user's terminal (raw) ──► master ═ slave ──► command: its session's terminal
//!                       ◄──
//! ```

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, Termios, Winsize};

use super::report::Record;
use super::run::{Command, Running, Wires};
use super::{Sandbox, SandboxError};
use crate::child::{Status, wait};

/// How often the size of the terminal, and a cancel, are looked for.
const TICK_NS: i64 = 100_000_000;
/// What a terminal takes for the end of the input.
const END_OF_INPUT: u8 = 4;

/// The user's terminal.
#[derive(Debug, Clone, Copy)]
pub struct Terminal<'t> {
    /// Where is read what is typed.
    pub input: BorrowedFd<'t>,
    /// Where is written what the command prints.
    pub output: BorrowedFd<'t>,
}

impl Sandbox {
    /// Runs a command on a terminal to its end; gives how it ended. The command's time limit and
    /// standard input do not count.
    pub fn attach(
        &self,
        cx: &Cx,
        command: &Command<'_>,
        user: Terminal<'_>,
    ) -> Result<Status, SandboxError> {
        cx.cancel.check()?;
        let failed = |errno: Errno| SandboxError::step("make a terminal", errno);
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = rustix::pty::openpt(flags).map_err(failed)?;
        rustix::pty::unlockpt(&master).map_err(failed)?;
        let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags).map_err(failed)?;
        let raw = Raw::of(user.input).map_err(failed)?;
        rustix::termios::tcsetattr(&slave, OptionalActions::Now, &raw.before).map_err(failed)?;
        let (wires, report) = Wires::terminal(&slave)?;
        drop(slave);
        let program = || command.argv.first().cloned().unwrap_or_default();
        let carried = self.start(command, wires, |running| {
            carry(cx, running, &master, user)
                .map_err(|errno| SandboxError::step("carry the terminal", errno))
        });
        drop(raw);
        if !carried? {
            return Err(Cancelled.into());
        }
        match Record::receive(&report) {
            Some(Record::Exited(exited)) => Ok(wait::status_of(exited.status)),
            Some(Record::Failed(stage, errno)) => Err(SandboxError::stage(stage, program(), errno)),
            Some(Record::Ready) | None => Err(SandboxError::Lost {
                program: program(),
                tail: Vec::new(),
            }),
        }
    }
}

/// The user's terminal while it passes on every key. Dropped, it is as it was.
struct Raw<'t> {
    terminal: BorrowedFd<'t>,
    before: Termios,
}

impl<'t> Raw<'t> {
    fn of(terminal: BorrowedFd<'t>) -> Result<Self, Errno> {
        let before = rustix::termios::tcgetattr(terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        // What was typed already is for the command.
        rustix::termios::tcsetattr(terminal, OptionalActions::Now, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        // A terminal that has gone away needs nothing.
        let _gone = rustix::termios::tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// Carries bytes both ways until the command has ended, which gives true, or somebody cancels.
fn carry(
    cx: &Cx,
    mut running: Running,
    master: &OwnedFd,
    user: Terminal<'_>,
) -> Result<bool, Errno> {
    let watch = running.watch().map_err(|_| Errno::SRCH)?;
    let mut size: Option<Winsize> = None;
    // What is at its end is not looked at any more.
    let (mut is_input_open, mut is_output_open) = (true, true);
    let mut buffer = [0; 4096];
    let tick = Timespec {
        tv_sec: 0,
        tv_nsec: TICK_NS,
    };
    loop {
        if cx.cancel.is_cancelled() {
            return Ok(false);
        }
        // A terminal without a size keeps the one it has.
        if let Ok(now) = rustix::termios::tcgetwinsize(user.output)
            && size.is_none_or(|known| known.ws_row != now.ws_row || known.ws_col != now.ws_col)
        {
            rustix::termios::tcsetwinsize(master, now)?;
            size = Some(now);
        }
        let mut fds = vec![PollFd::from_borrowed_fd(watch.as_fd(), PollFlags::IN)];
        let mut look_at = |fd, is_open: bool| {
            is_open.then(|| fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN)))?;
            Some(fds.len() - 1)
        };
        let input = look_at(user.input, is_input_open);
        let output = look_at(master.as_fd(), is_output_open);
        match poll(&mut fds, Some(&tick)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let is_ready = |at: usize| !fds[at].revents().is_empty();
        if output.is_some_and(is_ready) {
            is_output_open = pass(master.as_fd(), user.output, &mut buffer)? > 0;
        }
        if input.is_some_and(is_ready) && pass(user.input, master.as_fd(), &mut buffer)? == 0 {
            is_input_open = false;
            write_all(master.as_fd(), &[END_OF_INPUT])?;
        }
        if is_ready(0) {
            running.reap().map_err(|_| Errno::CHILD)?;
            while pass(master.as_fd(), user.output, &mut buffer)? > 0 {}
            return Ok(true);
        }
    }
}

/// Carries what is there; gives how much that was. A terminal that nobody has open any more is at
/// its end.
fn pass(from: BorrowedFd<'_>, to: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize, Errno> {
    match rustix::io::read(from, &mut *buffer) {
        Ok(length) => write_all(to, &buffer[..length]).map(|()| length),
        Err(Errno::IO) => Ok(0),
        Err(errno) => Err(errno),
    }
}

fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(length) => bytes = &bytes[length..],
            // The command has ended, and with it the terminal.
            Err(Errno::IO) => return Ok(()),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
