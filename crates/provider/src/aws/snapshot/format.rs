//! What is written down of a snapshot: which blocks were put into it (`*.upload`), and which it
//! has (`<snapshot>.blocks`).
//!
//! ```text
//! goldsmith blocks 1\n
//! {"snapshot":"snap-0abc","parent":"snap-0def","volume_gib":8,"encryption":"arn:..."}\n
//!     parent: null without one; encryption: null (the account's way), "" (the default key)
//! records of 36 bytes: index (4, little-endian), SHA-256 of the block (32)
//! ```
//!
//! A last record that is not whole was being written when the machine died, and counts for nothing.
//! A later record of a block counts, not an earlier one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use goldsmith_core::digest::Sha256;
use serde_json::{Value, json};

use super::{Encryption, SnapshotError};

const MAGIC: &str = "goldsmith blocks 1\n";
const RECORD: usize = 36;

/// Which snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) snapshot: String,
    pub(super) parent: Option<String>,
    pub(super) volume_gib: u64,
    pub(super) encryption: Encryption,
}

impl Head {
    fn bytes(&self) -> Vec<u8> {
        let encryption = match &self.encryption {
            Encryption::Account => None,
            Encryption::DefaultKey => Some(""),
            Encryption::Key(key) => Some(key.as_str()),
        };
        let head = json!({ "snapshot": self.snapshot, "parent": self.parent,
            "volume_gib": self.volume_gib, "encryption": encryption });
        format!("{MAGIC}{head}\n").into_bytes()
    }

    fn of(line: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(line).ok()?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Self {
            snapshot: text("snapshot")?,
            parent: text("parent"),
            volume_gib: value["volume_gib"].as_u64()?,
            encryption: match text("encryption") {
                None => Encryption::Account,
                Some(key) if key.is_empty() => Encryption::DefaultKey,
                Some(key) => Encryption::Key(key),
            },
        })
    }
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) head: Head,
    pub(super) done: BTreeMap<u32, Sha256>,
    /// Bytes up to the end of the last whole record.
    length: u64,
}

/// `None`: there is none, or it is of another form.
pub(super) fn read(path: &Path) -> Result<Option<Read>, SnapshotError> {
    match fs::read(path) {
        Ok(bytes) => Ok(parse(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SnapshotError::file("read", path)(error)),
    }
}

fn parse(bytes: &[u8]) -> Option<Read> {
    let rest = bytes.strip_prefix(MAGIC.as_bytes())?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let head = Head::of(&rest[..end])?;
    let records = rest[end + 1..].chunks_exact(RECORD);
    let left = records.remainder().len();
    let mut done = BTreeMap::new();
    for record in records {
        let (index, digest) = record.split_at(4);
        let index = u32::from_le_bytes(index.try_into().ok()?);
        done.insert(index, Sha256::from_bytes(digest.try_into().ok()?));
    }
    Some(Read {
        head,
        done,
        length: (bytes.len() - left) as u64,
    })
}

fn record(index: u32, digest: &Sha256) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..4].copy_from_slice(&index.to_le_bytes());
    record[4..].copy_from_slice(digest.as_bytes());
    record
}

/// Writes the whole, in place of what is there, all or nothing.
pub(super) fn write(
    path: &Path,
    head: &Head,
    blocks: &BTreeMap<u32, Sha256>,
) -> Result<(), SnapshotError> {
    let mut bytes = head.bytes();
    for (index, digest) in blocks {
        bytes.extend(record(*index, digest));
    }
    let half = path.with_extension("half");
    fs::write(&half, bytes)
        .and_then(|()| fs::rename(&half, path))
        .map_err(SnapshotError::file("write", path))
}

/// Takes a file away; one that is not there is.
pub(super) fn remove(path: &Path) -> Result<(), SnapshotError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(SnapshotError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// What was put into a snapshot, and where more is written down.
#[derive(Debug)]
pub(super) struct Journal {
    /// By earlier calls.
    pub(super) done: BTreeMap<u32, Sha256>,
    file: Mutex<File>,
}

impl Journal {
    /// Opens the journal of a snapshot; that of another one is begun anew.
    pub(super) fn open(path: &Path, head: &Head) -> Result<Self, SnapshotError> {
        let found = read(path)?.filter(|found| found.head == *head);
        if found.is_none() {
            write(path, head, &BTreeMap::new())?;
        }
        let failed = || SnapshotError::file("write", path);
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(failed())?;
        if let Some(found) = &found {
            file.set_len(found.length).map_err(failed())?;
        }
        Ok(Self {
            done: found.map(|found| found.done).unwrap_or_default(),
            file: Mutex::new(file),
        })
    }

    /// Writes down a block that was put.
    pub(super) fn add(&self, index: u32, digest: &Sha256) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&record(index, digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(encryption: Encryption) -> Head {
        Head {
            snapshot: "snap-1".to_owned(),
            parent: Some("snap-0".to_owned()),
            volume_gib: 8,
            encryption,
        }
    }

    /// The oldest version that there is, byte by byte.
    #[test]
    fn version_1() {
        let mut bytes = b"goldsmith blocks 1\n{\"snapshot\":\"snap-1\",\"parent\":\"snap-0\",\"volume_gib\":8,\"encryption\":\"\"}\n\x07\x01\0\0".to_vec();
        bytes.extend([9; 32]);
        let read = parse(&bytes).unwrap();
        assert_eq!(read.head, head(Encryption::DefaultKey));
        assert_eq!(
            read.done,
            BTreeMap::from([(263, Sha256::from_bytes([9; 32]))])
        );
        let mut written = read.head.bytes();
        written.extend(record(263, &Sha256::from_bytes([9; 32])));
        assert_eq!(written, bytes);
        for other in [&bytes[..20], b"", b"goldsmith blocks 2\n{}\n"] {
            assert_eq!(parse(other), None);
        }
    }

    #[test]
    fn heads() {
        let key = Encryption::Key("arn:aws:kms:x:1:key/2".to_owned());
        for encryption in [Encryption::Account, Encryption::DefaultKey, key] {
            let head = head(encryption);
            assert_eq!(parse(&head.bytes()).unwrap().head, head);
        }
    }

    #[test]
    fn what_was_half_written_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.upload");
        let head = head(Encryption::Account);
        let (a, b) = (Sha256::of(b"a"), Sha256::of(b"b"));
        let journal = Journal::open(&path, &head).unwrap();
        assert!(journal.done.is_empty());
        journal.add(1, &a).unwrap();
        journal.add(2, &b).unwrap();
        drop(journal);
        let length = fs::metadata(&path).unwrap().len();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(length - 1).unwrap();
        let journal = Journal::open(&path, &head).unwrap();
        assert_eq!(journal.done, BTreeMap::from([(1, a)]));
        journal.add(3, &b).unwrap();
        let again = Journal::open(&path, &head).unwrap();
        assert_eq!(again.done, BTreeMap::from([(1, a), (3, b)]));
        // That of another snapshot is of no use.
        let other = Head {
            snapshot: "snap-2".to_owned(),
            ..head
        };
        assert!(Journal::open(&path, &other).unwrap().done.is_empty());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }
}
