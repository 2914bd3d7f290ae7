//! The tree as a machine: no link leads out of it, owners are the tree's own.

use std::os::unix::fs::{MetadataExt as _, symlink};

use goldsmith_component::machine::{
    Attributes, Group, Machine as _, NodeKind, Program, Script, Tree,
};
use goldsmith_core::event::Stream;

use crate::sandbox::{Fixture, cx};

#[test]
fn links_do_not_lead_out() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "of the host").unwrap();
    let root = fixture.sandbox.tree();
    symlink(&secret, root.join("etc/absolute")).unwrap();
    symlink(
        "../../../../../../../../etc/shadow",
        root.join("etc/relative"),
    )
    .unwrap();
    symlink(outside.path(), root.join("etc/dir")).unwrap();
    let tree = Tree::new(&fixture.sandbox);
    assert!(tree.read(&cx, "/etc/absolute").is_err());
    assert!(tree.read(&cx, "/etc/relative").is_err());
    assert!(tree.read(&cx, "/../../../../../../../etc/shadow").is_err());
    assert!(
        tree.write(&cx, "/etc/dir/planted", b"x", &Attributes::default())
            .is_err()
    );
    assert!(
        tree.make_dir(&cx, "/etc/dir/planted", &Attributes::default())
            .is_err()
    );
    assert!(tree.remove(&cx, "/etc/dir/secret").is_err());
    assert_eq!(outside.path().read_dir().unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "of the host");
    // Inside of the tree links work.
    symlink("/etc/passwd", root.join("etc/link")).unwrap();
    assert!(tree.read(&cx, "/etc/link").unwrap().starts_with(b"root:"));
}

#[test]
fn attributes_are_the_trees_own() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let tree = Tree::new(&fixture.sandbox);
    let attributes = |owner: &str, group: &str, mode| Attributes {
        mode: Some(mode),
        owner: Some(owner.to_owned()),
        group: Some(Group::Named(group.to_owned())),
    };
    tree.write(
        &cx,
        "/etc/app.conf",
        b"x",
        &attributes("app", "web", 0o4750),
    )
    .unwrap();
    let metadata = std::fs::metadata(fixture.sandbox.tree().join("etc/app.conf")).unwrap();
    assert_eq!(
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777),
        (1000, 1002, 0o4750)
    );
    let unknown = tree
        .write(&cx, "/etc/x", b"", &attributes("nobody-here", "0", 0o600))
        .unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no user `nobody-here` on this machine"
    );
    assert_eq!(tree.stat(&cx, "/etc").unwrap(), Some(NodeKind::Directory));
    assert_eq!(tree.stat(&cx, "/etc/nothing").unwrap(), None);
}

#[test]
fn scripts_run_as_users_and_leave_no_file() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let script = Script {
        user: Some("app".to_owned()),
        cwd: "/tmp".to_owned(),
        ..Script::new(Program::Bash("id -u; id -G; echo $HOME; pwd\n".to_owned()))
    };
    let mut lines = Vec::new();
    let exit = Tree::new(&fixture.sandbox)
        .run(&cx, &script, &mut |stream, line| {
            assert_eq!(stream, Stream::Stdout, "{line}");
            lines.push(line.to_owned());
        })
        .unwrap();
    assert!(exit.status.is_success());
    assert_eq!(lines, ["1000", "1001 1002", "/home/app", "/tmp"]);
    assert_eq!(fixture.changes(), "");
}

#[test]
fn files_do_not_depend_on_the_umask_of_this_process() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let tree = Tree::new(&fixture.sandbox);
    tree.make_dir(&cx, "/d", &Attributes::default()).unwrap();
    tree.write(&cx, "/d/f", b"", &Attributes::default())
        .unwrap();
    rustix::process::umask(before);
    assert_eq!(fixture.changes(), "/d 0755 0:0/\n/d/f 0644 0:0 \n");
}

#[test]
fn pipes_and_large_files_do_not_hang() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let path = fixture.sandbox.tree();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        path.join("etc/pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o644),
        0,
    )
    .unwrap();
    std::fs::File::create(path.join("etc/large"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let tree = Tree::new(&fixture.sandbox);
    assert!(tree.read(&cx, "/etc/pipe").is_err());
    assert!(
        tree.write(&cx, "/etc/pipe", b"x", &Attributes::default())
            .is_err()
    );
    assert!(tree.read(&cx, "/etc/large").is_err());
}
