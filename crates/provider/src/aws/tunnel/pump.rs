//! Bytes both ways between whoever connected here and a session, as long as one connection of the
//! session lasts.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use goldsmith_core::cx::Cx;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;

use super::channel::{Channel, PAYLOAD_MAX};
use super::socket::Socket;
use crate::http::attempt::Attempt;

/// The beat by which things are sent again.
const TICK: Duration = Duration::from_millis(100);
/// Ticks that a last word to the agent may take.
const LAST_TICKS: u32 = 20;

/// Why a connection was left.
#[derive(Debug)]
pub(super) enum Left {
    /// Whoever connected is gone.
    ByUs,
    /// The session is over; the agent may have said why.
    ByAgent(String),
    /// The connection is lost. The session may still be there.
    Lost(String),
    /// It makes no sense to go on.
    Broken(String),
    /// Nobody wants it any more.
    Stopped,
}

/// Of a connection that was not made.
impl From<Attempt> for Left {
    fn from(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Cancelled(_) => Self::Stopped,
            Attempt::Refused(detail) => Self::Broken(detail),
            Attempt::Broken { detail, .. } => Self::Lost(detail),
            other => Self::Lost(format!("{other:?}")),
        }
    }
}

/// Carries bytes until somebody leaves. `greeting` is said first.
pub(super) async fn pump(
    cx: &Cx,
    socket: &mut Socket,
    greeting: String,
    channel: &mut Channel,
    local: &mut TcpStream,
) -> Left {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pump = Pump {
        cx,
        socket,
        channel,
        local,
        ticks,
        greeting: Some(greeting),
        last_ticks: None,
        is_flushed: true,
    };
    std::future::poll_fn(|task| pump.poll(task)).await
}

struct Pump<'a> {
    cx: &'a Cx,
    socket: &'a mut Socket,
    channel: &'a mut Channel,
    local: &'a mut TcpStream,
    ticks: Interval,
    greeting: Option<String>,
    /// Whoever connected is gone, and so much is left to tell the agent.
    last_ticks: Option<u32>,
    is_flushed: bool,
}

impl Pump<'_> {
    /// Does whatever can be done without waiting.
    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Left> {
        loop {
            match self.step(task) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(left) => return Poll::Ready(left),
            }
        }
    }

    /// Something of each; whether anything was done.
    fn step(&mut self, task: &mut Context<'_>) -> Result<bool, Left> {
        let mut has_moved = self.tick(task)?;
        has_moved |= self.hear_session(task)?;
        has_moved |= self.tell_local(task);
        has_moved |= self.hear_local(task);
        has_moved |= self.tell_session(task)?;
        if self.last_ticks.is_some() && self.channel.is_all_sent() && self.is_flushed {
            return Err(Left::ByUs);
        }
        match self.channel.closed() {
            Some(why) if self.channel.inbox.is_empty() => Err(Left::ByAgent(why.to_owned())),
            _ => Ok(has_moved),
        }
    }

    fn tick(&mut self, task: &mut Context<'_>) -> Result<bool, Left> {
        if self.ticks.poll_tick(task).is_pending() {
            return Ok(false);
        }
        if self.cx.cancel.is_cancelled() {
            return Err(Left::Stopped);
        }
        let seconds = u64::try_from(self.cx.clock().unix_seconds()).unwrap_or_default();
        if !self.channel.tick(seconds * 1000) {
            return Err(Left::Lost("nothing is acknowledged any more".to_owned()));
        }
        if let Some(left) = &mut self.last_ticks {
            *left = left.checked_sub(1).ok_or(Left::ByUs)?;
        } else if !self.channel.has_room() && self.is_local_gone(task) {
            self.leave();
        }
        Ok(true)
    }

    /// Whether whoever connected is gone, where nothing is read of what they say.
    fn is_local_gone(&self, task: &mut Context<'_>) -> bool {
        let mut space = [0];
        let seen = self.local.poll_peek(task, &mut ReadBuf::new(&mut space));
        matches!(seen, Poll::Ready(Ok(0) | Err(_)))
    }

    fn leave(&mut self) {
        if self.last_ticks.is_none() {
            self.channel.inbox.clear();
            self.channel.leave();
            self.last_ticks = Some(LAST_TICKS);
        }
    }

    fn hear_session(&mut self, task: &mut Context<'_>) -> Result<bool, Left> {
        if self.channel.is_full() {
            return Ok(false);
        }
        match self.socket.poll_next_unpin(task) {
            Poll::Pending => return Ok(false),
            Poll::Ready(Some(Ok(Message::Binary(bytes)))) => {
                let taken = self.channel.receive(&bytes);
                taken.map_err(|broken| Left::Broken(broken.to_string()))?;
            }
            // Pings are answered by themselves; texts mean nothing.
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(error))) => return Err(Left::Lost(error.to_string())),
            Poll::Ready(None) => return Err(Left::Lost("it was closed".to_owned())),
        }
        Ok(true)
    }

    fn tell_session(&mut self, task: &mut Context<'_>) -> Result<bool, Left> {
        let lost = |error: tokio_tungstenite::tungstenite::Error| Left::Lost(error.to_string());
        let has_some = self.greeting.is_some() || !self.channel.is_all_sent();
        if has_some && let Poll::Ready(ready) = self.socket.poll_ready_unpin(task) {
            ready.map_err(lost)?;
            let greeting = self.greeting.take().map(Message::text);
            let message = greeting.or_else(|| self.channel.outgoing().map(Message::binary));
            if let Some(message) = message {
                self.socket.start_send_unpin(message).map_err(lost)?;
                self.is_flushed = false;
            }
            return Ok(true);
        }
        if !self.is_flushed
            && let Poll::Ready(done) = self.socket.poll_flush_unpin(task)
        {
            done.map_err(lost)?;
            self.is_flushed = true;
        }
        Ok(false)
    }

    fn hear_local(&mut self, task: &mut Context<'_>) -> bool {
        if self.last_ticks.is_some() || !self.channel.has_room() {
            return false;
        }
        let mut space = [0; PAYLOAD_MAX];
        let mut read = ReadBuf::new(&mut space);
        match Pin::new(&mut *self.local).poll_read(task, &mut read) {
            Poll::Pending => return false,
            Poll::Ready(Ok(())) if !read.filled().is_empty() => self.channel.send(read.filled()),
            Poll::Ready(_) => self.leave(),
        }
        true
    }

    fn tell_local(&mut self, task: &mut Context<'_>) -> bool {
        let (bytes, _) = self.channel.inbox.as_slices();
        if bytes.is_empty() {
            return false;
        }
        match Pin::new(&mut *self.local).poll_write(task, bytes) {
            Poll::Pending => return false,
            Poll::Ready(Ok(length)) if length > 0 => drop(self.channel.inbox.drain(..length)),
            Poll::Ready(_) => self.leave(),
        }
        true
    }
}
