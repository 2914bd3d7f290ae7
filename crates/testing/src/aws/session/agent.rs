//! The agent's side of a session, as the agent of AWS speaks: it asks for a handshake, connects to a
//! port of its machine, takes up what comes in order and acknowledges it once, sends what is not
//! acknowledged again. What it is told that no client may tell is a breach.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Duration;

use goldsmith_core::cx::Clock as _;
use goldsmith_core::digest::Sha256;
use serde_json::{Value, json};

use super::Wire;
use super::frame::Frame;
use crate::aws::world::mixed;
use crate::clock::RealClock;

/// Types of payloads.
const DATA: u32 = 1;
const HANDSHAKE_REQUEST: u32 = 5;
const HANDSHAKE_RESPONSE: u32 = 6;
const HANDSHAKE_COMPLETE: u32 = 7;
const FLAG: u32 = 10;
/// The flag of who leaves.
const TERMINATE: [u8; 4] = [0, 0, 0, 2];

/// Most bytes of a payload.
const PAYLOAD_MAX: usize = 1024;
/// Most messages that are kept, either way.
const KEPT_MAX: usize = 10_000;
/// Messages that are under way to the client at most.
const WINDOW: usize = 1_000;
/// After which time something is sent again.
const AGAIN: Duration = Duration::from_millis(200);

/// A message that the client has not acknowledged.
#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    sent: Duration,
}

/// A connection to a port of the machine.
#[derive(Debug)]
struct Port {
    stream: TcpStream,
    /// What comes from there, by a thread that ends with the connection.
    said: Receiver<Vec<u8>>,
}

impl Drop for Port {
    fn drop(&mut self) {
        drop(self.stream.shutdown(std::net::Shutdown::Both));
    }
}

/// One side of a session.
#[derive(Debug)]
pub(super) struct Agent {
    session: String,
    address: String,
    number_of_port: u16,
    seed: u64,
    lots: u64,
    wire: Wire,
    /// Ids of all that was sent, by number.
    ids: Vec<String>,
    kept: BTreeMap<i64, Kept>,
    /// The next that is to come, and what came before it.
    expected: i64,
    early: BTreeMap<i64, Frame>,
    /// Digests of all that came, by number: what comes again must be the same.
    came: Vec<Sha256>,
    has_answer: bool,
    /// When it connects to the port.
    dials: Option<Duration>,
    port: Option<Port>,
    /// What the connection is to carry.
    pub(super) out: VecDeque<Vec<u8>>,
    /// What goes after the next one.
    late: Option<Vec<u8>>,
    /// The last word.
    pub(super) over: Option<String>,
    /// What no client may do.
    pub(super) breaches: Vec<String>,
}

/// Connects to a port of a machine.
pub(super) fn dial(address: &str, port: u16) -> io::Result<TcpStream> {
    let address = format!("{address}:{port}").parse::<SocketAddr>();
    let address = address.map_err(io::Error::other)?;
    TcpStream::connect_timeout(&address, Duration::from_millis(500))
}

impl Agent {
    pub(super) fn new(session: &str, address: &str, port: u16, seed: u64, wire: Wire) -> Self {
        Self {
            session: session.to_owned(),
            address: address.to_owned(),
            number_of_port: port,
            seed,
            lots: 0,
            wire,
            ids: Vec::new(),
            kept: BTreeMap::new(),
            expected: 0,
            early: BTreeMap::new(),
            came: Vec::new(),
            has_answer: false,
            dials: None,
            port: None,
            out: VecDeque::new(),
            late: None,
            over: None,
            breaches: Vec::new(),
        }
    }

    /// A number that looks like any other; the same ones for a seed.
    pub(super) fn lot(&mut self) -> u64 {
        self.lots += 1;
        mixed(self.seed, self.lots)
    }

    /// How many messages the next connection lasts.
    pub(super) fn lasts(&mut self) -> Option<u64> {
        let about = self.wire.lasts?;
        Some(about / 2 + self.lot() % about.max(1))
    }

    /// There is a connection.
    pub(super) fn connected(&mut self) {
        self.out.clear();
        self.late = None;
        for kind in ["pause_publication", "start_publication"] {
            let frame = self.frame(kind, 0, 0, b"");
            self.out.push_back(frame.write());
        }
        if self.ids.is_empty() {
            let asked = json!({
                "AgentVersion": "3.3.0.0",
                "RequestedClientActions": [{
                    "ActionType": "SessionType",
                    "ActionParameters": {
                        "SessionType": "Port",
                        "Properties": { "portNumber": self.number_of_port.to_string() },
                    },
                }],
            });
            self.send(HANDSHAKE_REQUEST, asked.to_string().as_bytes());
        } else {
            let again: Vec<_> = self.kept.values().map(|kept| kept.bytes.clone()).collect();
            for bytes in again {
                self.say(bytes);
            }
        }
    }

    fn frame(&mut self, kind: &str, number: i64, of: u32, payload: &[u8]) -> Frame {
        let (high, low) = (self.lot(), self.lot());
        Frame {
            kind: kind.to_owned(),
            number,
            flags: u64::from(number == 0),
            id: format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                high >> 32,
                (high >> 16) & 0xffff,
                high & 0xfff,
                low >> 52,
                low & 0xffff_ffff_ffff
            ),
            of,
            payload: payload.to_vec(),
        }
    }

    /// Puts something on its way, perhaps twice, perhaps after what is said next.
    fn say(&mut self, bytes: Vec<u8>) {
        let lot = self.lot() % 1000;
        let before = self.late.take();
        if lot < self.wire.per_mille {
            self.out.push_back(bytes.clone());
        }
        if (self.wire.per_mille..2 * self.wire.per_mille).contains(&lot) {
            self.late = Some(bytes);
        } else {
            self.out.push_back(bytes);
        }
        self.out.extend(before);
    }

    /// Sends something of the stream.
    fn send(&mut self, of: u32, payload: &[u8]) {
        let number = i64::try_from(self.ids.len()).unwrap_or_default();
        let frame = self.frame("output_stream_data", number, of, payload);
        self.ids.push(frame.id.clone());
        let bytes = frame.write();
        let kept = Kept {
            bytes: bytes.clone(),
            sent: RealClock.monotonic(),
        };
        self.kept.insert(number, kept);
        self.say(bytes);
    }

    /// Hears what the client says.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let frame = match Frame::read(bytes) {
            Ok(frame) => frame,
            Err(why) => return self.breach(&why),
        };
        match frame.kind.as_str() {
            "input_stream_data" => self.take(frame, bytes),
            "acknowledge" => self.acknowledged(&frame),
            kind => self.breach(&format!("a message of the type {kind}")),
        }
    }

    fn breach(&mut self, why: &str) {
        self.breaches
            .push(format!("session {}: {why}", self.session));
    }

    fn take(&mut self, frame: Frame, bytes: &[u8]) {
        let digest = Sha256::of(bytes);
        let Ok(index) = usize::try_from(frame.number) else {
            return self.breach(&format!("the number {}", frame.number));
        };
        match self.came.get(index) {
            Some(before) if *before != digest => {
                self.breach(&format!("another message with the number {index}"));
            }
            Some(_) => {}
            None if index == self.came.len() => self.came.push(digest),
            None => self.breach(&format!("{index} before {}", self.came.len())),
        }
        let is_data = frame.of == DATA || frame.of == FLAG;
        if is_data && !self.has_answer {
            return self.breach("data before the handshake");
        }
        let is_rejected = is_data && self.port.is_none() && frame.number == self.expected;
        if is_rejected || self.early.len() >= KEPT_MAX {
            // It is not ready, and has to be told again; what comes before its turn is kept.
            return;
        }
        if frame.number >= self.expected {
            self.acknowledge(&frame);
            self.early.insert(frame.number, frame);
        }
        while let Some(frame) = self.early.remove(&self.expected) {
            self.expected += 1;
            self.handle(&frame);
        }
    }

    fn acknowledge(&mut self, frame: &Frame) {
        let payload = json!({
            "AcknowledgedMessageType": frame.kind,
            "AcknowledgedMessageId": frame.id,
            "AcknowledgedMessageSequenceNumber": frame.number,
            "IsSequentialMessage": true,
        });
        let own = self.frame("acknowledge", 0, 0, payload.to_string().as_bytes());
        self.say(Frame { flags: 3, ..own }.write());
    }

    fn acknowledged(&mut self, frame: &Frame) {
        let said: Value = serde_json::from_slice(&frame.payload).unwrap_or_default();
        let number = said["AcknowledgedMessageSequenceNumber"].as_i64();
        let index = number.and_then(|number| usize::try_from(number).ok());
        let id = index.and_then(|index| self.ids.get(index));
        let is_right = said["AcknowledgedMessageType"] == "output_stream_data"
            && id.is_some_and(|id| said["AcknowledgedMessageId"] == id.as_str())
            && said["IsSequentialMessage"] == true
            && frame.flags == 3;
        if !is_right {
            return self.breach(&format!("the acknowledgement {said}"));
        }
        self.kept.remove(&number.unwrap_or_default());
    }

    fn handle(&mut self, frame: &Frame) {
        match frame.of {
            HANDSHAKE_RESPONSE => {
                let said: Value = serde_json::from_slice(&frame.payload).unwrap_or_default();
                let action = &said["ProcessedClientActions"][0];
                let is_right = action["ActionType"] == "SessionType"
                    && action["ActionStatus"] == 1
                    && said["ClientVersion"].is_string()
                    && said["Errors"] == json!([]);
                if !is_right || self.has_answer {
                    return self.breach(&format!("the handshake {said}"));
                }
                self.has_answer = true;
                // Some need a moment for the port, and reject what comes before.
                let moment = Duration::from_millis(self.lot() % 40);
                self.dials = Some(RealClock.monotonic() + moment);
                let done = json!({ "HandshakeTimeToComplete": 1, "CustomerMessage": "" });
                self.send(HANDSHAKE_COMPLETE, done.to_string().as_bytes());
            }
            DATA if (1..=PAYLOAD_MAX).contains(&frame.payload.len()) => {
                if let Some(port) = &mut self.port
                    && port.stream.write_all(&frame.payload).is_err()
                {
                    self.over = Some("the port was closed".to_owned());
                }
            }
            DATA => self.breach(&format!("{} bytes at once", frame.payload.len())),
            FLAG if frame.payload == TERMINATE => self.over = Some(String::new()),
            of => self.breach(&format!("a payload of the type {of}")),
        }
    }

    /// Goes on with what there is to do.
    pub(super) fn work(&mut self) {
        let now = RealClock.monotonic();
        if self.dials.is_some_and(|at| at <= now) {
            self.dials = None;
            match dial(&self.address, self.number_of_port).and_then(Port::of) {
                Ok(port) => self.port = Some(port),
                Err(error) => {
                    self.over = Some(format!("Unable to connect to specified port: {error}"));
                }
            }
        }
        let mut has_worked = false;
        while self.kept.len() < WINDOW {
            match self.port.as_ref().map(|port| port.said.try_recv()) {
                Some(Ok(bytes)) => {
                    self.send(DATA, &bytes);
                    has_worked = true;
                }
                Some(Err(TryRecvError::Disconnected)) if self.kept.is_empty() => {
                    self.over.get_or_insert_default();
                    break;
                }
                _ => break,
            }
        }
        if let Some(mut oldest) = self.kept.first_entry()
            && oldest.get().sent + AGAIN < now
        {
            oldest.get_mut().sent = now;
            let bytes = oldest.get().bytes.clone();
            self.say(bytes);
        }
        if !has_worked && self.out.is_empty() {
            self.out.extend(self.late.take());
        }
    }

    /// What tells the client that the session is over.
    pub(super) fn last_word(&mut self, why: &str) -> Vec<u8> {
        let said = json!({
            "MessageId": "", "CreatedDate": "", "DestinationId": "", "SessionId": self.session,
            "MessageType": "channel_closed", "SchemaVersion": 1, "Output": why,
        });
        self.frame("channel_closed", 0, 0, said.to_string().as_bytes())
            .write()
    }
}

impl Port {
    fn of(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let mut reading = stream.try_clone()?;
        let (to, said) = sync_channel(64);
        std::thread::spawn(move || {
            let mut bytes = [0; PAYLOAD_MAX];
            while let Ok(length @ 1..) = reading.read(&mut bytes) {
                if to.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { stream, said })
    }
}
