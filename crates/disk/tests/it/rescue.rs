//! The copies of the superblock: alike whatever a file system holds, and good for a rescue.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::tree::Tree;

use crate::disk::{MTIME, small_tree, spec, write};
use crate::ext4::{at, debugfs, fsck, odd_tree};
use crate::tool::mend;

const BLOCK: u64 = 4096;
const GROUP: u64 = 8 * BLOCK * BLOCK;
/// In a superblock.
const MAGIC: std::ops::Range<usize> = 0x38..0x3A;

/// Superblock and descriptors of the copy in a group.
fn copy(disk: &Path, root: u64, group: u64) -> [u8; 8192] {
    let mut bytes = [0; 8192];
    let disk = File::open(disk).unwrap();
    disk.read_exact_at(&mut bytes, root + group * GROUP)
        .unwrap();
    bytes
}

#[test]
fn copies_say_nothing_of_the_content() {
    let scratch = tempfile::tempdir().unwrap();
    let disk = scratch.path().join("disk");
    let copies = |tree: &Tree| {
        let (root, ..) = write(&spec(2 << 30, false), tree, &disk);
        fsck(&disk, root);
        [1, 3, 5, 7, 9].map(|group| copy(&disk, root, group))
    };
    let few = copies(&small_tree());
    for copy in &few {
        assert_eq!(copy[MAGIC], [0x53, 0xEF], "a superblock");
    }
    let mut tree = small_tree();
    for number in 0..100 {
        tree.insert_file(&format!("srv/{number}"), 0o644, MTIME, vec![1; 10_000]);
    }
    let many = copies(&tree);
    for (few, many) in few.iter().zip(&many) {
        let differs: Vec<usize> = (0..few.len()).filter(|at| few[*at] != many[*at]).collect();
        assert_eq!(differs, [0; 0], "bytes that differ");
    }
}

#[test]
fn a_copy_rescues() {
    let scratch = tempfile::tempdir().unwrap();
    let disk = scratch.path().join("disk");
    let (root, ..) = write(&spec(1 << 30, false), &odd_tree(), &disk);
    let look = || debugfs(&disk, root, "ls -l /\nls -l /dir\nstat /sparse\n");
    let before = look();
    assert!(before.contains("sparse"), "{before}");
    let file = File::options().write(true).open(&disk).unwrap();
    file.write_all_at(&[0; 8192], root).unwrap();
    for group in [1, 3] {
        let block = (group * GROUP / BLOCK).to_string();
        let place = at(&disk, root);
        mend(
            "e2fsprogs",
            "e2fsck",
            &["-fy", "-B", "4096", "-b", &block, &place],
        );
        fsck(&disk, root);
        let same = |text: &str| {
            let lines = text
                .lines()
                .filter(|line| !line.contains("time") && !line.contains("hecksum"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(same(&look()), same(&before));
        file.write_all_at(&[0; 8192], root).unwrap();
    }
}
