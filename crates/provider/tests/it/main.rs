//! The fetcher against a real server that fails on purpose.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod aws;
mod download;
mod get;
mod notify;
mod save;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::fetch::Expected;
use goldsmith_provider::{HttpFetch, Settings};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::mirror::FaultyMirror;

/// A mirror with one file, a fetcher with short timeouts, and a place to write to.
struct Bench {
    dir: tempfile::TempDir,
    mirror: FaultyMirror,
    fetch: HttpFetch,
    clock: Arc<FakeClock>,
    cx: Cx,
    content: Vec<u8>,
}

const FILE: &str = "pool/thing_1.deb";

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..300_000u32)
            .map(|n| (n * 7 / 3).to_le_bytes()[0])
            .collect();
        std::fs::create_dir_all(dir.path().join("root/pool")).unwrap();
        std::fs::write(dir.path().join("root").join(FILE), &content).unwrap();
        let clock = Arc::new(FakeClock::at(1_700_000_000));
        Self {
            mirror: FaultyMirror::serve(dir.path().join("root")),
            dir,
            fetch: HttpFetch::new(Settings {
                connect_timeout: Duration::from_secs(2),
                stall_timeout: Duration::from_millis(300),
                ..Settings::default()
            }),
            cx: Cx::silent(Arc::clone(&clock) as Arc<_>),
            clock,
            content,
        }
    }

    fn expected(&self) -> Expected {
        Expected {
            size: self.content.len() as u64,
            sha256: Sha256::of(&self.content),
        }
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join("thing.deb")
    }

    fn part(&self) -> PathBuf {
        self.dir.path().join("thing.deb.part")
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.mirror
            .requests()
            .into_iter()
            .map(|r| r.range)
            .collect()
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
