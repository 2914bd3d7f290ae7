//! A tree with one of everything.

use std::fs::{self, File};
use std::os::unix::fs::{self as unix, FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};

pub(crate) fn put(path: &Path, bytes: &[u8], mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn set_time(path: &Path, seconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

fn mknod(path: &Path, kind: FileType, major: u32, minor: u32) {
    let device = rustix::fs::makedev(major, minor);
    rustix::fs::mknodat(CWD, path, kind, Mode::from_raw_mode(0o640), device).unwrap();
}

/// A tree with one of everything, and what a disk needs to boot.
pub(crate) fn odd_tree(root: &Path) {
    fs::create_dir_all(root).unwrap();
    for directory in [
        "dev",
        "proc",
        "run",
        "sys",
        "tmp",
        "lost+found",
        "var/spool",
        "root",
    ] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    put(&root.join("tmp/leftover"), b"not for the image", 0o644);
    put(&root.join("boot/vmlinuz-6.1.0"), &[1; 9000], 0o644);
    put(&root.join("boot/initrd.img-6.1.0"), &[2; 9000], 0o644);
    unix::symlink("boot/vmlinuz-6.1.0", root.join("vmlinuz")).unwrap();
    unix::symlink("boot/initrd.img-6.1.0", root.join("initrd.img")).unwrap();
    put(&root.join("usr/bin/ping"), &vec![3; 70_001], 0o755);
    fs::hard_link(root.join("usr/bin/ping"), root.join("root/ping")).unwrap();
    put(&root.join("usr/bin/sudo"), b"sudo", 0o4755);
    put(&root.join("srv/ein name mit ü"), b"", 0o600);
    put(&root.join("srv/listed"), b"listed", 0o640);
    unix::symlink("x".repeat(200), root.join("srv/long")).unwrap();
    fs::hard_link(root.join("srv/long"), root.join("srv/long2")).unwrap();
    unix::lchown(root.join("srv/long"), Some(12), Some(70_000)).unwrap();
    unix::chown(root.join("srv/listed"), Some(1234), Some(99_999)).unwrap();
    mknod(&root.join("srv/fifo"), FileType::Fifo, 0, 0);
    mknod(&root.join("srv/char"), FileType::CharacterDevice, 5, 70_000);
    mknod(&root.join("srv/block"), FileType::BlockDevice, 254, 3);
    for number in 0..600 {
        put(
            &root.join(format!("many/file-{number}")),
            format!("{number}").as_bytes(),
            0o644,
        );
    }
    let sparse = File::create(root.join("var/sparse")).unwrap();
    sparse.set_len(1 << 26).unwrap();
    sparse.write_all_at(b"one", 10_000).unwrap();
    sparse.write_all_at(&[0; 8192], 1 << 20).unwrap();
    sparse.write_all_at(b"two", (1 << 25) + 4095).unwrap();

    let set = |path: &str, name: &str, value: &[u8]| {
        let path = root.join(path);
        rustix::fs::lsetxattr(&path, name, value, XattrFlags::empty()).unwrap();
    };
    let capability = [
        1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    set("usr/bin/ping", "security.capability", &capability);
    set("srv/listed", "user.note", b"text");
    set("srv/listed", "user.large", &[7; 1500]);
    set("srv/listed", "trusted.host", b"stays on the host");
    for (path, kind) in [("srv/listed", "access"), ("var/spool", "default")] {
        let mut acl = vec![2, 0, 0, 0];
        for (tag, permissions, id) in [
            (1_u16, 6_u16, u32::MAX),
            (2, 4, 1000),
            (4, 4, u32::MAX),
            (8, 7, 50),
            (0x10, 6, u32::MAX),
            (0x20, 0, u32::MAX),
        ] {
            acl.extend(tag.to_le_bytes());
            acl.extend(permissions.to_le_bytes());
            acl.extend(id.to_le_bytes());
        }
        set(path, &format!("system.posix_acl_{kind}"), &acl);
    }
    set_time(&root.join("usr/bin/sudo"), 1_000_000_000);
    set_time(&root.join("srv/long"), -5);
}

/// Holds every time of a tree to the epoch.
pub(crate) fn clamp(root: &Path, epoch: i64) {
    let mut pending = vec![root.to_path_buf()];
    while let Some(path) = pending.pop() {
        let info = fs::symlink_metadata(&path).unwrap();
        if info.is_dir() {
            pending.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        if info.mtime() >= epoch {
            set_time(&path, epoch);
        }
    }
}
