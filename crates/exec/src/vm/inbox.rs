//! Everything a running machine tells us comes through one queue: replies and events
//! of QMP, bytes of the guest's ports, alarms of the console, the end of the process.
//! Whoever waits, waits here; so the death of the machine and a cancel end every wait.

use std::collections::VecDeque;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use serde_json::Value;

use super::process::Exit;
use super::{VmError, qmp};

/// One thing the machine told us.
#[derive(Debug)]
pub(super) enum Signal {
    /// A line of QMP.
    Qmp(Value),
    /// The console showed one of the texts it was told to look for.
    Alarm(String),
    /// Bytes from a port of the guest.
    Port(Port, Vec<u8>),
    /// QEMU ended.
    Exited(Exit),
}

/// The ports of the guest channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// Lines of the protocol.
    Control,
    /// What a script prints.
    Stdout,
    /// What a script prints as errors.
    Stderr,
}

/// Enough for a burst; a full queue stops the readers, then QEMU, then the guest.
const QUEUE: usize = 64;
/// How long a cancel may go unseen.
const CANCEL_CHECK: Duration = Duration::from_millis(100);

/// The queue's reading end.
#[derive(Debug)]
pub(super) struct Inbox {
    receiver: Receiver<Signal>,
    /// Arrived while somebody waited for something else.
    stashed: VecDeque<Signal>,
    exit: Option<Exit>,
    /// Why the guest ended it, as QEMU calls it: `guest-shutdown`, `guest-reset`.
    reason: Option<String>,
}

/// The queue, both ends.
pub(super) fn inbox() -> (SyncSender<Signal>, Inbox) {
    let (sender, receiver) = sync_channel(QUEUE);
    let inbox = Inbox {
        receiver,
        stashed: VecDeque::new(),
        exit: None,
        reason: None,
    };
    (sender, inbox)
}

/// What came of a wait.
pub(super) enum Next<T> {
    /// What was waited for.
    Got(T),
    /// Not this: leave it for whoever wants it.
    Keep(Signal),
    /// Nobody wants this.
    Drop,
}

impl Inbox {
    /// Waits until `choose` takes a signal. `Ok(None)`: the moment `until` (of the
    /// context's monotonic clock) came first.
    pub(super) fn wait<T>(
        &mut self,
        cx: &Cx,
        until: Duration,
        mut choose: impl FnMut(Signal) -> Next<T>,
    ) -> Result<Option<T>, VmError> {
        let mut kept = VecDeque::new();
        let mut early = std::mem::take(&mut self.stashed);
        let result = loop {
            if let Err(cancelled) = cx.cancel.check() {
                break Err(cancelled.into());
            }
            let signal = match early.pop_front() {
                Some(signal) => signal,
                None => match self.receive(cx, until) {
                    Ok(Some(signal)) => signal,
                    Ok(None) => break Ok(None),
                    Err(error) => break Err(error),
                },
            };
            match choose(signal) {
                Next::Got(found) => break Ok(Some(found)),
                Next::Keep(signal) => kept.push_back(signal),
                Next::Drop => {}
            }
        };
        kept.append(&mut early);
        self.stashed = kept;
        result
    }

    fn receive(&mut self, cx: &Cx, until: Duration) -> Result<Option<Signal>, VmError> {
        loop {
            cx.cancel.check()?;
            if let Some(exit) = self.exit {
                let reason = self.reason.clone();
                return Err(VmError::Exited { exit, reason });
            }
            let left = until.saturating_sub(cx.clock().monotonic());
            if left.is_zero() {
                return Ok(None);
            }
            match self.receiver.recv_timeout(left.min(CANCEL_CHECK)) {
                Ok(Signal::Exited(exit)) => self.exit = Some(exit),
                Ok(Signal::Alarm(text)) => return Err(VmError::Alarm(text)),
                Ok(signal) => {
                    self.note_shutdown(&signal);
                    return Ok(Some(signal));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => unreachable!("the machine holds a sender"),
            }
        }
    }
}

impl Inbox {
    /// Drops what came over the guest's ports and nobody has taken.
    pub(super) fn forget_ports(&mut self) {
        self.stashed
            .retain(|signal| !matches!(signal, Signal::Port(..)));
    }

    fn note_shutdown(&mut self, signal: &Signal) {
        if let Signal::Qmp(value) = signal
            && let Some(("SHUTDOWN", data)) = qmp::event(value)
        {
            self.reason = data["reason"].as_str().map(str::to_owned);
        }
    }
}

/// Reads a channel to its end on a thread of its own. The thread ends when QEMU or the
/// inbox is gone.
pub(super) fn pump(
    name: &str,
    mut stream: UnixStream,
    sender: SyncSender<Signal>,
    mut signals: impl FnMut(&[u8]) -> Vec<Signal> + Send + 'static,
) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(format!("vm {name}"))
        .spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                for signal in signals(&buffer[..length]) {
                    if sender.send(signal).is_err() {
                        return;
                    }
                }
            }
        })
        .map(drop)
}
