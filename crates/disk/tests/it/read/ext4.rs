//! ext4 that we wrote and that mke2fs wrote, in the forms it has.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use goldsmith_disk::read::ext4::{Ext4, ReadError};
use goldsmith_disk::read::{Disk as _, Part};
use goldsmith_disk::tree::{Content, ContentSource, Kind, Node, Tree};

use super::RawFile;
use crate::disk::{spec, write};
use crate::ext4::odd_tree;
use crate::tool::{Patterns, tool};

/// The content of a file, holes as zeros.
fn content(source: &mut dyn ContentSource, path: &[u8], content: &Content) -> Vec<u8> {
    let Content::Source { size, data } = content else {
        let Content::Bytes(bytes) = content else {
            unreachable!()
        };
        return bytes.clone();
    };
    let mut all = vec![0; usize::try_from(*size).unwrap()];
    // Ranges are taken as whole blocks when they are written.
    let whole = |range: &Range<u64>| range.start / 4096 * 4096..range.end;
    let data: Vec<Range<u64>> = data.iter().map(whole).collect();
    let mut reader = source.open(path, &data).unwrap();
    for range in &data {
        let [start, end] = [range.start, range.end].map(|n| usize::try_from(n).unwrap());
        reader.read_exact(&mut all[start..end]).unwrap();
    }
    all
}

/// The node that a name stands for, and the name that its content is under.
fn resolved<'t>(tree: &'t Tree, path: &'t [u8]) -> (&'t [u8], &'t Node) {
    let node = tree.get(path).unwrap();
    match &node.kind {
        Kind::HardLink(target) => (target, tree.get(target).unwrap()),
        _ => (path, node),
    }
}

#[test]
fn what_we_wrote_is_what_is_read() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk");
    let written = odd_tree();
    let (root, ..) = write(&spec(1 << 30, true), &written, &path);
    let file = RawFile::open(&path);
    let fs = Ext4::open(Part::new(&file, root..file.size())).unwrap();
    let ids = spec(0, false).ids;
    assert_eq!((fs.uuid(), fs.hash_seed()), (ids.root, ids.hash_seed));
    assert_eq!(fs.label(), b"root");
    let (read, mut contents) = fs.tree().unwrap();
    read.check().unwrap();
    assert_eq!(read.len(), written.len());
    for (path, _) in written.iter() {
        let (source, expected) = resolved(&written, path);
        let (stands, found) = resolved(&read, path);
        let shown = String::from_utf8_lossy(path);
        assert_eq!(found.attributes, expected.attributes, "{shown}");
        let (Kind::File(before), Kind::File(after)) = (&expected.kind, &found.kind) else {
            assert_eq!(found.kind, expected.kind, "{shown}");
            continue;
        };
        // Files of 1 GiB of holes are compared by their parts elsewhere.
        if before.size() < 1 << 20 {
            let before = content(&mut Patterns, source, before);
            let after = content(&mut contents, stands, after);
            assert!(after == before, "{shown} differs");
        } else {
            let Content::Source { data, .. } = after else {
                panic!("{shown} is kept in its inode")
            };
            assert_eq!(data[0], 8192..12_288, "{shown}");
            assert_eq!((after.size(), data.len()), (1 << 30, 2), "{shown}");
        }
    }
}

/// A tree with one of everything that a system has.
fn foreign(root: &Path) {
    let at = |name: &str| root.join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(root.join("etc/deep/er")).unwrap();
    fs::create_dir(root.join("many")).unwrap();
    for number in 0..1500 {
        let name = format!("many/a rather long name of a file, number {number}");
        fs::write(root.join(name), format!("{number}\n")).unwrap();
    }
    fs::write(root.join("etc/large"), vec![7; 3_000_001]).unwrap();
    fs::write(root.join("etc/empty"), "").unwrap();
    fs::write(root.join("etc/inside"), "x".repeat(100)).unwrap();
    let sparse = File::create(root.join("etc/sparse")).unwrap();
    sparse.set_len(12 << 20).unwrap();
    // Data at its end: mke2fs forgets holes there where it may keep data in inodes.
    for place in [1 << 20, (9 << 20) + 3000, (12 << 20) - 10] {
        sparse.write_all_at(b"not a hole", place).unwrap();
    }
    std::os::unix::fs::symlink("large", root.join("etc/short")).unwrap();
    std::os::unix::fs::symlink("y".repeat(200), root.join("etc/long")).unwrap();
    fs::hard_link(root.join("etc/large"), root.join("another")).unwrap();
    fs::hard_link(root.join("etc/large"), root.join("etc/deep/zz")).unwrap();
    let (char, block, pipe) = (at("char"), at("block"), at("etc/pipe"));
    tool("coreutils", "mknod", &[&char, "c", "5", "300"]);
    tool("coreutils", "mknod", &[&block, "b", "8", "1"]);
    tool("coreutils", "mkfifo", &["-m", "600", &pipe]);
    tool("coreutils", "chown", &["1234:70000", &at("etc/empty")]);
    tool("coreutils", "chmod", &["6751", &at("etc/empty")]);
    tool("coreutils", "chmod", &["1777", &at("etc/deep")]);
    let old = "--date=1969-12-31 23:59:59";
    tool("coreutils", "touch", &[old, &at("etc/empty")]);
    let large = "v".repeat(600);
    let set = ["-n", "user.large", "-v", &large, &at("etc/large")];
    tool("attr", "setfattr", &set);
    let set = ["-n", "user.small", "-v", "1", &at("etc/large")];
    tool("attr", "setfattr", &set);
    tool(
        "libcap2-bin",
        "setcap",
        &["cap_net_raw=ep", &at("etc/inside")],
    );
    let acl = ["-m", "u:1000:r,m:rw,d:g:7:rwx", &at("etc/deep")];
    tool("acl", "setfacl", &acl);
}

/// Holds what was read against the directory it was made of.
fn compare(root: &Path, tree: &Tree, contents: &mut dyn ContentSource) {
    let mut inodes: BTreeMap<u64, &[u8]> = BTreeMap::new();
    let mut open = vec![PathBuf::new()];
    let mut count = 0;
    while let Some(inside) = open.pop() {
        let place = root.join(&inside);
        let meta = fs::symlink_metadata(&place).unwrap();
        let path = inside.as_os_str().as_bytes();
        let shown = inside.display();
        count += 1;
        let own = tree
            .get(path)
            .unwrap_or_else(|| panic!("{shown} is missing"));
        if meta.is_file() && meta.nlink() > 1 {
            // The first name is the file, the others lead to it.
            let own: &[u8] = match &own.kind {
                Kind::HardLink(target) => target,
                _ => tree.iter().find(|(name, _)| *name == path).unwrap().0,
            };
            assert_eq!(inodes.entry(meta.ino()).or_insert(own), &own, "{shown}");
        }
        let (stands, node) = resolved(tree, path);
        let attributes = &node.attributes;
        assert_eq!(u32::from(attributes.mode), meta.mode() & 0o7777, "{shown}");
        assert_eq!(
            (attributes.uid, attributes.gid),
            (meta.uid(), meta.gid()),
            "{shown}"
        );
        if !meta.is_dir() {
            assert_eq!(attributes.mtime.seconds, meta.mtime(), "{shown}");
        }
        let (major, minor) = (
            u32::try_from(meta.rdev() >> 8 & 0xFFF).unwrap(),
            u32::try_from(meta.rdev() & 0xFF | meta.rdev() >> 12 & 0xF_FF00).unwrap(),
        );
        match &node.kind {
            Kind::Directory => {
                assert!(meta.is_dir(), "{shown}");
                let entries = fs::read_dir(&place).unwrap();
                open.extend(entries.map(|entry| inside.join(entry.unwrap().file_name())));
            }
            Kind::File(file) => {
                let bytes = content(contents, stands, file);
                assert!(bytes == fs::read(&place).unwrap(), "{shown} differs");
            }
            Kind::Symlink(target) => {
                let expected = fs::read_link(&place).unwrap();
                assert_eq!(target, expected.as_os_str().as_bytes(), "{shown}");
            }
            Kind::Char { .. } => assert_eq!((major, minor), (5, 300)),
            Kind::Block { .. } => assert_eq!((major, minor), (8, 1)),
            Kind::Fifo => assert_eq!(meta.mode() >> 12, 1, "{shown}"),
            other => panic!("{shown} is {other:?}"),
        }
    }
    assert_eq!(tree.len(), count, "there is more than there should be");
}

fn xattr<'t>(tree: &'t Tree, path: &'t str, name: &str) -> &'t [u8] {
    let (_, node) = resolved(tree, path.as_bytes());
    let value = node.attributes.xattrs.get(name.as_bytes());
    value.unwrap_or_else(|| panic!("{path} has no {name}"))
}

#[test]
fn what_mke2fs_wrote() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("root");
    foreign(&root);
    for options in [
        &["-t", "ext4"][..],
        &["-t", "ext4", "-b", "1024"],
        &[
            "-t",
            "ext4",
            "-O",
            "^64bit,^metadata_csum,^resize_inode,meta_bg",
        ],
        &["-t", "ext4", "-O", "inline_data,ea_inode,^has_journal"],
        &["-t", "ext4", "-O", "bigalloc,^flex_bg", "-I", "512"],
        &["-t", "ext3", "-b", "2048"],
        &["-t", "ext2", "-b", "1024", "-I", "128"],
        &[
            "-t",
            "ext2",
            "-r",
            "1",
            "-b",
            "4096",
            "-O",
            "sparse_super,^dir_index",
        ],
    ] {
        let path = scratch.path().join("ext4");
        drop(fs::remove_file(&path));
        File::create(&path).unwrap().set_len(300 << 20).unwrap();
        let from = root.to_str().unwrap();
        let common = ["-q", "-F", "-N", "4000", "-L", "theirs", "-d", from];
        let arguments = [&common[..], options, &[path.to_str().unwrap()]].concat();
        tool("e2fsprogs", "mke2fs", &arguments);
        let file = RawFile::open(&path);
        let fs = Ext4::open(Part::new(&file, 0..file.size()));
        let fs = fs.unwrap_or_else(|e| panic!("{options:?}: {e}"));
        assert_eq!(fs.label(), b"theirs", "{options:?}");
        assert!(fs.top().unwrap().contains(&b"etc"[..]));
        let (tree, mut contents) = fs.tree().unwrap_or_else(|e| panic!("{options:?}: {e}"));
        tree.check().unwrap();

        compare(&root, &tree, &mut contents);
        assert_eq!(xattr(&tree, "etc/large", "user.large"), [b'v'; 600]);
        assert_eq!(xattr(&tree, "another", "user.small"), b"1");
        assert_eq!(xattr(&tree, "etc/inside", "security.capability").len(), 20);
        let acl = xattr(&tree, "etc/deep", "system.posix_acl_access");
        assert_eq!((acl[0], acl.len()), (2, 4 + 5 * 8), "{options:?}");
    }
}

/// What debugfs puts into a journal is read as e2fsck replays it.
#[test]
fn as_the_journal_has_it() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let root = at("root");
    fs::create_dir_all(format!("{root}/etc")).unwrap();
    for name in ["motd", "issue", "kept"] {
        fs::write(format!("{root}/etc/{name}"), format!("old {name}\n")).unwrap();
    }
    let block_of = |disk: &str, path: &str| {
        let command = format!("blocks {path}");
        let text = tool("e2fsprogs", "debugfs", &["-R", &command, disk]);
        text.trim().to_owned()
    };
    let content = |disk: &str, name: &str, is_replayed: bool| {
        let file = RawFile::open(Path::new(disk));
        let part = Part::new(&file, 0..file.size());
        let fs = if is_replayed {
            Ext4::open_replayed(part)
        } else {
            Ext4::open(part)
        };
        let fs = fs.map_err(|e| e.to_string())?;
        let (tree, contents) = fs.everything().map_err(|e| e.to_string())?;
        let path = format!("etc/{name}");
        let size = match &tree.get(path.as_bytes()).unwrap().kind {
            Kind::File(content) => content.size(),
            other => panic!("{other:?}"),
        };
        let mut bytes = vec![0; usize::try_from(size).unwrap()];
        let file = contents.file(path.as_bytes(), size).unwrap();
        file.read_at(0, &mut bytes).unwrap();
        Ok::<_, String>(bytes)
    };
    for (options, open) in [
        ("-b 1024", "jo"),
        ("-b 4096", "jo -c -v 3"),
        ("-b 4096 -O ^64bit", "jo -c -v 2"),
    ] {
        let (disk, copy) = (at("disk"), at("copy"));
        drop(fs::remove_file(&disk));
        File::create(&disk).unwrap().set_len(64 << 20).unwrap();
        let mut arguments = vec!["-q", "-F", "-t", "ext4", "-d", &root];
        arguments.extend(options.split(' '));
        arguments.push(&disk);
        tool("e2fsprogs", "mke2fs", &arguments);
        let blocks = ["motd", "issue", "kept"].map(|name| block_of(&disk, &format!("/etc/{name}")));
        // The second begins with the journal's own mark.
        let mut fresh = [
            b"new motd\n".to_vec(),
            b"\xC0\x3B\x39\x98issue\n".to_vec(),
            b"bad kept\n".to_vec(),
        ];
        for (number, bytes) in fresh.iter_mut().enumerate() {
            bytes.resize(4096, 0);
            fs::write(at(&number.to_string()), &*bytes).unwrap();
        }
        let [zero, one, two] = ["0", "1", "2"].map(at);
        let [motd, issue, kept] = &blocks;
        let script = format!(
            "{open}\njw -b {motd} {two}\njw -b {kept} {two}\njw -b {motd} {zero}\njw -b {issue} {one}\njw -r {kept}\njc\n"
        );
        fs::write(at("script"), script).unwrap();
        tool("e2fsprogs", "debugfs", &["-w", "-f", &at("script"), &disk]);
        fs::copy(&disk, &copy).unwrap();
        // It says 1 when it has changed something, which it is for.
        let replay = format!("e2fsck -E journal_only -fy {copy} || test $? = 1");
        tool("e2fsprogs", "sh", &["-c", &replay]);
        let unclean = content(&disk, "motd", false).unwrap_err();
        assert!(unclean.contains("was not unmounted"), "{unclean}");
        for (name, expected) in [
            ("motd", &b"new motd\n"[..]),
            ("issue", b"\xC0\x3B\x39\x98issue\n".as_slice()),
            ("kept", b"old kept\n"),
        ] {
            assert_eq!(
                content(&copy, name, false).unwrap(),
                expected,
                "{options} {name}: e2fsck"
            );
            assert_eq!(
                content(&disk, name, true).unwrap(),
                expected,
                "{options} {name}"
            );
        }
    }
}

#[test]
fn refuses_what_is_not_whole() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("ext4");
    let name = path.to_str().unwrap();
    File::create(&path).unwrap().set_len(8 << 20).unwrap();
    let file = RawFile::open(&path);
    let open = || Ext4::open(Part::new(&file, 0..file.size()));
    assert!(matches!(open(), Err(ReadError::Other)));
    tool("e2fsprogs", "mke2fs", &["-q", "-t", "ext4", name]);
    assert!(open().is_ok());
    let part = Ext4::open(Part::new(&file, 0..4 << 20));
    assert!(matches!(part, Err(ReadError::Broken(_))), "cut in half");
    for (feature, expected) in [
        ("+needs_recovery", "was not unmounted"),
        ("+journal_dev", "features 0x8"),
    ] {
        let script = format!("feature {feature}");
        tool("e2fsprogs", "debugfs", &["-w", "-R", &script, name]);
        let error = open().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let script = script.replace('+', "-");
        tool("e2fsprogs", "debugfs", &["-w", "-R", &script, name]);
    }
}

/// Every broken byte of the structures gives an error or an answer, soon and without a panic.
#[test]
fn survives_broken_bytes() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("root");
    fs::create_dir_all(root.join("etc/a")).unwrap();
    fs::write(root.join("etc/file"), vec![1; 100_000]).unwrap();
    for number in 0..30 {
        fs::write(root.join(format!("etc/a/{number}")), "x").unwrap();
    }
    for options in [&["-t", "ext4"][..], &["-t", "ext2"]] {
        let path = scratch.path().join("ext4");
        drop(fs::remove_file(&path));
        File::create(&path).unwrap().set_len(4 << 20).unwrap();
        let from = ["-q", "-F", "-b", "1024", "-d", root.to_str().unwrap()];
        let arguments = [&from[..], options, &[path.to_str().unwrap()]].concat();
        tool("e2fsprogs", "mke2fs", &arguments);
        let mut bytes = fs::read(&path).unwrap();
        let read = |bytes: &Vec<u8>| {
            let fs = Ext4::open(Part::new(bytes, 0..4 << 20)).ok()?;
            let (tree, mut contents) = fs.tree().ok()?;
            let (path, node) = tree.iter().find(|(path, _)| *path == b"etc/file")?;
            if let Kind::File(Content::Source { data, .. }) = &node.kind {
                let mut first = [0; 4096];
                drop(contents.open(path, data).ok()?.read(&mut first));
            }
            Some(tree.len())
        };
        let whole = read(&bytes).unwrap();
        assert!(whole > 30);
        // What is in use of the superblock, of the descriptors, of the tables: all but zeros.
        let used: Vec<usize> = (1024..200 << 10).filter(|at| bytes[*at] != 0).collect();
        assert!(used.len() > 1000);
        for at in used.into_iter().step_by(3) {
            let good = bytes[at];
            for value in [0, 0xFF, good ^ 1, good ^ 0x80] {
                bytes[at] = value;
                read(&bytes);
            }
            bytes[at] = good;
        }
        assert_eq!(read(&bytes), Some(whole), "every byte was put back");
    }
}
