//! Runs the tools of the host that judge, and keeps disks in files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Output};

use goldsmith_disk::sparse::{Chunk, DiskDigest, PlainDigest, Sink};

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

/// A file as a sink, with both digests.
pub(crate) struct FileSink {
    file: File,
    size: u64,
    digest: DiskDigest,
    plain: PlainDigest,
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
            plain: PlainDigest::new(size),
        }
    }

    /// The disk digest and the plain SHA-256.
    pub(crate) fn finish(self) -> ([u8; 32], [u8; 32]) {
        (self.digest.finish(self.size), self.plain.finish())
    }
}

impl Sink for FileSink {
    fn put(&mut self, chunk: Chunk) -> io::Result<()> {
        self.file.write_all_at(&chunk.bytes, chunk.offset())?;
        self.digest.add(chunk.index, chunk.digest());
        // Plain hashing of 100 GiB of zeros would take a minute: it is for disks that are small.
        if self.size <= 4 << 30 {
            self.plain.add(chunk);
        }
        Ok(())
    }

    fn settled(&mut self, index: u64) -> io::Result<()> {
        if self.size <= 4 << 30 {
            self.plain.settled(index);
        }
        Ok(())
    }
}
