//! Roots packed by GNU tar, and by somebody who means harm.

use std::fs;
use std::path::Path;

use goldsmith_build::source::{is_archive, unpack_archive};
use goldsmith_core::failure::{Class, Failure as _};

use super::super::assemble::cx;
use super::super::assemble::odd_tree::put;
use super::{blocks, compare, run, text, told, tree};

fn pack(tree: &Path, to: &Path, options: &[&str]) {
    let mut words = vec!["--create", "--file", text(to), "--directory", text(tree)];
    words.extend(options);
    words.push(".");
    run("tar", "tar", &words);
}

#[test]
fn what_tar_packs() {
    let scratch = tempfile::tempdir().unwrap();
    let before = scratch.path().join("before");
    tree(&before);
    let deep = format!("usr/{}/{}", "d".repeat(120), "f".repeat(150));
    put(&before.join(deep), b"deep", 0o644);
    // An attribute with ends of lines in it.
    let listed = before.join("srv/listed");
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::lsetxattr(&listed, "user.lines", b"a\nb=c\n\n", flags).unwrap();
    let attributes = ["--xattrs", "--xattrs-include=*", "--format=pax"];
    for (name, more) in [
        ("a.tar", &["--sparse"][..]),
        ("a.tgz", &["--gzip"]),
        ("a.xz", &["--xz", "--sparse", "--sparse-version=0.1"]),
        ("zst", &["--zstd", "--absolute-names"]),
    ] {
        let archive = scratch.path().join(name);
        pack(&before, &archive, &[&attributes[..], more].concat());
        assert!(is_archive(&archive).unwrap(), "{name}");
        let into = tempfile::tempdir().unwrap();
        unpack_archive(&cx(), &archive, into.path()).unwrap_or_else(|e| panic!("{}", told(&e)));
        compare(&before, into.path());
        if more.contains(&"--sparse") {
            assert!(blocks(&into.path().join("var/sparse")) < 100, "{name}");
        }
    }

    // GNU's own form has no attributes, and whole seconds.
    for path in ["srv/listed", "usr/bin/ping", "var/spool"] {
        let path = before.join(path);
        for (name, _) in super::super::assemble::listing::attributes(&path) {
            rustix::fs::lremovexattr(&path, name.as_str()).unwrap();
        }
    }
    super::super::assemble::odd_tree::clamp(&before, 1_600_000_000);
    let archive = scratch.path().join("gnu");
    pack(&before, &archive, &["--format=gnu", "--sparse"]);
    let into = tempfile::tempdir().unwrap();
    unpack_archive(&cx(), &archive, into.path()).unwrap();
    compare(&before, into.path());
    assert!(blocks(&into.path().join("var/sparse")) < 100);
}

/// Members by name, kind, link target and content.
fn archive(members: &[(&str, tar::EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, link, bytes) in members {
        let mut header = tar::Header::new_gnu();
        // Past the checks of the crate, which refuses such names.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(5);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn refused(bytes: &[u8], expected: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let (path, into) = (scratch.path().join("a.tar"), scratch.path().join("into"));
    fs::write(&path, bytes).unwrap();
    fs::write(scratch.path().join("outside"), "untouched").unwrap();
    let is_marked = bytes.get(257..262) == Some(b"ustar");
    assert_eq!(is_archive(&path).unwrap(), is_marked);
    fs::create_dir(&into).unwrap();
    let error = unpack_archive(&cx(), &path, &into).unwrap_err();
    assert_eq!(told(&error), expected);
    assert_eq!(error.class(), Class::Config);
    let outside = fs::read_to_string(scratch.path().join("outside")).unwrap();
    assert_eq!(outside, "untouched");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 3);
}

#[test]
fn nothing_gets_out() {
    use tar::EntryType as Type;
    for (members, expected) in [
        (&[("../outside", Type::Regular, "", &b"x"[..])][..], {
            "the path `../outside` holds `..`"
        }),
        (&[("a", Type::Link, "../outside", b"")], {
            "the path `../outside` holds `..`"
        }),
        (
            &[
                ("out", Type::Symlink, "..", b""),
                ("out/outside", Type::Regular, "", b"x"),
            ],
            { "the path `out` goes through what is no directory" },
        ),
        (
            &[
                ("out", Type::Symlink, "..", b""),
                ("a", Type::Link, "out/outside", b""),
            ],
            { "the path `a` goes through what is no directory" },
        ),
        (
            &[("a", Type::Link, "gone", b"")],
            "the path `a` links to what is not there",
        ),
        (
            &[("a", Type::Symlink, "", b"")],
            "the link `a` leads nowhere",
        ),
        (
            &[("a", Type::new(b'q'), "", b"")],
            "`a` is of the unknown kind `q`",
        ),
        (&[(".", Type::Regular, "", b"")], "its root is no directory"),
    ] {
        refused(
            &archive(members),
            &format!("the archive is refused: {expected}"),
        );
    }
    let good = archive(&[("a", Type::Regular, "", &[7; 3000])]);
    let broken = "the archive is refused: it is no tar archive, or is broken";
    refused(&[b'x'; 2000], broken);
    refused(
        &good[..2000],
        "the archive is refused: the path `a` is cut short",
    );
    refused(
        &good[..4096 - 512],
        "the archive is refused: it is cut short",
    );
    refused(b"", "the archive is refused: it is cut short");
    let whiteout = archive(&[("dev0", Type::Char, "", b"")]);
    refused(
        &whiteout,
        "`/dev0` is a device 0/0, which means \"removed\" in a layer",
    );
}

#[test]
fn later_members_replace_earlier_ones() {
    use tar::EntryType as Type;
    let bytes = archive(&[
        ("/etc/deep/a", Type::Regular, "", b"first"),
        ("b", Type::Link, "/etc/deep/a", b""),
        ("etc/deep", Type::Regular, "", b"a file now"),
        ("b", Type::Symlink, "etc/deep", b""),
        ("c/", Type::Directory, "", b""),
        ("tmp/gone", Type::Regular, "", b"left out"),
    ]);
    let scratch = tempfile::tempdir().unwrap();
    let (path, into) = (scratch.path().join("a.tar"), scratch.path().join("into"));
    fs::write(&path, &bytes).unwrap();
    fs::create_dir(&into).unwrap();
    unpack_archive(&cx(), &path, &into).unwrap();
    let lines = super::listing(&into);
    let named: Vec<&str> = lines
        .iter()
        .map(|l| l.split(" at ").next().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            " 40755 0:0 dev 0",
            "b 120777 0:0 dev 0",
            "c 40644 0:0 dev 0",
            "etc 40755 0:0 dev 0",
            "etc/deep 100644 0:0 dev 0",
        ]
    );
}
