//! Disks that nothing can be built from, and what is said of them.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_build::source::{SourceDisk, check_digest};
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure as _};

use super::super::assemble::cx;
use super::super::assemble::odd_tree::put;
use super::{ext4, place, run, text, told};

const MIB: u64 = 1 << 20;

struct Lab(tempfile::TempDir);

impl Lab {
    /// With a small tree that looks like a system.
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        put(
            &scratch.path().join("tree/etc/hostname"),
            b"golden\n",
            0o644,
        );
        fs::create_dir(scratch.path().join("tree/usr")).unwrap();
        Self(scratch)
    }

    fn root(&self, name: &str) -> std::path::PathBuf {
        ext4(self.0.path(), name, 16, &self.0.path().join("tree"), &[])
    }

    /// A disk of 64 MiB with partitions of 16 MiB from MiB 1 on.
    fn disk(&self, partitions: &[&Path]) -> std::path::PathBuf {
        let disk = self.0.path().join("disk");
        File::create(&disk).unwrap().set_len(64 * MIB).unwrap();
        for (at, bytes) in partitions.iter().enumerate() {
            let number = at + 1;
            let new = format!("-n{number}:{}M:+16M", 1 + 16 * at);
            run(
                "gdisk",
                "sgdisk",
                &[&new, &format!("-t{number}:8300"), text(&disk)],
            );
            place(bytes, &disk, 1 + 16 * at as u64);
        }
        disk
    }

    fn check(&self, disk: &Path, class: Class, expected: &str) {
        let into = tempfile::tempdir().unwrap();
        let opened = SourceDisk::open(disk);
        let error = opened.and_then(|source| source.unpack(&cx(), into.path()));
        let error = error.unwrap_err();
        let told = told(&error).replace(text(self.0.path()), "");
        assert_eq!(told, expected);
        assert_eq!(error.class(), class, "{told}");
        let has_cause = class == Class::Config;
        assert!(!has_cause || !error.hints().is_empty(), "{told}");
    }
}

#[test]
fn what_is_no_root() {
    let lab = Lab::new();
    let file = |name: &str, bytes: &[u8]| {
        let path = lab.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let config = Class::Config;
    let missing = lab.0.path().join("missing");
    lab.check(&missing, Class::Environment, {
        "cannot open `/missing`: No such file or directory (os error 2)"
    });
    lab.check(&file("empty", b""), config, {
        "the disk has no root file system: the disk itself (0 B): nothing known"
    });
    lab.check(&file("a.vmdk", b"KDMV and more"), config, {
        "`/a.vmdk` is no disk but a VMDK file"
    });
    lab.check(&file("a.gz", &[0x1F, 0x8B, 8, 0]), config, {
        "`/a.gz` is no disk but a file compressed by gzip"
    });
    lab.check(&file("short", b"QFI\xFB"), config, {
        "cannot read `/short` as a disk: the qcow2 file is broken: it is too short"
    });

    fs::remove_dir(lab.0.path().join("tree/usr")).unwrap();
    let data = lab.root("data");
    fs::create_dir(lab.0.path().join("tree/usr")).unwrap();
    let swap = file("swap", &vec![0; 16 << 20]);
    run("util-linux", "mkswap", &[text(&swap)]);
    lab.check(&lab.disk(&[&data, &swap]), config, {
        "the disk has no root file system: \
         partition 1 (Linux file system, 16 MiB): ext4 without a system; \
         partition 2 (Linux file system, 16 MiB): swap"
    });

    let (first, second) = (lab.root("first"), lab.root("second"));
    let disk = lab.disk(&[&first, &swap, &second]);
    lab.check(&disk, config, {
        "the disk has more than one root file system: \
         partition 1 (Linux file system, 16 MiB): ext4; \
         partition 3 (Linux file system, 16 MiB): ext4"
    });
    run("gdisk", "sgdisk", &["-t3:8304", text(&disk)]);
    let chosen = format!("{:?}", SourceDisk::open(&disk).unwrap());
    assert!(chosen.contains("number: 3"), "{chosen}");
}

#[test]
fn what_is_hidden_or_broken() {
    let lab = Lab::new();
    let config = Class::Config;
    let luks = lab.0.path().join("luks");
    File::create(&luks).unwrap().set_len(16 * MIB).unwrap();
    let key = lab.0.path().join("key");
    fs::write(&key, "secret").unwrap();
    let words = [
        "-q",
        "luksFormat",
        "--type",
        "luks1",
        "--pbkdf-force-iterations",
        "1000",
        text(&luks),
        text(&key),
    ];
    run("cryptsetup-bin", "cryptsetup", &words);
    lab.check(&lab.disk(&[&luks]), config, {
        "partition 1 holds LUKS, which is encrypted, which is not opened here"
    });

    let root = lab.root("root");
    run("e2fsprogs", "tune2fs", &["-O", "encrypt", text(&root)]);
    // The journal says that it was not written back.
    run(
        "e2fsprogs",
        "debugfs",
        &["-w", "-R", "feature +needs_recovery", text(&root)],
    );
    let disk = lab.disk(&[&root]);
    lab.check(&disk, config, {
        "cannot read the file system on partition 1: \
         the file system was not unmounted: its journal has not been replayed"
    });

    let root = lab.root("root");
    let disk = lab.disk(&[&root]);
    let file = File::options().write(true).open(&disk).unwrap();
    file.set_len(12 * MIB).unwrap();
    lab.check(&disk, config, {
        "cannot read the partitions of the disk: its partition table has a partition outside of the disk"
    });
    let bare = lab.root("bare");
    File::options()
        .write(true)
        .open(&bare)
        .unwrap()
        .set_len(9 * MIB)
        .unwrap();
    lab.check(&bare, config, {
        "cannot read the file system on the disk itself: \
         the file system is broken: it is larger than its partition"
    });

    // A part of the system that is elsewhere.
    put(
        &lab.0.path().join("tree/etc/fstab"),
        b"/dev/mapper/vg-var /var ext4\n",
        0o644,
    );
    lab.check(&lab.disk(&[&lab.root("parted")]), config, {
        "`/var` of the system is on `/dev/mapper/vg-var`, which is not read here"
    });
    let text = b"PARTUUID=0 /home ext4\n/dev/sda2 /usr ext4\n";
    put(&lab.0.path().join("tree/etc/fstab"), text, 0o644);
    let swap = lab.0.path().join("swap");
    fs::write(&swap, vec![0; 16 << 20]).unwrap();
    run("util-linux", "mkswap", &[super::text(&swap)]);
    lab.check(&lab.disk(&[&lab.root("parted"), &swap]), config, {
        "`/usr` of the system is on partition 2, swap, which is not read here"
    });
}

#[test]
fn another_file_than_was_pinned() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk");
    File::create(&path)
        .unwrap()
        .write_all_at(b"abc", 0)
        .unwrap();
    check_digest(&cx(), &path, &Sha256::of(b"abc")).unwrap();
    let error = check_digest(&cx(), &path, &Sha256::of(b"abd")).unwrap_err();
    let (found, expected) = (Sha256::of(b"abc"), Sha256::of(b"abd"));
    let text = format!(
        "`{}` has the SHA-256 {found}, not {expected}",
        path.display()
    );
    assert_eq!(error.to_string(), text);
    assert_eq!(error.class(), Class::Config);
}
