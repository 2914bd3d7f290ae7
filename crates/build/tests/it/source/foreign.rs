//! Disks as others lay them out.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use goldsmith_build::source::SourceDisk;

use super::super::assemble::odd_tree::{clamp, put};
use super::{compare, ext4, place, run, text, tree, unpacked};

/// What mke2fs can copy: whole seconds, and links that have one name.
fn simplify(tree: &Path) {
    fs::remove_file(tree.join("srv/long2")).unwrap();
    clamp(tree, 1_600_000_000);
}

#[test]
fn a_bare_file_system() {
    let scratch = tempfile::tempdir().unwrap();
    let before = scratch.path().join("before");
    tree(&before);
    simplify(&before);
    let options = ["-O", "^64bit,^has_journal"];
    let disk = ext4(scratch.path(), "disk", 120, &before, &options);
    compare(&before, unpacked(&disk).path());
    let source = SourceDisk::open(&disk).unwrap();
    assert_eq!(source.firmwares().unwrap(), []);
}

/// As Ubuntu's cloud images: root, BIOS boot, EFI system, and `/boot` on a partition of its own.
/// `spec` is what `fstab` calls the partition of `/boot`; nothing: its type says it.
fn with_boot(scratch: &Path, before: &Path, spec: Option<&str>) -> PathBuf {
    let disk = scratch.join("disk");
    let (root, boot) = (scratch.join("root"), scratch.join("boot"));
    tree(before);
    let line = spec.map_or_else(String::new, |spec| {
        format!("{spec} /boot ext4 defaults 0 2\n")
    });
    let fstab =
        format!("LABEL=cloudimg-rootfs / ext4 discard 0 1\n{line}LABEL=UEFI /boot/efi vfat\n");
    put(&before.join("etc/fstab"), fstab.as_bytes(), 0o644);
    simplify(before);
    run("coreutils", "cp", &["-a", text(before), text(&root)]);
    fs::rename(root.join("boot"), &boot).unwrap();
    // What a mounted partition hides.
    put(&root.join("boot/hidden"), b"hidden", 0o644);
    File::create(&disk).unwrap().set_len(400 << 20).unwrap();
    let words = [
        "-a4",
        "-n14:2048:+4M",
        "-t14:ef02",
        "-n15:0:+20M",
        "-t15:ef00",
        "-n16:0:+60M",
        "-t16:ea00",
        "-n1:0:0",
        "-t1:8300",
        text(&disk),
    ];
    run("gdisk", "sgdisk", &words);
    let uuid = ["-L", "BOOT", "-U", "11111111-2222-4333-8444-555555555555"];
    place(&ext4(scratch, "boot.img", 60, &boot, &uuid), &disk, 25);
    place(&ext4(scratch, "root.img", 300, &root, &[]), &disk, 85);
    run(
        "dosfstools",
        "mkfs.fat",
        &["-C", text(&scratch.join("esp")), "20480"],
    );
    place(&scratch.join("esp"), &disk, 5);
    disk
}

#[test]
fn boot_on_a_partition_of_its_own() {
    for spec in [
        Some("UUID=11111111-2222-4333-8444-555555555555"),
        Some("LABEL=BOOT"),
        Some("/dev/vda16"),
        None,
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let before = scratch.path().join("before");
        let disk = with_boot(scratch.path(), &before, spec);
        compare(&before, unpacked(&disk).path());
    }
}
