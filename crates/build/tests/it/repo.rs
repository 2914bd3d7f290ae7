//! The archive: locking from it and fetching from it.

mod debian;
mod fetch;
mod lock;
mod refuse;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_build::repo::{Archive, Fetched, Mirrors, RepoError, Update, Wanted};
use goldsmith_build::repo::{fetch_packages, lock};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::failure::Failure as _;
use goldsmith_core::fetch::Fetch;
use goldsmith_core::recipe::{DebianSource, DiskSpec, Firmware, Variant};
use goldsmith_plan::lock::{Input, Section};
use goldsmith_plan::release::Keyring;
use goldsmith_provider::{HttpFetch, Offline, Settings};
use goldsmith_store::Store;
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::key::{Cert, TestKey};
use goldsmith_testing::mirror::FaultyMirror;
use goldsmith_testing::repo::{Package, Suite, write};

/// When the key is made, 2023-11-14 22:13 UTC.
const BORN: u32 = 1_700_000_000;
const DAY: u32 = 86_400;
/// When the suite is made.
const MADE: u32 = BORN + DAY;
/// When we look at it.
const NOW: i64 = BORN as i64 + 2 * DAY as i64;

const INDEX: &str = "main/binary-amd64";

/// A small archive behind a mirror, and a store.
struct Bench {
    dir: tempfile::TempDir,
    mirror: FaultyMirror,
    store: Store,
    fetch: HttpFetch,
    keyring: Keyring,
    cx: Cx,
    source: DebianSource,
    disk: DiskSpec,
    documents: Vec<Input>,
}

fn key() -> TestKey {
    TestKey::new(1, BORN)
}

/// The packages of the archive as it is at first.
fn packages() -> Vec<Package> {
    let essential = ["Essential: yes", "Priority: required"];
    vec![
        Package::new("base-files", "12.4", &essential),
        Package::new("grub-pc-bin", "2.06-13", &["Priority: optional"]),
        Package::new(
            "nginx",
            "1.22.1-9",
            &["Priority: optional", "Depends: libc6 (>= 2.36)"],
        ),
        Package::new("libc6", "2.36-9", &["Priority: optional"]),
    ]
}

fn source(packages: &[&str]) -> DebianSource {
    DebianSource {
        name: "server".to_owned(),
        span: Span::new(&SourceFile::new("a.gold.hcl", ""), 0..0),
        mirror: None,
        security_mirror: None,
        suite: "bookworm".to_owned(),
        updates: false,
        security: false,
        components: vec!["main".to_owned()],
        arch: "amd64".to_owned(),
        variant: Variant::Essential,
        packages: packages.iter().map(|name| (*name).to_owned()).collect(),
        keyring: None,
        check_valid_until: true,
    }
}

impl Bench {
    fn new() -> Self {
        Self::with(&Suite::new("bookworm", MADE, packages()))
    }

    fn with(suite: &Suite<'_>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("mirror");
        write(&root, suite, &key());
        Self {
            mirror: FaultyMirror::serve(root),
            store: Store::open(&dir.path().join("store")).unwrap(),
            fetch: HttpFetch::new(Settings::default()),
            keyring: Keyring::parse(&key().cert(Cert::new(BORN))).unwrap(),
            cx: Cx::silent(Arc::new(FakeClock::at(NOW))),
            source: source(&["nginx"]),
            disk: DiskSpec {
                size_bytes: 8 << 30,
                boot: vec![Firmware::Bios],
                kernel_args: Vec::new(),
            },
            documents: Vec::new(),
            dir,
        }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("mirror")
    }

    fn archive<T>(&self, fetch: &dyn Fetch, run: impl FnOnce(Archive<'_>) -> T) -> T {
        let mirrors = Mirrors {
            main: Some(self.mirror.base()),
            security: Some(self.mirror.base()),
        };
        run(Archive {
            mirrors: &mirrors,
            keyring: &self.keyring,
            fetch,
            store: &self.store,
        })
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            source: &self.source,
            disk: &self.disk,
            documents: &self.documents,
        }
    }

    fn lock_with(
        &self,
        fetch: &dyn Fetch,
        old: Option<&Section>,
        update: Update<'_>,
    ) -> Result<Section, RepoError> {
        self.archive(fetch, |archive| {
            lock(&self.cx, archive, self.wanted(), old, update)
        })
    }

    fn lock(&self) -> Result<Section, RepoError> {
        self.lock_with(&self.fetch, None, Update::None)
    }

    fn lock_offline(&self, old: Option<&Section>) -> Result<Section, RepoError> {
        self.lock_with(&Offline, old, Update::None)
    }

    fn fetch(&self, section: &Section) -> Result<Fetched, RepoError> {
        self.archive(&self.fetch, |archive| {
            fetch_packages(&self.cx, archive, section)
        })
    }

    fn fetch_offline(&self, section: &Section) -> Result<Fetched, RepoError> {
        self.archive(&Offline, |archive| {
            fetch_packages(&self.cx, archive, section)
        })
    }

    /// Paths asked for since the start, without doubles.
    fn asked(&self) -> Vec<String> {
        let mut paths: Vec<_> = self.mirror.requests().into_iter().map(|r| r.path).collect();
        paths.dedup();
        paths
    }
}

/// Names and versions: `base-files 12.4, nginx 1.22.1-9`.
fn versions(section: &Section) -> String {
    let shown = |p: &goldsmith_plan::lock::Package| format!("{} {}", p.name, p.version);
    section
        .all_packages()
        .map(shown)
        .collect::<Vec<_>>()
        .join(", ")
}

/// An error with its causes, as the surface shows it. It must have a hint.
fn words(error: &RepoError) -> String {
    assert!(!error.hints().is_empty(), "{error}");
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        write!(text, ": {inner}").unwrap();
        cause = inner.source();
    }
    text
}
