//! A small tree in a sandbox to run documents in.

use std::fmt::Write as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, EventSink};
use goldsmith_exec::ns::{Sandbox, SandboxSpec};
use goldsmith_testing::clock::RealClock;
use tempfile::TempDir;

const TOOLS: [&str; 23] = [
    "bash",
    "cat",
    "echo",
    "env",
    "false",
    "grep",
    "id",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "printf",
    "pwd",
    "readlink",
    "rm",
    "sed",
    "seq",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sleep",
    "stat",
    "touch",
];

/// Keeps every event.
#[derive(Default)]
pub(crate) struct Events(pub(crate) Mutex<Vec<Event>>);

impl EventSink for Events {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

pub(crate) fn cx() -> (Cx, Arc<Events>) {
    let events = Arc::new(Events::default());
    (Cx::new(Arc::new(RealClock), events.clone()), events)
}

/// A sandbox whose changes can be listed.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) sandbox: Sandbox,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let lower = place("lower");
        goldsmith_testing::host_tree::make(&lower, &TOOLS);
        std::fs::write(
            lower.join("etc/os-release"),
            "ID=debian\nVERSION_ID=\"12\"\n",
        )
        .unwrap();
        let spec = SandboxSpec::overlay(vec![lower], place("upper"), place("work"));
        let sandbox = Sandbox::open(&spec).unwrap();
        Self { dir, sandbox }
    }

    /// What was changed in the tree, a line each.
    pub(crate) fn changes(&self) -> String {
        let mut out = String::new();
        list(&self.dir.path().join("upper"), "", &mut out);
        out
    }
}

/// What is below a directory, a line each.
pub(crate) fn list(root: &Path, below: &str, out: &mut String) {
    let mut names: Vec<_> = root
        .join(below)
        .read_dir()
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    names.sort_unstable();
    for name in names {
        let path = format!("{below}{}", name.to_string_lossy());
        let metadata = std::fs::symlink_metadata(root.join(&path)).unwrap();
        if metadata.file_type().is_char_device() {
            writeln!(out, "/{path} gone").unwrap();
            continue;
        }
        let (mode, uid, gid) = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
        write!(out, "/{path} {mode:04o} {uid}:{gid}").unwrap();
        if metadata.is_dir() {
            out.push_str("/\n");
            list(root, &format!("{path}/"), out);
        } else if metadata.is_symlink() {
            let target = std::fs::read_link(root.join(&path)).unwrap();
            writeln!(out, " -> {}", target.display()).unwrap();
        } else {
            let bytes = std::fs::read(root.join(&path)).unwrap();
            writeln!(out, " {}", bytes.escape_ascii()).unwrap();
        }
    }
}
