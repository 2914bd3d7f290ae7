//! A disk that we wrote, read back.

use std::fs::{self, File};
use std::os::fd::AsFd as _;

use goldsmith_build::assemble::scan;
use goldsmith_build::source::SourceDisk;
use goldsmith_core::recipe::Firmware;

use super::super::assemble::odd_tree::{clamp, put};
use super::super::assemble::{EPOCH, Lab, cx};
use super::{blocks, compare, run, text, tree};

/// What a tree says of its root before there is a disk, and what a step wrote.
const FSTAB: &str = "LABEL=root / ext4 rw,errors=remount-ro 0 1\nUUID=5 /srv/data xfs nofail 0 2\n";

/// What the disk has of itself.
const TEXTS: [(&str, u32); 3] = [
    ("etc/fstab", 0o644),
    ("boot/grub/grub.cfg", 0o600),
    ("usr/lib/repart.d/50-root.conf", 0o644),
];

#[test]
fn what_a_disk_was_made_of() {
    let lab = Lab::new();
    let before = lab.path("before");
    tree(&before);
    put(&before.join("etc/fstab"), FSTAB.as_bytes(), 0o644);
    clamp(&before, i64::from(EPOCH));
    lab.assemble("before", "disk").unwrap();
    let (raw, packed) = (lab.path("disk"), lab.path("disk.img"));
    let words = ["convert", "-c", "-O", "qcow2", text(&raw), text(&packed)];
    run("qemu-utils", "qemu-img", &words);

    for disk in [&raw, &packed] {
        let source = SourceDisk::open(disk).unwrap();
        let both = [Firmware::Bios, Firmware::Uefi];
        assert_eq!(source.firmwares().unwrap(), both);
        let into = tempfile::tempdir().unwrap();
        let done = source.unpack(&cx(), into.path()).unwrap();
        assert_eq!(done.newest, i64::from(EPOCH));
        let sparse = into.path().join("var/sparse");
        assert!(blocks(&sparse) < 100, "its holes are holes");
        let fstab = fs::read_to_string(into.path().join("etc/fstab")).unwrap();
        assert!(
            fstab.contains("/boot/efi vfat") && fstab.contains("/srv/data"),
            "{fstab}"
        );
        // Besides the texts of the disk it is what the disk was made of, and the same layer.
        for (path, mode) in TEXTS {
            put(
                &before.join(path),
                &fs::read(into.path().join(path)).unwrap(),
                mode,
            );
        }
        fs::create_dir_all(before.join("boot/efi")).unwrap();
        clamp(&before, i64::from(EPOCH));
        compare(&before, into.path());
        let listed = |path| scan(&cx(), File::open(path).unwrap().as_fd(), EPOCH).unwrap();
        assert_eq!(listed(into.path()), listed(&before));
    }
}
