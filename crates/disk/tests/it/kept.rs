//! Disks that keep the boot set-up of others: what stays is compared byte for byte.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::image::{self, ImageError, Keep};
use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::table::Table;
use goldsmith_disk::read::{Disk as _, Part};
use goldsmith_disk::tree::{Kind, Time, Tree};

use crate::disk::{small_tree, spec, write};
use crate::ext4::fsck;
use crate::read::RawFile;
use crate::tool::{FileSink, Patterns, tool};

const MIB: u64 = 1 << 20;
const EPOCH: u32 = 1_700_000_000;
const UUID: &str = "11111111-2222-4333-8444-555555555555";

/// A disk of others, and which of its partitions are what.
struct Source {
    file: RawFile,
    table: Option<Table>,
    root: usize,
    mounts: Vec<(Vec<u8>, usize)>,
}

impl Source {
    fn open(path: &Path, root: usize) -> Self {
        let file = RawFile::open(path);
        let table = Table::read(&file).unwrap();
        let mounts = Vec::new();
        Self {
            file,
            table,
            root,
            mounts,
        }
    }

    fn keep(&self) -> Keep<'_> {
        Keep {
            disk: &self.file,
            table: self.table.as_ref(),
            root: self.root,
            mounts: self.mounts.clone(),
        }
    }

    fn write(&self, tree: &Tree, size: u64, to: &Path) -> Result<(), ImageError> {
        let keep = self.keep();
        let trees = keep.split(tree.clone())?;
        let layout = image::plan_kept(&keep, &trees, size, EPOCH)?;
        let mut sink = FileSink::create(to, layout.size());
        image::write(&layout, &mut Patterns, &mut sink)
    }
}

fn bytes(path: &Path, at: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    File::open(path)
        .unwrap()
        .read_exact_at(&mut bytes, at)
        .unwrap();
    bytes
}

/// Something that is not zeros, and the same everywhere.
fn fill(path: &Path, at: u64, length: u64) {
    let pattern = Patterns::bytes(b"kept", at, usize::try_from(length).unwrap());
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&pattern, at).unwrap();
}

fn file_system(path: &Path, at: u64, mib: u64, label: &str) {
    let (offset, size) = (format!("offset={at}"), format!("{mib}M"));
    let words = [
        "-q",
        "-F",
        "-b",
        "4096",
        "-U",
        UUID,
        "-L",
        label,
        "-E",
        &offset,
        path.to_str().unwrap(),
        &size,
    ];
    tool("e2fsprogs", "mkfs.ext4", &words);
}

/// The lines of sgdisk of a partition that may not change.
fn facts(path: &Path, number: usize, also_size: bool) -> String {
    let text = tool(
        "gdisk",
        "sgdisk",
        &[&format!("-i{number}"), path.to_str().unwrap()],
    );
    let is_kept = |line: &&str| also_size || !(line.contains("Last") || line.contains("size"));
    text.lines().filter(is_kept).collect::<Vec<_>>().join("\n")
}

fn check_root(path: &Path, at: u64, label: &[u8], tree: &Tree) {
    fsck(path, at);
    let file = RawFile::open(path);
    let fs = Ext4::open(Part::new(&file, at..file.size())).unwrap();
    assert_eq!(fs.uuid().to_string(), UUID);
    assert_eq!(fs.label(), label);
    let (read, _) = fs.tree().unwrap();
    let paths = |tree: &Tree| -> Vec<Vec<u8>> { tree.iter().map(|(p, _)| p.to_vec()).collect() };
    assert_eq!(paths(&read), paths(tree));
}

#[test]
fn our_own_disk_is_the_same_again() {
    let scratch = tempfile::tempdir().unwrap();
    let [first, second, third] = ["1", "2", "3"].map(|name| scratch.path().join(name));
    let tree = small_tree();
    write(&spec(300 << 20, true), &tree, &first);
    let source = Source::open(&first, 3);
    source.write(&tree, 300 << 20, &second).unwrap();
    tool(
        "cmp",
        "cmp",
        &[first.to_str().unwrap(), second.to_str().unwrap()],
    );
    // And the larger one is what we would have written.
    write(&spec(600 << 20, true), &tree, &third);
    source.write(&tree, 600 << 20, &second).unwrap();
    tool(
        "cmp",
        "cmp",
        &[third.to_str().unwrap(), second.to_str().unwrap()],
    );
}

/// As Debian's cloud images, with `/boot` apart: root is number 1, and the last on the disk.
#[test]
fn a_table_with_the_root_at_its_end() {
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (scratch.path().join("old"), scratch.path().join("new"));
    let name = old.to_str().unwrap();
    File::create(&old).unwrap().set_len(300 * MIB).unwrap();
    let words = [
        "-n14:2048:+3M",
        "-t14:ef02",
        "-n15:0:+8M",
        "-t15:ef00",
        "-c15:esp",
        "-n16:0:+60M",
        "-t16:ea00",
        "-n1:0:0",
        "-t1:8304",
        "-c1:a root",
        "-A1:set:2",
        "-A1:set:59",
        name,
    ];
    tool("gdisk", "sgdisk", &words);
    fill(&old, 0, 440);
    fill(&old, MIB, 11 * MIB);
    file_system(&old, 12 * MIB, 60, "BOOT");
    file_system(&old, 72 * MIB, 220, "cloudimg-rootfs");
    let mut tree = small_tree();
    let mtime = Time::default();
    tree.insert_file("boot/vmlinuz", 0o644, mtime, vec![7; 5000]);
    let mut source = Source::open(&old, 1);
    source.mounts = vec![(b"boot".to_vec(), 16)];
    source.write(&tree, 700 * MIB, &new).unwrap();

    let path = new.to_str().unwrap();
    assert_eq!(fs::metadata(&new).unwrap().len(), 700 * MIB);
    let report = tool("gdisk", "sgdisk", &["-v", path]);
    assert!(report.contains("No problems found"), "{report}");
    let disk = |path: &str| {
        let text = tool("gdisk", "sgdisk", &["-p", path]);
        let line = text.lines().find(|line| line.contains("GUID")).unwrap();
        line.to_owned()
    };
    assert_eq!(disk(name), disk(path));
    for number in [14, 15, 16] {
        assert_eq!(facts(&old, number, true), facts(&new, number, true));
    }
    assert_eq!(facts(&old, 1, false), facts(&new, 1, false));
    assert!(bytes(&old, 0, 440) == bytes(&new, 0, 440));
    assert!(bytes(&old, MIB, 11 * MIB) == bytes(&new, MIB, 11 * MIB));
    let pmbr = bytes(&new, 446 + 12, 4);
    let sectors = u32::from_le_bytes(pmbr.try_into().unwrap());
    assert!(
        sectors == u32::MAX || u64::from(sectors) == 700 * 2048 - 1,
        "{sectors}"
    );
    let mut outer = tree.clone();
    let inner = outer.split_off(b"boot").unwrap();
    check_root(&new, 12 * MIB, b"BOOT", &inner);
    check_root(&new, 72 * MIB, b"cloudimg-rootfs", &outer);
    let table = Table::read(&RawFile::open(&new)).unwrap().unwrap();
    let root = table.partitions.iter().find(|p| p.number == 1).unwrap();
    assert_eq!(root.end(), 699 * MIB);

    // Smaller again: the root ends earlier.
    source.write(&tree, 200 * MIB, &new).unwrap();
    let report = tool("gdisk", "sgdisk", &["-v", path]);
    assert!(report.contains("No problems found"), "{report}");
    check_root(&new, 72 * MIB, b"cloudimg-rootfs", &outer);
    let refused = source.write(&tree, 100 * MIB, &new).unwrap_err();
    let ImageError::TooSmall { needed, .. } = refused else {
        panic!("{refused}")
    };
    source.write(&tree, needed, &new).unwrap();
    tree.insert_file("boot/large", 0o644, mtime, vec![7; 50 << 20]);
    let refused = source.write(&tree, 700 * MIB, &new).unwrap_err();
    let number = matches!(refused, ImageError::Partition { number: 16, .. });
    assert!(number, "{refused}");
    let without = small_tree();
    let refused = source.write(&without, 700 * MIB, &new).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`/boot` is no directory, but partition 16 is mounted there"
    );
}

/// A master boot record: the loader stands in the gap before the first partition, the root in
/// the middle.
#[test]
fn a_record_with_the_root_in_the_middle() {
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (scratch.path().join("old"), scratch.path().join("new"));
    let name = old.to_str().unwrap();
    File::create(&old).unwrap().set_len(200 * MIB).unwrap();
    let script = scratch.path().join("script");
    let lines = "label: dos\nlabel-id: 0x12345678\n\
        start=2048, size=245760, type=83, bootable\nstart=247808, size=20480, type=82\n";
    fs::write(&script, lines).unwrap();
    let run = format!("sfdisk -q {name} < {}", script.to_str().unwrap());
    tool("fdisk", "sh", &["-c", &run]);
    fill(&old, 0, 440);
    fill(&old, 512, MIB - 512);
    fill(&old, 121 * MIB, 10 * MIB);
    file_system(&old, MIB, 120, "");
    let tree = small_tree();
    let source = Source::open(&old, 1);
    source.write(&tree, 400 * MIB, &new).unwrap();
    assert_eq!(fs::metadata(&new).unwrap().len(), 400 * MIB);
    assert!(
        bytes(&old, 0, MIB) == bytes(&new, 0, MIB),
        "table and loader stay"
    );
    assert!(bytes(&old, 121 * MIB, 10 * MIB) == bytes(&new, 121 * MIB, 10 * MIB));
    check_root(&new, MIB, b"", &tree);
    let refused = source.write(&tree, 100 * MIB, &new).unwrap_err();
    let needed = 131 * MIB;
    assert!(
        matches!(refused, ImageError::TooSmall { needed: n, .. } if n == needed),
        "{refused}"
    );

    // The same with the root at the end.
    let lines = "label: dos\nstart=2048, type=83, bootable\n";
    fs::write(&script, lines).unwrap();
    tool("fdisk", "sh", &["-c", &run]);
    Source::open(&old, 1).write(&tree, 400 * MIB, &new).unwrap();
    let table = Table::read(&RawFile::open(&new)).unwrap().unwrap();
    assert_eq!(table.partitions[0].end(), 400 * MIB);
    check_root(&new, MIB, b"", &tree);
    let refused = Source::open(&old, 1)
        .write(&tree, 5 << 40, &new)
        .unwrap_err();
    assert!(matches!(refused, ImageError::TooLarge { .. }), "{refused}");

    // A second partition over the first.
    let mut record = bytes(&old, 0, 512);
    let first: [u8; 16] = record[446..462].try_into().unwrap();
    record[462..478].copy_from_slice(&first);
    let strange = scratch.path().join("strange");
    fs::copy(&old, &strange).unwrap();
    let file = File::options().write(true).open(&strange).unwrap();
    file.write_all_at(&record, 0).unwrap();
    let refused = Source::open(&strange, 1).write(&tree, 200 * MIB, &new);
    assert!(matches!(refused, Err(ImageError::Overlap)));

    // extlinux is in the boot sector of the partition, and knows its files by their places.
    let file = File::options().write(true).open(&old).unwrap();
    file.write_all_at(&[0x55, 0xAA], MIB + 510).unwrap();
    let refused = Source::open(&old, 1)
        .write(&tree, 200 * MIB, &new)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "partition 1 begins with a boot loader, which knows its files by their places"
    );
}

#[test]
fn a_bare_file_system() {
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (scratch.path().join("old"), scratch.path().join("new"));
    File::create(&old).unwrap().set_len(100 * MIB).unwrap();
    file_system(&old, 0, 100, "bare");
    let tree = small_tree();
    assert!(
        tree.iter()
            .any(|(_, node)| matches!(node.kind, Kind::File(_)))
    );
    for size in [100 * MIB, 200 * MIB] {
        Source::open(&old, 0).write(&tree, size, &new).unwrap();
        check_root(&new, 0, b"bare", &tree);
        assert_eq!(fs::metadata(&new).unwrap().len(), size);
    }
}
