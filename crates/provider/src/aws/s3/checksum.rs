//! Checksums that a store keeps of whole objects, held against the file that arrived.

use std::io::{self, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Digest, Table};
use sha1::Digest as _;

use super::super::api::Place;
use super::super::api::s3::GET_OBJECT;

static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
static CRC64: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_NVME);

/// A checksum that a store has given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checksum {
    /// As the model calls it: `ChecksumSHA256`.
    name: &'static str,
    /// In base64.
    value: String,
}

impl Checksum {
    /// The one of an answer; of several the strongest. One of parts (`...-3`) says nothing of
    /// the whole.
    pub(super) fn of(header: impl Fn(&str) -> Option<String>) -> Option<Self> {
        const ORDER: [&str; 5] = [
            "ChecksumSHA256",
            "ChecksumSHA1",
            "ChecksumCRC64NVME",
            "ChecksumCRC32C",
            "ChecksumCRC32",
        ];
        ORDER.into_iter().find_map(|name| {
            let output = GET_OBJECT
                .outputs
                .iter()
                .find(|output| output.name == name)?;
            let Place::Header(place) = output.place else {
                return None;
            };
            let value = header(place)?.trim().to_owned();
            let is_whole = STANDARD.decode(&value).is_ok();
            is_whole.then_some(Self { name, value })
        })
    }

    /// `Ok(Some(...))` says in words what differs.
    pub(super) fn differs(&self, file: &Path) -> io::Result<Option<String>> {
        let mut state = State::new(self.name);
        let mut file = std::fs::File::open(file)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => state.update(&buffer[..read]),
            }
        }
        let found = STANDARD.encode(state.finish());
        let name = self.name.trim_start_matches("Checksum");
        let expected = &self.value;
        Ok((found != *expected).then(|| format!("its {name} is {found}, not {expected}")))
    }
}

enum State {
    Sha256(goldsmith_core::digest::Hasher),
    Sha1(sha1::Sha1),
    Crc64(Digest<'static, u64, Table<16>>),
    Crc32(Digest<'static, u32, Table<16>>),
}

impl State {
    fn new(name: &str) -> Self {
        match name {
            "ChecksumSHA256" => Self::Sha256(goldsmith_core::digest::Hasher::new()),
            "ChecksumSHA1" => Self::Sha1(sha1::Sha1::new()),
            "ChecksumCRC64NVME" => Self::Crc64(CRC64.digest()),
            "ChecksumCRC32C" => Self::Crc32(CRC32C.digest()),
            _ => Self::Crc32(CRC32.digest()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(state) => state.update(bytes),
            Self::Sha1(state) => state.update(bytes),
            Self::Crc64(state) => state.update(bytes),
            Self::Crc32(state) => state.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(state) => state.finish().as_bytes().to_vec(),
            Self::Sha1(state) => state.finalize().to_vec(),
            Self::Crc64(state) => state.finalize().to_be_bytes().to_vec(),
            Self::Crc32(state) => state.finalize().to_be_bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check values (of `123456789`) of the catalogue of CRC algorithms, and of Python, in base64.
    const CHECKS: [(&str, &str); 5] = [
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
        ("x-amz-checksum-crc32c", "4waSgw=="),
        ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
        ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        (
            "x-amz-checksum-sha256",
            "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
        ),
    ];

    #[test]
    fn known_values() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        for (header, value) in CHECKS {
            let given = |name: &str| (name == header).then(|| value.to_owned());
            let checksum = Checksum::of(given).unwrap();
            std::fs::write(&file, "123456789").unwrap();
            assert_eq!(checksum.differs(&file).unwrap(), None, "{header}");
            std::fs::write(&file, "123456780").unwrap();
            assert!(checksum.differs(&file).unwrap().is_some(), "{header}");
        }
    }

    #[test]
    fn the_strongest_and_only_of_the_whole() {
        let all = |name: &str| {
            let found = CHECKS.iter().find(|(header, _)| *header == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(Checksum::of(all).unwrap().name, "ChecksumSHA256");
        let parts = |name: &str| all(name).map(|value| format!("{value}-3"));
        assert_eq!(Checksum::of(parts), None);
    }
}
