//! ext4 against e2fsprogs: every kind of node, every kind of metadata.

use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use goldsmith_disk::fs::ext4::Ext4Error;
use goldsmith_disk::image::{self, ImageError};
use goldsmith_disk::tree::{Attributes, Content, Kind, Node, Time, Tree};

use crate::disk::{spec, write};
use crate::tool::{Patterns, RESIDUE, tool};

/// Checks the file system at `offset` of a disk; every complaint is a failure.
pub(crate) fn fsck(disk: &Path, offset: u64) {
    tool("e2fsprogs", "e2fsck", &["-fn", &at(disk, offset)]);
}

pub(crate) fn at(disk: &Path, offset: u64) -> String {
    format!("{}?offset={offset}", disk.to_str().unwrap())
}

fn time(seconds: i64, nanos: u32) -> Time {
    Time { seconds, nanos }
}

fn attributes(mode: u16, uid: u32, gid: u32, mtime: Time, xattrs: &[(&str, &[u8])]) -> Attributes {
    let xattrs = xattrs
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
        .collect();
    Attributes {
        mode,
        uid,
        gid,
        mtime,
        xattrs,
    }
}

/// An ACL as `getxattr` gives it: owner, user 1000, group, mask, others.
fn acl() -> Vec<u8> {
    let mut acl = vec![2, 0, 0, 0];
    for (tag, permissions, id) in [
        (0x01_u16, 6_u16, u32::MAX),
        (0x02, 4, 1000),
        (0x04, 4, u32::MAX),
        (0x10, 6, u32::MAX),
        (0x20, 0, u32::MAX),
    ] {
        acl.extend(tag.to_le_bytes());
        acl.extend(permissions.to_le_bytes());
        acl.extend(id.to_le_bytes());
    }
    acl
}

/// [`acl`] as e2fsprogs reads it back from the form on disk: numbers only where they are stored.
const ACL_READ_BACK: [u8; 44] = [
    2, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 2, 0, 4, 0, 0xE8, 3, 0, 0, 4, 0, 4, 0, 0, 0, 0, 0, 0x10, 0,
    6, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0,
];

/// `cap_net_raw=ep`, as Debian's `ping` has it.
const CAPABILITY: [u8; 20] = [
    1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

pub(crate) fn odd_tree() -> Tree {
    let plain = || attributes(0o644, 0, 0, time(1_600_000_000, 0), &[]);
    let mut tree = Tree::new(attributes(0o751, 3, 4, time(1_500_000_000, 0), &[]));
    let mut add = |path: &str, attributes: Attributes, kind: Kind| {
        tree.insert(path, Node { attributes, kind });
    };
    let file = |size| Kind::File(Content::dense(size));
    add(
        "dir",
        attributes(0o1777, 0, 0, time(1, 5), &[]),
        Kind::Directory,
    );
    add(
        "dir/suid",
        attributes(0o6755, 1234, 4321, time(1_600_000_000, 0), &[]),
        file(5000),
    );
    add("dir/empty", plain(), file(0));
    add("dir/block", plain(), file(4096));
    add("dir/über name", plain(), file(10));
    add(
        "bytes",
        plain(),
        Kind::File(Content::Bytes(b"from memory".to_vec())),
    );
    add(
        "old",
        attributes(0o600, 100_000, 70_000, time(-300_000_000, 0), &[]),
        file(1),
    );
    add(
        "future",
        attributes(0o600, 0, 0, time(4_100_000_000, 123_456_789), &[]),
        file(1),
    );
    let capability: &[(&str, &[u8])] = &[("security.capability", &CAPABILITY)];
    add(
        "ping",
        attributes(0o755, 0, 0, time(7, 0), capability),
        file(60_000),
    );
    let listed = acl();
    let acls: &[(&str, &[u8])] = &[
        ("system.posix_acl_access", &listed),
        ("system.posix_acl_default", &listed),
    ];
    add(
        "journal",
        attributes(0o2755, 0, 999, time(7, 0), acls),
        Kind::Directory,
    );
    let large: &[(&str, &[u8])] = &[("user.large", &[0x5A; 2000]), ("user.small", b"v")];
    add(
        "attributes",
        attributes(0o644, 0, 0, time(7, 0), large),
        file(1),
    );
    add(
        "char",
        plain(),
        Kind::Char {
            major: 5,
            minor: 70_000,
        },
    );
    add(
        "blockdev",
        plain(),
        Kind::Block {
            major: 254,
            minor: 3,
        },
    );
    add("fifo", plain(), Kind::Fifo);
    add("socket", plain(), Kind::Socket);
    add("short", plain(), Kind::Symlink(b"dir/suid".to_vec()));
    add("long", plain(), Kind::Symlink(vec![b'x'; 300]));
    for (path, target) in [
        ("dir/ping2", "ping"),
        ("aaa", "ping"),
        ("zfifo", "fifo"),
        ("zlong", "long"),
    ] {
        add(
            path,
            Attributes::default(),
            Kind::HardLink(target.as_bytes().to_vec()),
        );
    }
    let data = vec![8192..12_288, (1 << 29)..(1 << 29) + 1];
    let sparse = Content::Source {
        size: 1 << 30,
        data,
    };
    add("sparse", plain(), Kind::File(sparse));
    let data = vec![];
    let hole = Content::Source {
        size: 100_001,
        data,
    };
    add("hole", plain(), Kind::File(hole));
    let end = Content::Source {
        size: 100_001,
        data: std::iter::once(99_000..100_001).collect(),
    };
    add("end", plain(), Kind::File(end));
    add("many", plain(), Kind::Directory);
    for number in 0..5000 {
        add(
            &format!("many/a file with number {number}"),
            plain(),
            file(number % 3),
        );
    }
    tree
}

/// What debugfs says, several commands at once.
pub(crate) fn debugfs(disk: &Path, offset: u64, commands: &str) -> String {
    let script = disk.with_extension("commands");
    std::fs::write(&script, commands).unwrap();
    let script = script.to_str().unwrap();
    tool("e2fsprogs", "debugfs", &["-f", script, &at(disk, offset)])
}

struct Made {
    _scratch: tempfile::TempDir,
    disk: PathBuf,
    root: u64,
    tree: Tree,
}

fn make() -> Made {
    let scratch = tempfile::tempdir().unwrap();
    let disk = scratch.path().join("disk");
    let tree = odd_tree();
    let (root, ..) = write(&spec(1 << 30, true), &tree, &disk);
    Made {
        _scratch: scratch,
        disk,
        root,
        tree,
    }
}

#[test]
fn is_clean_and_has_the_features_it_should() {
    let made = make();
    fsck(&made.disk, made.root);
    let header = tool("e2fsprogs", "dumpe2fs", &["-h", &at(&made.disk, made.root)]);
    let field = |name: &str| {
        let line = header.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} is missing: {header}"))
            .trim()
    };
    let ids = spec(0, false).ids;
    assert_eq!(field("Filesystem volume name:"), "root");
    assert_eq!(field("Filesystem UUID:"), ids.root.to_string());
    assert_eq!(field("Directory Hash Seed:"), ids.hash_seed.to_string());
    assert_eq!(
        field("Filesystem features:"),
        "has_journal ext_attr dir_index filetype extent flex_bg sparse_super large_file huge_file \
         dir_nlink extra_isize metadata_csum"
    );
    let blocks: u64 = field("Block count:").parse().unwrap();
    let reserved: u64 = field("Reserved block count:").parse().unwrap();
    assert_eq!(reserved, blocks / 100);
}

#[test]
fn every_node_is_read_back() {
    let made = make();
    let out = made.disk.with_extension("out");
    let mut commands = String::new();
    let nodes: Vec<(String, &Node)> = made
        .tree
        .iter()
        .filter(|(path, _)| !path.starts_with(b"many/") || path.ends_with(b"77"))
        .map(|(path, node)| (format!("/{}", String::from_utf8_lossy(path)), node))
        .collect();
    for (path, _) in &nodes {
        writeln!(commands, "stat \"{path}\"").unwrap();
    }
    let all = debugfs(&made.disk, made.root, &commands);
    let reports: Vec<&str> = all.split("debugfs: stat ").skip(1).collect();
    assert_eq!(reports.len(), nodes.len());
    for ((path, node), report) in nodes.iter().zip(reports) {
        let node = match &node.kind {
            Kind::HardLink(target) => made.tree.get(target).unwrap(),
            _ => node,
        };
        check_report(path, node, report);
        if let Kind::File(content) = &node.kind {
            let script = format!("dump \"{path}\" {}\n", out.to_str().unwrap());
            debugfs(&made.disk, made.root, &script);
            check_content(&made, path, content, &out);
        }
        for (name, value) in &node.attributes.xattrs {
            let name = std::str::from_utf8(name).unwrap();
            let script = format!("ea_get -f {} \"{path}\" {name}\n", out.to_str().unwrap());
            debugfs(&made.disk, made.root, &script);
            let is_acl = name.starts_with("system.posix_acl");
            let expected = if is_acl { &ACL_READ_BACK[..] } else { value };
            assert_eq!(std::fs::read(&out).unwrap(), expected, "{name} of {path}");
        }
    }
}

fn check_report(path: &str, node: &Node, report: &str) {
    let has = |what: &str| {
        let squeezed = report.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed.contains(what), "{path} has no `{what}`: {report}");
    };
    let Attributes {
        mode,
        uid,
        gid,
        mtime,
        ..
    } = node.attributes;
    has(&format!("Mode: 0{mode:03o}"));
    has(&format!("User: {uid} Group: {gid}"));
    let low = u32::try_from(mtime.seconds.rem_euclid(1 << 32)).unwrap();
    let epoch = u32::try_from((mtime.seconds - i64::from(low.cast_signed())) >> 32 & 3).unwrap();
    let extra = mtime.nanos << 2 | epoch;
    for name in ["ctime", "atime", "mtime", "crtime"] {
        has(&format!("{name}: 0x{low:08x}:{extra:08x}"));
    }
    let links = match path {
        "/ping" | "/dir/ping2" | "/aaa" => 3,
        "/fifo" | "/zfifo" | "/long" | "/zlong" => 2,
        _ => 1,
    };
    match &node.kind {
        Kind::Directory => has("Type: directory"),
        Kind::File(content) => {
            has("Type: regular");
            has(&format!("Size: {}", content.size()));
        }
        Kind::Symlink(target) => {
            has("Type: symlink");
            has(&format!("Size: {}", target.len()));
        }
        Kind::Char { major, minor } => {
            has("Type: character special");
            has(&format!("number: {major:02}:{minor}"));
        }
        Kind::Block { major, minor } => {
            has("Type: block special");
            has(&format!("number: {major:02}:{minor:02}"));
        }
        Kind::Fifo => has("Type: FIFO"),
        Kind::Socket => has("Type: socket"),
        Kind::HardLink(_) => unreachable!("the caller follows links"),
    }
    if node.kind != Kind::Directory {
        has(&format!("Links: {links}"));
    }
}

fn check_content(made: &Made, path: &str, content: &Content, out: &Path) {
    let read = std::fs::read(out).unwrap();
    assert_eq!(read.len() as u64, content.size(), "{path}");
    let source = match path {
        "/dir/ping2" | "/aaa" => "ping",
        other => &other[1..],
    };
    match content {
        Content::Bytes(bytes) => assert!(read == *bytes, "{path} differs"),
        Content::Source { size, data } => {
            let mut at = 0;
            for range in data {
                let from = range.start / 4096 * 4096;
                let to = range.end.next_multiple_of(4096).min(*size);
                let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
                assert!(
                    read[at..from].iter().all(|b| *b == 0),
                    "{path}: a hole is not empty"
                );
                let expected = Patterns::bytes(source.as_bytes(), from as u64, to - from);
                assert!(read[from..to] == expected, "{path} differs");
                at = to;
            }
            assert!(
                read[at..].iter().all(|b| *b == 0),
                "{path}: a hole is not empty"
            );
        }
    }
    assert!(made.disk.exists());
}

#[test]
fn what_belongs_to_no_file_is_zeros() {
    let made = make();
    let report = tool("e2fsprogs", "dumpe2fs", &[&at(&made.disk, made.root)]);
    let disk = File::open(&made.disk).unwrap();
    let mut free = 0;
    for line in report.lines() {
        let Some(list) = line.strip_prefix("  Free blocks: ") else {
            continue;
        };
        for range in list.split(", ").filter(|range| !range.is_empty()) {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
            let mut bytes = vec![0; usize::try_from((to - from + 1) * 4096).unwrap()];
            disk.read_exact_at(&mut bytes, made.root + from * 4096)
                .unwrap();
            assert!(
                bytes.iter().all(|b| *b == 0),
                "blocks {range} are not empty"
            );
            free += to - from + 1;
        }
    }
    assert!(
        free > 10_000,
        "{free} free blocks are too few to be believed"
    );
    let whole = std::fs::read(&made.disk).unwrap();
    let residue = [RESIDUE; 16];
    let found = whole.chunks(16).position(|chunk| chunk == residue);
    assert_eq!(found, None, "what was in a used buffer is on the disk");
}

#[test]
fn names_that_are_no_text_are_refused() {
    let check = |path: &[u8], kind: Kind, expected: &str| {
        let mut tree = odd_tree();
        let attributes = Attributes::default();
        tree.insert(path, Node { attributes, kind });
        match image::plan(&spec(1 << 30, false), &tree) {
            Err(ImageError::Ext4(error)) => assert_eq!(error.to_string(), expected),
            other => panic!("{other:?}"),
        }
    };
    check(
        b"dir/\xFF",
        Kind::Fifo,
        "the name of `/dir/\\xff` is not UTF-8",
    );
    let kind = Kind::Symlink(b"\xFF".to_vec());
    check(b"link", kind, "the link target of `/link` is not UTF-8");
    check(b"link", Kind::Symlink(vec![]), "`/link` cannot be written");
    let kind = Kind::Char {
        major: 5000,
        minor: 0,
    };
    check(b"dev", kind, "`/dev` cannot be written");
}

#[test]
fn a_file_that_shrank_is_an_error() {
    struct Short;
    impl goldsmith_disk::tree::ContentSource for Short {
        fn open(
            &mut self,
            path: &[u8],
            _: &[std::ops::Range<u64>],
        ) -> std::io::Result<Box<dyn std::io::Read + '_>> {
            match path {
                b"gone" => Err(std::io::ErrorKind::NotFound.into()),
                _ => Ok(Box::new(&b"short"[..])),
            }
        }
    }
    for path in ["short", "gone"] {
        let mut tree = Tree::new(Attributes::default());
        let attributes = Attributes::default();
        let kind = Kind::File(Content::dense(6));
        tree.insert(path, Node { attributes, kind });
        let layout_spec = spec(1 << 30, false);
        let layout = image::plan(&layout_spec, &tree).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let mut sink = crate::tool::FileSink::create(&scratch.path().join("d"), layout.size());
        let error = image::write(&layout, &mut Short, &mut sink);
        let Err(ImageError::Ext4(Ext4Error::Read { path: named, .. })) = error else {
            panic!("{error:?}");
        };
        assert_eq!(named, path.as_bytes());
    }
}
