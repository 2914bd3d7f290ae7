//! Messages between a client and the agent of a machine, as the Session Manager plugin and the agent
//! write them (`clientmessage.go`, `agentmessage.go`). Numbers are big-endian.
//!
//! ```text
//!   0  length of the header: 116           4 bytes
//!   4  type, filled up with blanks        32
//!  36  version: 1                          4
//!  40  made, in ms since 1970              8
//!  48  number in its stream, from 0        8
//!  56  flags: 1 the first, 2 the last      8
//!  64  id: a UUID, its second half first  16
//!  80  SHA-256 of the payload             32
//! 112  type of the payload                 4
//! 116  length of the payload               4
//! 120  payload
//! ```
//!
//! Whoever sends is not believed: any bytes are read without harm.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use goldsmith_core::digest::Sha256;
use uuid::Uuid;

/// From a client to an agent.
pub(super) const INPUT: &str = "input_stream_data";
/// From an agent to a client.
pub(super) const OUTPUT: &str = "output_stream_data";
/// A message has arrived.
pub(super) const ACKNOWLEDGE: &str = "acknowledge";
/// The session is over.
pub(super) const CLOSED: &str = "channel_closed";
/// The other side may be sent to again.
pub(super) const START: &str = "start_publication";
/// The other side is not there for now.
pub(super) const PAUSE: &str = "pause_publication";

/// The length of the header, as it says itself: what is before the length of the payload.
const HEADER: usize = 116;
const VERSION: u32 = 1;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// One of those above, or one that is not known.
    pub(super) kind: &'a str,
    /// In ms since 1970.
    pub(super) made: u64,
    /// In its stream, from 0.
    pub(super) number: i64,
    pub(super) flags: u64,
    pub(super) id: Uuid,
    /// What the payload is.
    pub(super) of: u32,
    pub(super) payload: &'a [u8],
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("it is cut off")]
    Short,
    #[error("its type is no text")]
    Kind,
    #[error("its lengths do not fit")]
    Length,
    #[error("its digest is another one")]
    Digest,
}

impl<'a> Message<'a> {
    /// As it is sent.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + 4 + self.payload.len());
        bytes.extend(be(HEADER));
        bytes.extend(format!("{:<32}", self.kind).bytes());
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend(self.made.to_be_bytes());
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.flags.to_be_bytes());
        let (first, second) = self.id.as_bytes().split_at(8);
        bytes.extend([second, first].concat());
        bytes.extend(Sha256::of(self.payload).as_bytes());
        bytes.extend(self.of.to_be_bytes());
        bytes.extend(be(self.payload.len()));
        bytes.extend(self.payload);
        bytes
    }

    /// As it came.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(bytes);
        let header = rest.number()?;
        let kind = std::str::from_utf8(rest.take(32)?).map_err(|_| Malformed::Kind)?;
        let kind = kind.trim_matches(|c| c == '\0' || c == ' ');
        let _version = rest.number()?;
        let made = u64::from_be_bytes(rest.array()?);
        let number = i64::from_be_bytes(rest.array()?);
        let flags = u64::from_be_bytes(rest.array()?);
        let [second, first]: [[u8; 8]; 2] = [rest.array()?, rest.array()?];
        let id = [first, second].concat();
        let id = Uuid::from_slice(&id).map_err(|_| Malformed::Length)?;
        let digest = rest.take(32)?;
        let of = rest.number()?;
        // A header that is longer has what nobody knows yet at its end.
        let more = usize::try_from(header).ok();
        let more = more.and_then(|header| header.checked_sub(HEADER));
        rest.take(more.ok_or(Malformed::Length)?)?;
        let length = rest.number()?;
        let payload = rest.0;
        if usize::try_from(length).ok() != Some(payload.len()) {
            return Err(Malformed::Length);
        }
        if !payload.is_empty() && Sha256::of(payload).as_bytes() != digest {
            return Err(Malformed::Digest);
        }
        Ok(Self {
            kind,
            made,
            number,
            flags,
            id,
            of,
            payload,
        })
    }
}

/// What is left of some bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| Malformed::Short)
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.array()?))
    }
}

/// A length as it is written.
fn be(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

/// An id that nothing else has.
pub(super) fn fresh_id() -> Uuid {
    // The standard library seeds its hash maps with what the system calls random.
    let half = || RandomState::new().build_hasher().finish().to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&half());
    bytes[8..].copy_from_slice(&half());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &[u8]) -> Message<'_> {
        Message {
            kind: INPUT,
            made: 1_783_764_997_123,
            number: 0x0102_0304_0506,
            flags: 1,
            id: Uuid::from_u128(0x0011_2233_4455_4677_8899_aabb_ccdd_eeff),
            of: 1,
            payload,
        }
    }

    #[test]
    fn there_and_back() {
        for payload in [&b""[..], b"x", &[0; 1024]] {
            let one = message(payload);
            let bytes = one.encode();
            assert_eq!(bytes.len(), 120 + payload.len());
            assert_eq!(Message::decode(&bytes), Ok(one));
        }
    }

    /// Somebody else's decoder, of the package `ssm-session`, reads what we write.
    #[test]
    fn others_read_it() {
        let payload = b"SSH-2.0-\x00\xff";
        let bytes = message(payload).encode();
        let script = "const ssm = require('ssm-session').ssm;
const read = ssm.decode(Buffer.from(input, 'hex'));
read.payload = Buffer.from(read.payload).toString('hex');
read.digest = Buffer.from(read.payloadDigest, 'latin1').toString('hex');
const { createdDate, digest, flags, headerLength, messageId, messageType, payload, payloadLength, payloadType, schemaVersion, sequenceNumber } = read;
console.log([createdDate, digest, flags, headerLength, messageId, messageType, payload, payloadLength, payloadType, schemaVersion, sequenceNumber].join(' '));";
        let hex = |bytes: &[u8]| -> String {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            digits.collect()
        };
        let read = goldsmith_testing::emulators::node(script, &hex(&bytes));
        let digest = Sha256::of(payload).to_string();
        let expected = format!(
            "1783764997123 {digest} 1 116 00112233-4455-4677-8899-aabbccddeeff input_stream_data {} 10 1 1 1108152157446",
            hex(payload)
        );
        assert_eq!(read.trim(), expected);
    }

    /// And we read what it writes but for the digest, which it has in another form.
    #[test]
    fn others_are_read() {
        let script = "const ssm = require('ssm-session').ssm;
const bytes = ssm.buildInputMessage('ls', 7);
const digest = require('crypto').createHash('sha256').update('ls').digest();
Buffer.from(bytes.buffer).set(digest, 80);
console.log(Buffer.from(bytes).toString('hex'), ssm.decode(bytes).messageId);";
        let printed = goldsmith_testing::emulators::node(script, "");
        let (hex, id) = printed.trim().split_once(' ').unwrap();
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
        let read = Message::decode(&bytes).unwrap();
        assert_eq!((read.kind, read.number, read.of), (INPUT, 7, 1));
        assert_eq!(read.payload, b"ls");
        assert_eq!(read.id.to_string(), id);
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        let whole = message(b"payload").encode();
        for end in 0..whole.len() {
            assert!(Message::decode(&whole[..end]).is_err(), "{end}");
        }
        for at in 0..whole.len() {
            for change in [1, 0x80, 0xff] {
                let mut other = whole.clone();
                other[at] ^= change;
                let read = Message::decode(&other);
                // What the digest is not over may be anything.
                let is_free = (4..80).contains(&at) || (112..116).contains(&at);
                assert!(is_free || read.is_err(), "{at}: {read:?}");
            }
        }
        let mut long = whole.clone();
        long[..4].copy_from_slice(&118_u32.to_be_bytes());
        long.splice(116..116, [9, 9]);
        assert_eq!(Message::decode(&long).unwrap().payload, b"payload");
        let mut longer = whole;
        longer.push(0);
        assert_eq!(Message::decode(&longer), Err(Malformed::Length));
    }

    #[test]
    fn ids_are_of_one_thing() {
        let ids: std::collections::BTreeSet<Uuid> = (0..1000).map(|_| fresh_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
    }
}
