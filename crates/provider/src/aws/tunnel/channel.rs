//! One end of a session, without what carries it: what comes in is put into order and acknowledged,
//! what goes out is kept until it is acknowledged, and sent again.
//!
//! ```text
//! receive(bytes) ─► order, once each ─► inbox ─► whoever connected
//!        └─► acknowledge ─┐
//! send(bytes) ─► window ──┴─► outgoing() ─► connection tick(): the oldest again
//!                  └── until it is acknowledged        reconnected(): all of it again
//! ```
//!
//! The agent acknowledges what it takes up and is silent about what it has had before. So an
//! acknowledgement that was lost with a connection never comes: it is taken as given when something
//! is acknowledged that went after the same message on the new connection. But an agent is silent,
//! too, when it has no connection to its port yet; that it has one is known by what comes from there.

use std::collections::{BTreeMap, VecDeque};

use super::handshake;
use super::message::{
    ACKNOWLEDGE, CLOSED, INPUT, Malformed, Message, OUTPUT, PAUSE, START, fresh_id,
};
use serde_json::{Value, json};

// Types of payloads.
const DATA: u32 = 1;
const HANDSHAKE_REQUEST: u32 = 5;
const HANDSHAKE_RESPONSE: u32 = 6;
const HANDSHAKE_COMPLETE: u32 = 7;
const FLAG: u32 = 10;

// Flags, as payloads of that type.
const TERMINATE: u32 = 2;
const NO_PORT: u32 = 3;

/// What an acknowledgement has as flags.
const WHOLE: u64 = 3;
/// What the first message has.
const FIRST: u64 = 1;

/// Most bytes of a payload, as the plugin and the agent of AWS have it.
pub(super) const PAYLOAD_MAX: usize = 1024;
/// Most messages that are under way, of the 10,000 that an agent keeps.
const WINDOW: usize = 1024;
/// Most messages that are not acknowledged, those of earlier connections among them.
const UNKNOWN_MAX: usize = 4 * WINDOW;
/// Most messages that are kept because one before them is missing: what is not kept comes again.
const EARLY_MAX: i64 = 2048;
/// Most messages that wait to go out while something is taken in.
const QUEUE_MAX: usize = 8 * WINDOW;
/// When so many bytes wait for whoever connected, no more are taken in.
const INBOX_MAX: usize = 4 << 20;
/// Ticks after which the oldest message is sent again; as many more each time, up to the most.
const AGAIN: u32 = 3;
const AGAIN_MAX: u32 = 10;
/// Ticks after which a connection on which nothing is acknowledged is none.
const STALL: u32 = 200;

/// A message that is not acknowledged.
#[derive(Debug)]
struct Sent {
    number: i64,
    bytes: Vec<u8>,
    /// Whether an earlier connection has carried it, and the agent could take it up on this one.
    is_old: bool,
    /// The tick of its last sending.
    at: u32,
}

/// Why a session cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    /// What came is no message.
    #[error("the agent sends what is no message: {0}")]
    Malformed(#[from] Malformed),
    /// It has words for it.
    #[error("{0}")]
    Said(String),
}

/// One end of a session.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// The next message that is to come.
    expected: i64,
    early: BTreeMap<i64, (u32, Vec<u8>)>,
    /// For whoever connected, in order.
    pub(super) inbox: VecDeque<u8>,
    /// The number of the next message.
    next: i64,
    unknown: VecDeque<Sent>,
    /// What this connection has still to carry.
    queue: VecDeque<Vec<u8>>,
    is_ready: bool,
    /// Whether anything has come from the port.
    has_port: bool,
    is_paused: bool,
    /// The agent has nothing more to say, and may have said why.
    closed: Option<String>,
    ticks: u32,
    /// After how many the oldest message is sent again.
    again: u32,
    /// The tick since which it is waited for that anything is acknowledged.
    since: u32,
    /// Since 1970, in ms.
    now: u64,
}

impl Channel {
    /// Takes what came.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let message = Message::decode(bytes)?;
        match message.kind {
            OUTPUT => self.take(&message),
            ACKNOWLEDGE => {
                self.is_paused = false;
                self.acknowledged(message.payload)
            }
            CLOSED => {
                let said: Value = serde_json::from_slice(message.payload).unwrap_or_default();
                let why = said["Output"].as_str().unwrap_or_default();
                self.closed.get_or_insert_with(|| why.to_owned());
                Ok(())
            }
            PAUSE => {
                self.is_paused = true;
                Ok(())
            }
            START => {
                self.is_paused = false;
                Ok(())
            }
            // The agent of AWS passes over what it does not know.
            _ => Ok(()),
        }
    }

    /// What comes from the agent in order: once each.
    fn take(&mut self, message: &Message<'_>) -> Result<(), Broken> {
        self.is_paused = false;
        let ahead = message.number.saturating_sub(self.expected);
        if message.number < 0 || ahead >= EARLY_MAX {
            // There is no room for it: it will come again.
            return Ok(());
        }
        self.acknowledge(message);
        if ahead < 0 {
            return Ok(());
        }
        let kept = (message.of, message.payload.to_vec());
        self.early.entry(message.number).or_insert(kept);
        while let Some((of, payload)) = self.early.remove(&self.expected) {
            self.expected += 1;
            self.handle(of, &payload)?;
        }
        Ok(())
    }

    fn handle(&mut self, of: u32, payload: &[u8]) -> Result<(), Broken> {
        match of {
            DATA => {
                self.has_port = true;
                self.inbox.extend(payload);
            }
            HANDSHAKE_REQUEST => {
                let text = handshake::answer(payload).map_err(Broken::Said)?;
                self.put(HANDSHAKE_RESPONSE, text.as_bytes());
            }
            HANDSHAKE_COMPLETE => {
                self.is_ready = true;
                // It has our answer, whether it was heard to say so or not.
                self.unknown.clear();
            }
            FLAG if payload == NO_PORT.to_be_bytes() => {
                self.closed = Some("nothing listens on port 22 there".to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn acknowledge(&mut self, message: &Message<'_>) {
        let payload = json!({
            "AcknowledgedMessageType": message.kind,
            "AcknowledgedMessageId": message.id.to_string(),
            "AcknowledgedMessageSequenceNumber": message.number,
            "IsSequentialMessage": true,
        });
        let bytes = Message {
            kind: ACKNOWLEDGE,
            made: self.now,
            number: 0,
            flags: WHOLE,
            id: fresh_id(),
            of: 0,
            payload: payload.to_string().as_bytes(),
        }
        .encode();
        self.queue.push_back(bytes);
    }

    fn acknowledged(&mut self, payload: &[u8]) -> Result<(), Broken> {
        let said: Value = serde_json::from_slice(payload).unwrap_or_default();
        let number = said["AcknowledgedMessageSequenceNumber"].as_i64();
        let number = number.filter(|number| (0..self.next).contains(number));
        let number = number
            .ok_or_else(|| Broken::Said("the agent acknowledges what was not sent".to_owned()))?;
        let before = self.unknown.len();
        let is_known = |sent: &Sent| sent.number == number || (sent.is_old && sent.number < number);
        self.unknown.retain(|sent| !is_known(sent));
        if self.unknown.len() < before {
            (self.again, self.since) = (AGAIN, self.ticks);
            // Where one was not taken up the next may not have been either.
            self.send_again();
        }
        Ok(())
    }

    /// Whether something may be sent.
    pub(super) fn has_room(&self) -> bool {
        let under_way = self.unknown.iter().filter(|sent| !sent.is_old).count();
        let is_open = self.is_ready && !self.is_paused && self.closed.is_none();
        is_open && under_way < WINDOW && self.unknown.len() < UNKNOWN_MAX
    }

    /// Sends at most [`PAYLOAD_MAX`] bytes.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.put(DATA, bytes);
    }

    /// Tells the agent that whoever connected is gone.
    pub(super) fn leave(&mut self) {
        if self.is_ready {
            self.put(FLAG, &TERMINATE.to_be_bytes());
        }
    }

    fn put(&mut self, of: u32, payload: &[u8]) {
        let bytes = Message {
            kind: INPUT,
            made: self.now,
            number: self.next,
            flags: if self.next == 0 { FIRST } else { 0 },
            id: fresh_id(),
            of,
            payload,
        }
        .encode();
        if self.unknown.is_empty() {
            (self.again, self.since) = (AGAIN, self.ticks);
        }
        self.queue.push_back(bytes.clone());
        self.unknown.push_back(Sent {
            number: self.next,
            bytes,
            is_old: false,
            at: self.ticks,
        });
        self.next += 1;
    }

    /// What goes out next.
    pub(super) fn outgoing(&mut self) -> Option<Vec<u8>> {
        self.queue.pop_front()
    }

    /// Whether nothing more should be taken in before something went out, or was taken away.
    pub(super) fn is_full(&self) -> bool {
        self.inbox.len() > INBOX_MAX || self.queue.len() > QUEUE_MAX
    }

    /// Whether nothing goes out next.
    pub(super) fn is_all_sent(&self) -> bool {
        self.queue.is_empty()
    }

    /// How far it has come: another number when anything was acknowledged by either side.
    pub(super) fn moved(&self) -> usize {
        let moved = self.next.saturating_add(self.expected);
        usize::try_from(moved).unwrap_or_default() - self.unknown.len()
    }

    /// The session as the agent sees it: `Some` when it is over, with what it said.
    pub(super) fn closed(&self) -> Option<&str> {
        self.closed.as_deref()
    }

    /// A tenth of a second is over; whether the connection is still one. `now` is in ms since 1970.
    pub(super) fn tick(&mut self, now: u64) -> bool {
        // None at all would be no time.
        self.now = now.max(1);
        self.ticks += 1;
        if self.is_paused || self.unknown.is_empty() {
            self.since = self.ticks;
            return true;
        }
        self.send_again();
        self.ticks - self.since < STALL
    }

    /// Sends the oldest message again, if it is time.
    fn send_again(&mut self) {
        if let Some(oldest) = self.unknown.front_mut()
            && self.ticks - oldest.at >= self.again
        {
            oldest.at = self.ticks;
            self.queue.push_back(oldest.bytes.clone());
            self.again = (self.again + AGAIN).min(AGAIN_MAX);
        }
    }

    /// There is a new connection: whatever is not acknowledged may never have arrived.
    pub(super) fn reconnected(&mut self) {
        self.queue.clear();
        for sent in &mut self.unknown {
            sent.is_old |= self.has_port;
            sent.at = self.ticks;
            self.queue.push_back(sent.bytes.clone());
        }
        self.is_paused = false;
        (self.again, self.since) = (AGAIN, self.ticks);
    }
}

#[cfg(test)]
mod tests;
