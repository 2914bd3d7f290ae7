//! Whole disks: tables, sizes, both digests, and how much room a tree needs.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::boot::config;
use goldsmith_disk::boot::grub::{BiosImage, EfiFiles, MODULES, esp};
use goldsmith_disk::id::Ids;
use goldsmith_disk::image::{self, Architecture, ImageError, Spec};
use goldsmith_disk::part::gpt::{SECTOR, Table};
use goldsmith_disk::tree::{Attributes, Content, Kind, Node, Time, Tree};
use proptest::prelude::*;

use crate::ext4::fsck;
use crate::grub::bios_files;
use crate::tool::{FileSink, Patterns, tool};

pub(crate) const MTIME: Time = Time {
    seconds: 1_700_000_000,
    nanos: 0,
};

pub(crate) fn spec(size: u64, boots: bool) -> Spec {
    let ids = Ids::derive(&[7; 32]);
    let find_root = config::find_root(ids.root);
    let efi = EfiFiles {
        shim: None,
        grub: vec![0x4D; 3_000_000],
    };
    Spec {
        size,
        ids,
        architecture: Architecture::X86_64,
        epoch: 1_700_000_000,
        bios: boots
            .then(|| BiosImage::build(&bios_files(), &MODULES, &find_root, "/boot/grub").unwrap()),
        esp: boots.then(|| esp(Architecture::X86_64, efi, &find_root)),
    }
}

/// Writes a disk; gives where its root file system begins, and both digests.
pub(crate) fn write(spec: &Spec, tree: &Tree, to: &Path) -> (u64, [u8; 32], Option<[u8; 32]>) {
    let layout = image::plan(spec, tree).unwrap();
    let mut sink = FileSink::create(to, layout.size());
    image::write(&layout, &mut Patterns, &mut sink).unwrap();
    let (digest, plain) = sink.finish();
    (layout.root_offset(), digest, plain)
}

pub(crate) fn small_tree() -> Tree {
    let mut tree = Tree::new(Attributes::root_owned(0o755, MTIME));
    tree.insert_file("etc/hostname", 0o644, MTIME, b"golden\n".to_vec());
    tree.insert_file("srv/large", 0o644, MTIME, vec![0x42; 3_000_001]);
    tree
}

#[test]
fn disks_of_every_size() {
    let scratch = tempfile::tempdir().unwrap();
    let disk = scratch.path().join("disk");
    let path = disk.to_str().unwrap();
    let tree = small_tree();
    for gib in [1, 2, 20, 100] {
        let size = gib << 30;
        let (root, ..) = write(&spec(size, true), &tree, &disk);
        let report = tool("gdisk", "sgdisk", &["-v", path]);
        assert!(report.contains("No problems found"), "{gib} GiB: {report}");
        fsck(&disk, root);
        let info = std::fs::metadata(&disk).unwrap();
        assert_eq!(info.len(), size);
        let table = read_table(&disk, size);
        let names: Vec<&str> = table.partitions.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["bios", "esp", "root"]);
        let root = table.partitions.last().unwrap();
        assert_eq!(root.offset() % (1 << 20), 0);
        assert!(size - (root.offset() + root.size()) <= 1 << 20);
    }
}

fn read_table(disk: &Path, size: u64) -> Table {
    let mut start = vec![0; 34 * 512];
    File::open(disk)
        .unwrap()
        .read_exact_at(&mut start, 0)
        .unwrap();
    Table::read(&start, size / SECTOR).unwrap()
}

#[test]
fn the_esp_stands_where_the_table_says() {
    let scratch = tempfile::tempdir().unwrap();
    let disk = scratch.path().join("disk");
    write(&spec(1 << 30, true), &small_tree(), &disk);
    let image = format!("{}@@2M", disk.to_str().unwrap());
    let text = tool("mtools", "mtype", &["-i", &image, "::EFI/debian/grub.cfg"]);
    assert_eq!(text, config::find_root(Ids::derive(&[7; 32]).root));
    let info = tool("mtools", "minfo", &["-i", &image, "::"]);
    let volume = Ids::derive(&[7; 32]).esp_volume.0;
    assert!(
        info.to_lowercase().contains(&format!("{volume:08x}")),
        "{info}"
    );
}

#[test]
fn two_writes_are_one_disk_and_digests_are_right() {
    let scratch = tempfile::tempdir().unwrap();
    let (one, two) = (scratch.path().join("1"), scratch.path().join("2"));
    let first = write(&spec(1 << 30, true), &small_tree(), &one);
    let second = write(&spec(1 << 30, true), &small_tree(), &two);
    assert_eq!(first, second);
    let says = tool("coreutils", "sha256sum", &[one.to_str().unwrap()]);
    let says: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&says[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert_eq!(first.2.unwrap(), *says);
    let mut other = spec(1 << 30, true);
    other.ids = Ids::derive(&[8; 32]);
    assert_ne!(write(&other, &small_tree(), &two).1, first.1);
}

#[test]
fn sizes_are_refused_with_what_is_needed() {
    let small = small_tree();
    let mut tree = small.clone();
    let content = Content::dense(3 << 30);
    let attributes = Attributes::root_owned(0o644, MTIME);
    let kind = Kind::File(content);
    tree.insert("srv/huge", Node { attributes, kind });
    let Err(ImageError::TooSmall { size, needed }) = image::plan(&spec(2 << 30, true), &tree)
    else {
        panic!("2 GiB cannot hold 3 GiB");
    };
    assert_eq!(size, 2 << 30);
    assert!(needed > 3 << 30 && needed < 7 << 29, "{needed}");
    image::plan(&spec(needed, true), &tree).unwrap();
    let large = image::plan(&spec((16 << 40) + 1, true), &tree);
    assert!(matches!(large, Err(ImageError::TooLarge { .. })));
    let zero = image::plan(&spec(0, false), &small);
    assert!(matches!(zero, Err(ImageError::TooSmall { .. })));
}

#[test]
fn the_largest_disk_can_be_laid_out() {
    let tree = small_tree();
    let layout = image::plan(&spec((16 << 40) - (64 << 20), false), &tree).unwrap();
    assert_eq!(layout.size(), (16 << 40) - (64 << 20));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// What is said to be needed is always enough.
    #[test]
    fn needed_is_enough(
        sizes in prop::collection::vec(0_u64..200_000_000, 0..30),
        small in 0_u32..40_000,
        name in 1_usize..200,
        directories in 1_u32..400,
        attribute in 0_usize..3000,
    ) {
        let mut tree = Tree::new(Attributes::root_owned(0o755, MTIME));
        let mut add = |path: String, kind| {
            let mut attributes = Attributes::root_owned(0o644, MTIME);
            if attribute > 200 {
                attributes.xattrs.insert(b"user.a".to_vec(), vec![1; attribute]);
            }
            tree.insert(path, Node { attributes, kind });
        };
        for at in 0..directories {
            add(format!("d{at}"), Kind::Directory);
        }
        for (at, size) in sizes.iter().enumerate() {
            add(format!("f{at}"), Kind::File(Content::dense(*size)));
        }
        for at in 0..small {
            let path = format!("d{}/{}{at}", at % directories, "n".repeat(name));
            add(path, Kind::File(Content::dense(u64::from(at % 2))));
        }
        let Err(ImageError::TooSmall { needed, .. }) = image::plan(&spec(0, false), &tree) else {
            panic!("nothing fits no bytes");
        };
        let planned = image::plan(&spec(needed, false), &tree);
        prop_assert!(planned.is_ok(), "{needed}: {:?}", planned.err());
    }
}
