//! Disks to be handed over: sparse files of known content.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use goldsmith_disk::fmt::{Source, Target};
use goldsmith_disk::sparse::{CHUNK, DiskDigest, is_zero};
use sha2::{Digest as _, Sha256};

/// A disk in a sparse file.
pub(super) struct Sample {
    file: File,
    pub(super) path: PathBuf,
    pub(super) size: u64,
    /// Where something was written, ascending.
    pub(super) data: Vec<Range<u64>>,
    _folder: tempfile::TempDir,
}

impl Sample {
    pub(super) fn new(size: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.raw");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        file.set_len(size).unwrap();
        Self {
            file,
            path,
            size,
            data: Vec::new(),
            _folder: folder,
        }
    }

    /// Something in every byte.
    pub(super) fn fill_all(&mut self) {
        let half = self.size / 2;
        self.text(0, half);
        self.noise(half, self.size - half);
    }

    fn put(&mut self, offset: u64, bytes: &[u8]) {
        self.file.write_all_at(bytes, offset).unwrap();
        let end = offset + bytes.len() as u64;
        match self.data.last_mut() {
            Some(last) if last.end == offset => last.end = end,
            _ => self.data.push(offset..end),
        }
    }

    /// What becomes smaller when it is compressed.
    pub(super) fn text(&mut self, offset: u64, length: u64) {
        let lines = (offset..).flat_map(|n| format!("line {n} of {}\n", n % 977 * 31).into_bytes());
        let bytes: Vec<u8> = lines.take(usize::try_from(length).unwrap()).collect();
        self.put(offset, &bytes);
    }

    /// What does not.
    pub(super) fn noise(&mut self, offset: u64, length: u64) {
        let mut state = offset | 1;
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        for byte in &mut bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = (state >> 32).to_le_bytes()[0] | 1;
        }
        self.put(offset, &bytes);
    }

    /// Half and half.
    pub(super) fn mixed(&mut self, offset: u64, length: u64) {
        self.text(offset, length / 2);
        self.noise(offset + length / 2, length - length / 2);
    }

    /// Its disk digest, computed by the plainest means.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = DiskDigest::default();
        let mut chunks: Vec<u64> = self
            .data
            .iter()
            .flat_map(|r| r.start / CHUNK as u64..r.end.div_ceil(CHUNK as u64))
            .collect();
        chunks.dedup();
        for index in chunks {
            let offset = index * CHUNK as u64;
            let length = usize::try_from(self.size - offset).map_or(CHUNK, |n| n.min(CHUNK));
            let mut chunk = vec![0; length];
            self.file.read_exact_at(&mut chunk, offset).unwrap();
            if !is_zero(&chunk) {
                digest.add(index, Sha256::digest(&chunk).into());
            }
        }
        digest.finish(self.size)
    }
}

impl Source for Sample {
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

/// A file that is written.
pub(super) struct FileTarget {
    file: File,
    at: u64,
}

impl FileTarget {
    pub(super) fn create(path: &std::path::Path) -> Self {
        let file = File::create(path).unwrap();
        Self { file, at: 0 }
    }

    pub(super) fn finish(self) {
        self.file.set_len(self.at).unwrap();
    }
}

impl Target for FileTarget {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        self.at += length;
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        assert!(
            offset + bytes.len() as u64 <= self.at,
            "patched what is not there"
        );
        self.file.write_all_at(bytes, offset)
    }
}

/// The digest of all that was said to a target, pieces and holes: files of many GiB are the same
/// when this is.
#[derive(Default)]
pub(super) struct Journal(Sha256);

impl Journal {
    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn note(&mut self, what: u8, number: u64, bytes: &[u8]) {
        self.0.update([what]);
        self.0.update(number.to_le_bytes());
        self.0.update(bytes);
    }
}

impl Target for Journal {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.note(b'a', bytes.len() as u64, bytes);
        Ok(())
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        self.note(b's', length, b"");
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.note(b'p', offset, bytes);
        Ok(())
    }
}
