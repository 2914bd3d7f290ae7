//! Operations on whole directories, alike in a tree and on this computer, with links that
//! want to lead out.

use std::collections::BTreeMap;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;

use goldsmith_component::machine::{
    Attributes, Depth, Entry, Group, Host, Machine, MachineError, NodeKind, Tree,
};
use goldsmith_core::cx::Cx;

use crate::sandbox::{Fixture, cx, list};

/// Does it in a tree and below a directory of this computer.
fn on_both(check: fn(&Cx, &dyn Machine, &Path)) {
    let (cx, _) = cx();
    let fixture = Fixture::new();
    check(&cx, &Tree::new(&fixture.sandbox), &fixture.sandbox.tree());
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("etc")).unwrap();
    for name in ["passwd", "group"] {
        let path = format!("etc/{name}");
        std::fs::copy(fixture.sandbox.tree().join(&path), dir.path().join(&path)).unwrap();
    }
    let host = Host::below(dir.path(), BTreeMap::new()).unwrap();
    check(&cx, &host, dir.path());
}

fn describe(directory: impl AsRef<Path>) -> String {
    let mut out = String::new();
    list(directory.as_ref(), "", &mut out);
    out
}

fn app(mode: u32) -> Attributes {
    Attributes {
        mode: Some(mode),
        owner: Some("app".to_owned()),
        group: Some(Group::OfOwner),
    }
}

/// `/from`: a file, a directory with a file, links inside and out, a pipe.
fn fill(root: &Path) {
    std::fs::create_dir_all(root.join("from/sub")).unwrap();
    std::fs::write(root.join("from/one"), "1").unwrap();
    std::fs::write(root.join("from/sub/two"), "2").unwrap();
    symlink("one", root.join("from/near")).unwrap();
    symlink("/etc/nothing", root.join("from/sub/dangling")).unwrap();
}

const FILLED: &str = "/near 0777 1000:1001 -> one
/one 0640 1000:1001 1
/sub 0640 1000:1001/
/sub/dangling 0777 1000:1001 -> /etc/nothing
/sub/two 0640 1000:1001 2
";

#[test]
fn all_below_gets_attributes() {
    on_both(|cx, machine, root| {
        fill(root);
        symlink("from", root.join("way")).unwrap();
        machine.set(cx, "/way", &app(0o640), Depth::All).unwrap();
        assert_eq!(describe(root.join("from")), FILLED);
        machine
            .set(cx, "/from/near", &app(0o4755), Depth::One)
            .unwrap();
        let one = describe(root.join("from"))
            .lines()
            .nth(1)
            .unwrap()
            .to_owned();
        assert_eq!(one, "/one 4755 1000:1001 1");
        let unknown = Attributes {
            owner: Some("4242".to_owned()),
            group: Some(Group::OfOwner),
            mode: None,
        };
        let error = machine.set(cx, "/from", &unknown, Depth::One).unwrap_err();
        assert_eq!(error.to_string(), "there is no user `4242` on this machine");
        assert!(machine.set(cx, "/none", &app(0o600), Depth::All).is_err());
    });
}

#[test]
fn directories_are_copied_and_moved_whole() {
    on_both(|cx, machine, root| {
        fill(root);
        machine.set(cx, "/from", &app(0o640), Depth::All).unwrap();
        machine.copy_dir(cx, "/from", "/copy").unwrap();
        assert_eq!(describe(root.join("copy")), FILLED);
        // What was there goes, with what only it has.
        std::fs::create_dir(root.join("old")).unwrap();
        std::fs::write(root.join("old/gone"), "").unwrap();
        machine.copy_dir(cx, "/from/", "/old/").unwrap();
        assert_eq!(describe(root.join("old")), FILLED);
        machine.rename(cx, "/copy", "/old").unwrap();
        assert_eq!(describe(root.join("old")), FILLED);
        machine.rename(cx, "/old/", "/new").unwrap();
        assert_eq!(describe(root.join("new")), FILLED);
        assert!(!root.join("old").exists() && !root.join("copy").exists());
        let pipe = root.join("from/pipe");
        let kind = rustix::fs::FileType::Fifo;
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
        machine.copy_dir(cx, "/from", "/new").unwrap();
        let copied = root.join("new/pipe").metadata().unwrap();
        assert!(copied.file_type().is_fifo());
        // A file replaces a file, and a link is moved as one.
        machine.rename(cx, "/from/near", "/from/one").unwrap();
        assert_eq!(
            machine.lstat(cx, "/from/one").unwrap(),
            Some(NodeKind::Link)
        );
        assert!(machine.rename(cx, "/from/sub/two", "/new").is_err());
        assert!(machine.rename(cx, "/none", "/x").is_err());
    });
}

#[test]
fn neither_directory_may_lie_in_the_other() {
    on_both(|cx, machine, root| {
        fill(root);
        symlink("from/sub", root.join("inside")).unwrap();
        let before = describe(root.join("from"));
        for (from, to) in [
            ("/from", "/from/sub/new"),
            ("/from", "/inside/new"),
            ("/from/sub", "/from"),
            ("/inside", "/from"),
            ("/from", "/from"),
        ] {
            assert!(machine.copy_dir(cx, from, to).is_err(), "{from} {to}");
        }
        for (from, to) in [("/from", "/from/sub/new"), ("/from/sub", "/from")] {
            assert!(machine.rename(cx, from, to).is_err(), "{from} {to}");
        }
        machine.rename(cx, "/from", "/from").unwrap();
        assert_eq!(describe(root.join("from")), before);
    });
}

#[test]
fn directories_are_listed_and_removed() {
    on_both(|cx, machine, root| {
        fill(root);
        symlink("from", root.join("way")).unwrap();
        let entry = |path: &str, kind| Entry {
            path: path.to_owned(),
            kind,
        };
        let near = entry("near", NodeKind::Link);
        let one = entry("one", NodeKind::File);
        let sub = entry("sub", NodeKind::Directory);
        let listed = machine.list(cx, "/way", Depth::One).unwrap();
        assert_eq!(listed, [near.clone(), one.clone(), sub.clone()]);
        let dangling = entry("sub/dangling", NodeKind::Link);
        let two = entry("sub/two", NodeKind::File);
        let listed = machine.list(cx, "/from", Depth::All).unwrap();
        assert_eq!(listed, [near, one, sub, dangling, two]);
        assert!(machine.list(cx, "/from/one", Depth::One).is_err());
        assert!(machine.remove_dir(cx, "/from", Depth::One).is_err());
        assert!(machine.remove_dir(cx, "/way", Depth::All).is_err());
        assert!(machine.remove_dir(cx, "/from/one", Depth::All).is_err());
        machine.remove_dir(cx, "/from/", Depth::All).unwrap();
        assert_eq!(machine.lstat(cx, "/from").unwrap(), None);
        assert_eq!(machine.lstat(cx, "/way").unwrap(), Some(NodeKind::Link));
        assert_eq!(machine.stat(cx, "/way").unwrap(), None);
        std::fs::create_dir(root.join("empty")).unwrap();
        machine.remove_dir(cx, "/empty", Depth::One).unwrap();
        machine.link(cx, "../x y", "/etc/made").unwrap();
        let target = std::fs::read_link(root.join("etc/made")).unwrap();
        assert_eq!(target, Path::new("../x y"));
        assert!(machine.link(cx, "x", "/etc/made").is_err());
    });
}

/// Where the kernel cannot rename.
#[test]
fn things_move_between_file_systems() {
    use std::os::unix::fs::MetadataExt as _;
    let (here, there) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir_in("/dev/shm").unwrap(),
    );
    let device = |dir: &tempfile::TempDir| dir.path().metadata().unwrap().dev();
    assert_ne!(
        device(&here),
        device(&there),
        "`/dev/shm` is a file system of its own"
    );
    let host = Host::new(BTreeMap::new()).unwrap();
    let (cx, _) = cx();
    fill(here.path());
    let path = |dir: &tempfile::TempDir, name: &str| format!("{}/{name}", dir.path().display());
    let numbers = Attributes {
        mode: Some(0o640),
        owner: Some("1000".to_owned()),
        group: Some(Group::Named("1001".to_owned())),
    };
    let from = path(&here, "from");
    host.set(&cx, &from, &numbers, Depth::All).unwrap();
    // What is there goes.
    std::fs::create_dir(there.path().join("moved")).unwrap();
    std::fs::write(there.path().join("moved/gone"), "").unwrap();
    host.rename(&cx, &from, &path(&there, "moved")).unwrap();
    assert_eq!(describe(there.path().join("moved")), FILLED);
    assert!(!here.path().join("from").exists());
    for name in ["near", "one"] {
        let from = path(&there, &format!("moved/{name}"));
        host.rename(&cx, &from, &path(&here, "file")).unwrap();
    }
    assert_eq!(describe(here.path()), "/file 0640 1000:1001 1\n");
    assert_eq!(describe(there.path().join("moved")).lines().count(), 3);
}

#[test]
fn whoever_asks_to_stop_is_heard() {
    on_both(|cx, machine, root| {
        fill(root);
        let mut cx = cx.clone();
        cx.cancel = cx.cancel.part();
        cx.cancel.cancel();
        let set = machine.set(&cx, "/from", &app(0o700), Depth::All);
        let copied = machine.copy_dir(&cx, "/from", "/copy");
        let listed = machine.list(&cx, "/from", Depth::One).map(drop);
        let file = machine.copy(&cx, "/from/one", "/one");
        for stopped in [set, copied, listed, file] {
            assert!(
                matches!(stopped, Err(MachineError::Cancelled(_))),
                "{stopped:?}"
            );
        }
    });
}

/// What the tests of hostile links must find as it was.
struct Outside {
    dir: tempfile::TempDir,
    before: String,
}

impl Outside {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("secret"), "of the host").unwrap();
        std::fs::write(dir.path().join("sub/more"), "too").unwrap();
        let before = describe(dir.path());
        Self { dir, before }
    }

    #[track_caller]
    fn check(&self) {
        assert_eq!(describe(self.dir.path()), self.before);
    }
}

#[test]
fn no_link_leads_out() {
    on_both(|cx, machine, root| {
        let outside = Outside::new();
        let there = outside.dir.path();
        std::fs::create_dir_all(root.join("in/deep")).unwrap();
        symlink(there, root.join("in/absolute")).unwrap();
        let up = format!("{}{}", "../".repeat(40), &there.to_str().unwrap()[1..]);
        symlink(&up, root.join("in/relative")).unwrap();
        symlink(there.join("secret"), root.join("in/deep/file")).unwrap();
        let dotted = format!("/in/{}{}", "../".repeat(40), &there.to_str().unwrap()[1..]);
        for path in ["/in/absolute", "/in/relative", &dotted] {
            let below = |name: &str| format!("{path}/{name}");
            assert_eq!(machine.stat(cx, &below("secret")).unwrap(), None, "{path}");
            assert!(machine.list(cx, path, Depth::All).is_err(), "{path}");
            assert!(machine.copy_dir(cx, path, "/stolen").is_err(), "{path}");
            assert!(machine.copy_dir(cx, "/in/deep", &below("planted")).is_err());
            assert!(machine.copy(cx, &below("secret"), "/stolen").is_err());
            assert!(machine.rename(cx, &below("secret"), "/stolen").is_err());
            assert!(machine.rename(cx, "/in/deep", &below("planted")).is_err());
            assert!(machine.link(cx, "x", &below("planted")).is_err());
            assert!(machine.remove_dir(cx, &below("sub"), Depth::All).is_err());
            assert!(machine.set(cx, path, &app(0o777), Depth::All).is_err());
            outside.check();
        }
        // On the way down they are not followed.
        machine.set(cx, "/in", &app(0o777), Depth::All).unwrap();
        let listed = machine.list(cx, "/in", Depth::All).unwrap();
        assert_eq!(listed.len(), 4);
        machine.copy_dir(cx, "/in", "/copy").unwrap();
        assert_eq!(
            std::fs::read_link(root.join("copy/absolute")).unwrap(),
            there
        );
        machine.remove_dir(cx, "/copy", Depth::All).unwrap();
        machine.remove_dir(cx, "/in", Depth::All).unwrap();
        outside.check();
    });
}

/// Somebody swaps a directory and a link that leads out as fast as they can.
#[test]
fn no_race_leads_out() {
    on_both(|cx, machine, root| {
        let outside = Outside::new();
        std::fs::create_dir_all(root.join("in/door/sub")).unwrap();
        std::fs::write(root.join("in/door/sub/more"), "mine").unwrap();
        symlink(outside.dir.path(), root.join("in/trap")).unwrap();
        let (door, trap) = (root.join("in/door"), root.join("in/trap"));
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let flags = rustix::fs::RenameFlags::EXCHANGE;
                    rustix::fs::renameat_with(
                        rustix::fs::CWD,
                        &door,
                        rustix::fs::CWD,
                        &trap,
                        flags,
                    )
                    .unwrap();
                }
            });
            for _ in 0..300 {
                // Each may fail, by what it meets.
                let _changed = machine.set(cx, "/in", &app(0o777), Depth::All);
                let _written = machine.write(cx, "/in/door/secret", b"x", &app(0o777));
                let _copied = machine.copy_dir(cx, "/in", "/copy");
                if root.join("copy").exists() {
                    assert!(!describe(root.join("copy")).contains("of the host"));
                }
                let _removed = machine.remove_dir(cx, "/in/door/sub", Depth::All);
                let _made = machine.make_dir(cx, "/in/door/sub", &app(0o777));
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        outside.check();
    });
}
