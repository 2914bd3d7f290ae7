//! What the tests share: packages by mmdebstrap, a store, a context.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use goldsmith_build::bootstrap::LockedPackage;
use goldsmith_build::bootstrap::{BootstrapError, BootstrapSpec, bootstrap};
use goldsmith_build::layer::{Anew, Stack};
use goldsmith_core::cx::{Clock, Cx};
use goldsmith_core::event::{Event, EventSink};
use goldsmith_exec::ns::Sandbox;
use goldsmith_store::{Scratch, Store};

/// What scripts of both builders take for the present: newer than every package.
pub(crate) const EPOCH: i64 = 1_795_000_000;

struct Wall(Instant);

impl Clock for Wall {
    fn unix_seconds(&self) -> i64 {
        EPOCH
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Shows what scripts say, for a test that fails.
struct Print;

impl EventSink for Print {
    fn emit(&self, event: Event) {
        match event {
            Event::Output { source, text, .. } => println!("{source}: {text}"),
            Event::PhaseFinished { phase, ms, .. } => println!("{phase}: {ms} ms"),
            _ => {}
        }
    }
}

pub(crate) fn cx() -> Cx {
    #[expect(clippy::disallowed_methods, reason = "the clock of this test")]
    let now = Instant::now();
    Cx::new(Arc::new(Wall(now)), Arc::new(Print))
}

/// A directory on the disk of the build: a tree does not fit everywhere.
pub(crate) fn home() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A tool of the host; fails the test with its name when it is missing.
#[expect(
    clippy::disallowed_methods,
    reason = "tests run the tools they compare with"
)]
pub(crate) fn tool(name: &str) -> Command {
    let found = Command::new("sh")
        .args(["-c", "command -v -- \"$1\"", "sh", name])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(
        found.success(),
        "this test needs `{name}`: apt-get install {name}"
    );
    Command::new(name)
}

/// Makes `tree` with mmdebstrap and keeps the packages it took in `debs`. Packages of earlier
/// runs are not fetched again.
pub(crate) fn mmdebstrap(include: &[&str], tree: &Path, debs: &Path) {
    let sources = fs::read_to_string("/etc/apt/sources.list.d/debian.sources")
        .expect("the mirror is taken from /etc/apt/sources.list.d/debian.sources");
    let mirror = sources
        .lines()
        .find_map(|line| line.strip_prefix("URIs:"))
        .and_then(|uris| uris.split_whitespace().next())
        .expect("it names one");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("debs");
    fs::create_dir_all(&cache).unwrap();
    fs::create_dir_all(debs).unwrap();
    let (cache, debs) = (cache.display(), debs.display());
    let output = tool("mmdebstrap")
        .args(["--variant=minbase", "--mode=root", "--quiet"])
        .args(["--skip=download/empty", "--skip=essential/unlink"])
        .arg(format!("--include={}", include.join(",")))
        .arg(format!(
            "--setup-hook=mkdir -p \"$1/var/cache/apt/archives/partial\"; \
             cp -al {cache}/*.deb \"$1/var/cache/apt/archives/\" 2>/dev/null || true"
        ))
        // What is configured now, of all that the cache brought.
        .arg(format!(
            "--customize-hook=cd \"$1/var/cache/apt/archives\"; \
             dpkg-query --admindir=\"$1/var/lib/dpkg\" -W \
             -f '${{Package}}_${{Version}}_${{Architecture}}.deb\\n' | sed 's/:/%3a/' | \
             while read -r name; do cp -al \"$name\" {debs}/ && cp -alf \"$name\" {cache}/; done"
        ))
        .arg("bookworm")
        .arg(tree)
        .arg(format!("deb {mirror} bookworm main"))
        .env("SOURCE_DATE_EPOCH", EPOCH.to_string())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "mmdebstrap failed:\n{log}");
}

/// Takes packages into a store, in the order of their names: what dpkg needs first is ours to
/// find out.
pub(crate) fn store(home: &Path, debs: &Path) -> (Store, Vec<LockedPackage>) {
    let store = Store::open(&home.join("store")).unwrap();
    let mut paths: Vec<PathBuf> = fs::read_dir(debs)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    let packages = paths
        .iter()
        .map(|path| LockedPackage {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            sha256: store.insert(fs::File::open(path).unwrap(), None).unwrap(),
            automatic: false,
        })
        .collect();
    (store, packages)
}

/// A bootstrapped tree to look at and to run commands in. What they change is lost.
pub(crate) struct Tree {
    // Before the directory it is mounted over.
    pub(crate) sandbox: Sandbox,
    _scratch: Scratch,
}

pub(crate) fn tree(
    cx: &Cx,
    store: &Store,
    spec: &BootstrapSpec<'_>,
) -> Result<Tree, BootstrapError> {
    let mut stack = Stack::new(store, spec.epoch, Anew::None);
    bootstrap(cx, &mut stack, spec)?;
    let scratch = store.scratch("look")?;
    let (sandbox, _) = stack.open(cx, &scratch)?;
    Ok(Tree {
        sandbox,
        _scratch: scratch,
    })
}
