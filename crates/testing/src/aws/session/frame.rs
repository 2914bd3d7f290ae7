//! The messages of sessions, read as strictly as an agent or a client of AWS may at most be.

use goldsmith_core::digest::Sha256;

/// Where each field begins, and where the payload does.
const KIND: usize = 4;
const VERSION: usize = 36;
const MADE: usize = 40;
const NUMBER: usize = 48;
const FLAGS: usize = 56;
const ID: usize = 64;
const DIGEST: usize = 80;
const OF: usize = 112;
const LENGTH: usize = 116;
const PAYLOAD: usize = 120;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: String,
    pub(super) number: i64,
    pub(super) flags: u64,
    /// As people write UUIDs.
    pub(super) id: String,
    pub(super) of: u32,
    pub(super) payload: Vec<u8>,
}

fn long(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8]
        .iter()
        .fold(0, |all, &byte| (all << 8) | u64::from(byte))
}

fn int(bytes: &[u8], at: usize) -> u64 {
    long(bytes, at - 4) & 0xffff_ffff
}

impl Frame {
    /// `Err` says what is wrong with it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() < PAYLOAD {
            return Err(format!("a message of {} bytes", bytes.len()));
        }
        let wrong = |what: &str| Err(format!("{what}: {:02x?}", &bytes[..PAYLOAD]));
        if bytes[..4] != [0, 0, 0, 116] {
            return wrong("the length of the header");
        }
        let kind = String::from_utf8_lossy(&bytes[KIND..VERSION]).into_owned();
        let plain = kind.trim_end_matches(' ');
        if plain.is_empty()
            || !plain
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            return wrong("the type");
        }
        if int(bytes, VERSION) != 1 {
            return wrong("the version");
        }
        if long(bytes, MADE) == 0 {
            return wrong("the time");
        }
        let payload = &bytes[PAYLOAD..];
        if int(bytes, LENGTH) != payload.len() as u64 {
            return wrong("the length of the payload");
        }
        if Sha256::of(payload).as_bytes()[..] != bytes[DIGEST..OF] {
            return wrong("the digest");
        }
        let (high, low) = (long(bytes, ID + 8), long(bytes, ID));
        let id = format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        );
        if high == 0 || low == 0 {
            return wrong("the id");
        }
        Ok(Self {
            kind: plain.to_owned(),
            number: long(bytes, NUMBER).cast_signed(),
            flags: long(bytes, FLAGS),
            id,
            of: u32::try_from(int(bytes, OF)).unwrap_or_default(),
            payload: payload.to_vec(),
        })
    }

    /// As an agent writes it.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![0; PAYLOAD];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &[0, 0, 0, 116]);
        put(KIND, &[b' '; 32]);
        put(KIND, self.kind.as_bytes());
        put(VERSION, &[0, 0, 0, 1]);
        put(MADE, &1_767_225_600_000_u64.to_be_bytes());
        put(NUMBER, &self.number.to_be_bytes());
        put(FLAGS, &self.flags.to_be_bytes());
        let digits = self.id.replace('-', "");
        let half = |digits: &str| u64::from_str_radix(digits, 16).unwrap_or(1).to_be_bytes();
        put(ID, &half(&digits[16..]));
        put(ID + 8, &half(&digits[..16]));
        put(DIGEST, Sha256::of(&self.payload).as_bytes());
        put(OF, &self.of.to_be_bytes());
        put(
            LENGTH,
            &u32::try_from(self.payload.len()).unwrap_or(0).to_be_bytes(),
        );
        bytes.extend(&self.payload);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strictly() {
        let frame = Frame {
            kind: "output_stream_data".to_owned(),
            number: 7,
            flags: 1,
            id: "00112233-4455-4677-8899-aabbccddeeff".to_owned(),
            of: 1,
            payload: b"x".to_vec(),
        };
        let bytes = frame.write();
        assert_eq!(Frame::read(&bytes), Ok(frame));
        for at in [0, 3, 4, 39, 79, 80, 111, 119, 120] {
            let mut other = bytes.clone();
            other[at] ^= 0x80;
            assert!(at == 79 || Frame::read(&other).is_err(), "{at}");
        }
        assert!(Frame::read(&bytes[..119]).is_err());
    }
}
