//! Held against what e2fsprogs says of the same file system.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::*;
use crate::sanitize::testing::{Tree, cx};
use crate::view::disk::tests::{MIB, disk_of};

/// Where the root file system of a test disk begins.
const ROOT_START: u64 = 5 * MIB;

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a tool of the host, not of the product"
)]
fn said(tool: &str, args: &[&str]) -> String {
    let out = std::process::Command::new(tool)
        .args(args)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap_or_else(|e| panic!("`{tool}` is needed for this test: {e}"));
    assert!(out.status.success(), "{tool} {args:?}");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn every_block_of_every_file() {
    let tree = Tree::clean();
    tree.put(&[
        ("/usr/bin/big", &"x".repeat(700_000)),
        ("/bin", "-> usr/bin"),
    ]);
    // Data and holes in turn: more extents than an inode has room for.
    let holes = File::create(tree.root().join("usr/holes")).unwrap();
    for number in 0..900 {
        holes.write_all_at(b"data", number * 8192).unwrap();
    }
    std::fs::create_dir(tree.root().join("many")).unwrap();
    for number in 0..3000 {
        let name = format!("many/a-name-that-takes-some-room-{number}");
        std::fs::write(tree.root().join(name), "").unwrap();
    }
    std::fs::hard_link(
        tree.root().join("usr/holes"),
        tree.root().join("etc/linked"),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let disk = disk_of(tree.root(), folder.path());
    let view = DiskView::open(&disk).unwrap();
    let map = DiskMap::of(&view, &cx()).unwrap().unwrap();
    let size = map.block_size;

    let ext4 = folder.path().join("ext4").display().to_string();
    let mut seen = 0;
    for (path, owner) in [
        ("/usr/bin/big", "/usr/bin/big"),
        ("/usr/holes", "/etc/linked"),
        ("/many", "/many"),
        ("/", "/"),
        ("/etc/passwd", "/etc/passwd"),
    ] {
        let blocks = said("debugfs", &["-R", &format!("blocks {path}"), &ext4]);
        for block in blocks.split_whitespace() {
            let block: u64 = block.parse().unwrap();
            let (what, _) = map.at(ROOT_START + block * size);
            assert_eq!(
                what,
                What::Content(owner.to_owned()),
                "block {block} of {path}"
            );
            seen += 1;
        }
        let inode = said("debugfs", &["-R", &format!("imap {path}"), &ext4]);
        // `located at block 37, offset 0x0b00`
        let (_, place) = inode.split_once("located at block ").unwrap();
        let (block, offset) = place.trim().split_once(", offset 0x").unwrap();
        let offset = u64::from_str_radix(offset, 16).unwrap();
        let at = ROOT_START + block.parse::<u64>().unwrap() * size + offset;
        assert_eq!(map.at(at + 3), (What::Inode(owner.to_owned()), 3));
    }
    assert!(seen > 1200, "only {seen} blocks");
    let (what, at) = map.at(ROOT_START + first_block(&ext4, "/usr/bin/big", 1) * size + 7);
    assert_eq!(
        (what, at),
        (What::Content("/usr/bin/big".to_owned()), size + 7)
    );
}

/// A block of a file, by its number in it.
fn first_block(ext4: &str, path: &str, number: usize) -> u64 {
    let blocks = said("debugfs", &["-R", &format!("blocks {path}"), ext4]);
    blocks
        .split_whitespace()
        .nth(number)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn what_belongs_to_no_file() {
    let tree = Tree::clean();
    let folder = tempfile::tempdir().unwrap();
    let disk = disk_of(tree.root(), folder.path());
    let view = DiskView::open(&disk).unwrap();
    let map = DiskMap::of(&view, &cx()).unwrap().unwrap();
    let ext4 = folder.path().join("ext4").display().to_string();
    let groups = said("dumpe2fs", &[&ext4]);
    let mut seen = 0;
    for line in groups.lines() {
        for (word, what) in [
            ("Block bitmap at ", "block bitmap"),
            ("Inode bitmap at ", "inode bitmap"),
            ("superblock at ", "superblock and group descriptors"),
        ] {
            if let Some((_, number)) = line.split_once(word) {
                let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
                let block: u64 = digits.parse().unwrap();
                let (found, _) = map.at(ROOT_START + block * map.block_size);
                assert_eq!(found, What::FileSystem(what), "{line}");
                seen += 1;
            }
        }
    }
    assert!(seen > 8, "{groups}");
    let part = |offset| map.at(offset).0.to_string();
    assert_eq!(part(0), "partition table");
    assert_eq!(part(2 * MIB), "partition EFI system");
    assert_eq!(part(64 * MIB - 1), "partition table");
    let journal = said("debugfs", &["-R", "blocks <8>", &ext4]);
    let block: u64 = journal.split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!(part(ROOT_START + block * map.block_size), "journal");
    let free = said("debugfs", &["-R", "ffb 1", &ext4]);
    let block: u64 = free.split_whitespace().last().unwrap().parse().unwrap();
    assert_eq!(map.at(ROOT_START + block * map.block_size).0, What::Free);
}
