//! Runs the tools of the host that judge, and keeps disks in files.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Output};

use goldsmith_disk::sparse::{CHUNK, Chunk, DiskDigest, PlainDigest, Sink};
use goldsmith_disk::tree::ContentSource;

/// Runs a tool and gives what it printed; fails when it is missing or says no.
pub(crate) fn tool(package: &str, name: &str, arguments: &[&str]) -> String {
    let output = run(package, name, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{name} {arguments:?}: {}\n{text}{errors}",
        output.status
    );
    text
}

/// Runs a checker that finds something wrong and puts all of it right.
pub(crate) fn mend(package: &str, name: &str, arguments: &[&str]) {
    let output = run(package, name, arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
}

#[expect(clippy::disallowed_methods, reason = "oracles are tools of the host")]
fn run(package: &str, name: &str, arguments: &[&str]) -> Output {
    Command::new(name)
        .args(arguments)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env("MTOOLS_SKIP_CHECK", "1")
        .output()
        .unwrap_or_else(|error| panic!("this test needs `{name}` of package `{package}`: {error}"))
}

/// What used buffers hold; no file of the tests does.
pub(crate) const RESIDUE: u8 = 0xA5;

/// A file as a sink, with both digests.
pub(crate) struct FileSink {
    file: File,
    size: u64,
    digest: DiskDigest,
    /// Plain hashing of 100 GiB of zeros would take a minute: it is for disks that are small.
    plain: Option<PlainDigest>,
}

impl FileSink {
    /// A sparse file of `size` bytes.
    pub(crate) fn create(path: &Path, size: u64) -> Self {
        let file = File::create(path).unwrap();
        file.set_len(size).unwrap();
        Self {
            file,
            size,
            digest: DiskDigest::default(),
            plain: (size <= 4 << 30).then(|| PlainDigest::new(size)),
        }
    }

    /// The disk digest, and the plain SHA-256 of a small disk.
    pub(crate) fn finish(self) -> ([u8; 32], Option<[u8; 32]>) {
        (
            self.digest.finish(self.size),
            self.plain.map(PlainDigest::finish),
        )
    }
}

impl Sink for FileSink {
    fn put(&mut self, chunk: Chunk) -> io::Result<()> {
        self.file.write_all_at(&chunk.bytes, chunk.offset())?;
        self.digest.add(chunk.index, chunk.digest());
        if let Some(plain) = &mut self.plain {
            plain.add(chunk);
        }
        Ok(())
    }

    fn settled(&mut self, index: u64) -> io::Result<()> {
        if let Some(plain) = &mut self.plain {
            plain.settled(index);
        }
        Ok(())
    }

    fn spare(&mut self) -> Option<Vec<u8>> {
        // Used buffers are full of what was in them: none of it may get onto the disk.
        Some(vec![RESIDUE; CHUNK])
    }
}

/// Contents that can be told apart: each file is its path, again and again.
pub(crate) struct Patterns;

impl Patterns {
    /// `length` bytes of the content of `path`, from `offset` on.
    pub(crate) fn bytes(path: &[u8], offset: u64, length: usize) -> Vec<u8> {
        let skip = usize::try_from(offset % (path.len() as u64 + 1)).unwrap();
        let line = path.iter().copied().chain([b'\n']);
        line.cycle().skip(skip).take(length).collect()
    }
}

impl ContentSource for Patterns {
    fn open(&mut self, path: &[u8], data: &[Range<u64>]) -> io::Result<Box<dyn Read + '_>> {
        let parts: Vec<u8> = data
            .iter()
            .flat_map(|range| {
                let length = usize::try_from(range.end - range.start).unwrap();
                Self::bytes(path, range.start, length)
            })
            .collect();
        Ok(Box::new(io::Cursor::new(parts)))
    }
}
