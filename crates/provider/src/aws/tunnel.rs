//! The way to a machine that has no port open to anybody: a port of this computer, each connection to
//! which is a session of Systems Manager with the `sshd` of the machine.
//!
//! ```text
//! ssh ─► 127.0.0.1:n ─► pump ─► WebSocket ─► Systems Manager ◄─ agent ─► 127.0.0.1:22 of the machine
//!        StartSession     └ lost? ResumeSession                  (it connects, too)
//!        TerminateSession
//! ```
//!
//! It need not be trusted: who is at its end is told by the key of the host. It lasts until it is
//! dropped, for a cleaning up after a Ctrl-C goes through it; then its sessions are ended. Those of a
//! process that was killed have nobody at this end: Systems Manager ends them with their instance, and
//! before that when they are idle (20 minutes, if the account does not say otherwise).

mod channel;
mod handshake;
mod message;
mod pump;
mod socket;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use goldsmith_core::cx::{Cancel, Cx};
use goldsmith_core::failure::{Class, Failure, with_causes};
use goldsmith_core::machine::CloudError;
use goldsmith_core::remote::RemoteError;

use self::channel::Channel;
use self::pump::{Left, pump};
use super::Aws;
use super::ssm::Session;
use crate::retry::{Tries, wait};

/// Between two connections that could not be taken, for want of something of this computer.
const PAUSE: Duration = Duration::from_millis(100);

/// A way to a machine. Dropped, it is closed.
#[derive(Debug)]
pub(super) struct Tunnel {
    port: u16,
    cancel: Cancel,
    listener: Option<JoinHandle<()>>,
}

/// This computer has no port for it.
#[derive(Debug, thiserror::Error)]
#[error("no port of this computer can be listened on")]
struct NoPort(#[from] std::io::Error);

impl Failure for NoPort {
    fn class(&self) -> Class {
        Class::Environment
    }
}

impl Tunnel {
    /// Opens one. The first connection is of the session `first`.
    pub(super) fn open(
        cx: &Cx,
        aws: &Aws,
        instance: &str,
        first: Session,
    ) -> Result<Self, CloudError> {
        let cx = cx.uncancelled();
        let cancel = cx.cancel.clone();
        let far = Arc::new(Far {
            cx,
            aws: aws.clone(),
            instance: instance.to_owned(),
            first: Mutex::new(Some(first)),
            said: Mutex::default(),
        });
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listening = listening.and_then(|listener| {
            let port = listener.local_addr()?.port();
            Ok((listener, port))
        });
        let (listener, port) = listening.map_err(|error| {
            far.close();
            NoPort(error)
        })?;
        let listener = std::thread::spawn(move || listen(&listener, &far));
        Ok(Self {
            port,
            cancel,
            listener: Some(listener),
        })
    }

    /// Where it begins: a port of 127.0.0.1.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.cancel.cancel();
        // Wakes the listener, which looks at the flag.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(listener) = self.listener.take() {
            drop(listener.join());
        }
    }
}

/// Takes connections until nobody wants them any more, and waits for what they have begun.
fn listen(listener: &TcpListener, far: &Arc<Far>) {
    std::thread::scope(|scope| {
        while !far.cx.cancel.is_cancelled() {
            match listener.accept() {
                Ok((local, _)) if !far.cx.cancel.is_cancelled() => {
                    scope.spawn(move || far.serve(local));
                }
                Ok(_) => {}
                Err(_) => far.cx.clock().sleep(PAUSE),
            }
        }
    });
    far.close();
}

/// What is at the other end.
struct Far {
    /// Cancelled when the tunnel is closed.
    cx: Cx,
    aws: Aws,
    instance: String,
    /// A session that nobody has used yet.
    first: Mutex<Option<Session>>,
    /// What was said last, which is not said twice.
    said: Mutex<String>,
}

impl Far {
    /// Serves a connection to its end.
    fn serve(&self, local: TcpStream) {
        let session = match lock(&self.first).take() {
            Some(session) => Ok(Some(session)),
            None => self.aws.start_session(&self.cx, &self.instance),
        };
        let session = match session {
            Ok(Some(session)) => session,
            Ok(None) => return self.say("its agent is not connected"),
            Err(error) => return self.say(&with_causes(&error)),
        };
        let why = match self.carry(&session, local) {
            Ok(why) => why,
            Err(error) => with_causes(&error),
        };
        if !why.is_empty() {
            self.say(&why);
        }
        self.end(&session);
    }

    /// Carries a connection over as many connections of its session as it takes; gives what the
    /// agent said when it ended it.
    fn carry(&self, session: &Session, local: TcpStream) -> Result<String, RemoteError> {
        let cx = &self.cx;
        let failed = |detail: String| RemoteError::Failed {
            what: format!("the session `{}`", session.id),
            detail: cx.redactor.redact(&detail),
        };
        let mut opening = self.aws.opening(cx, &session.stream)?;
        let local = opening.client.run(async {
            local.set_nonblocking(true)?;
            local.set_nodelay(true)?;
            tokio::net::TcpStream::from_std(local)
        });
        let mut local = local.map_err(|error| failed(error.to_string()))?;
        let mut channel = Channel::default();
        let mut tries = Tries::jittered();
        loop {
            let before = channel.moved();
            let left = opening.client.run(async {
                match opening.open(cx).await {
                    Ok(mut socket) => {
                        let greeting = opening.greeting.clone();
                        pump(cx, &mut socket, greeting, &mut channel, &mut local).await
                    }
                    Err(attempt) => attempt.into(),
                }
            });
            let detail = match left {
                Left::ByUs | Left::Stopped => return Ok(String::new()),
                Left::ByAgent(why) => return Ok(why),
                Left::Broken(detail) => return Err(failed(detail)),
                Left::Lost(detail) => detail,
            };
            let has_moved = channel.moved() > before;
            let Some(time) = tries.after_failure(has_moved, None) else {
                return Err(failed(format!("its connection is lost: {detail}")));
            };
            wait(cx, time)?;
            let stream = self.aws.resume_session(cx, &session.id)?;
            opening = self.aws.opening(cx, &stream)?;
            channel.reconnected();
        }
    }

    /// Ends a session, also when the tunnel is closed.
    fn end(&self, session: &Session) {
        let calm = self.cx.uncancelled();
        if let Err(error) = self.aws.terminate_session(&calm, &session.id) {
            self.say(&with_causes(&error));
        }
    }

    /// Ends what was begun and not used.
    fn close(&self) {
        let unused = lock(&self.first).take();
        if let Some(session) = unused {
            self.end(&session);
        }
    }

    fn say(&self, why: &str) {
        let mut said = lock(&self.said);
        if *said != why && !self.cx.cancel.is_cancelled() {
            self.cx
                .note(format!("no session with `{}`: {why}", self.instance));
            why.clone_into(&mut said);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
