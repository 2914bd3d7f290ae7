use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::*;

const EPOCH: i64 = 1_700_000_000;

/// Every path with its mode, time and text.
fn listed(root: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let text = if meta.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            String::new()
        } else {
            fs::read_to_string(&path).unwrap()
        };
        let name = path.strip_prefix(root).unwrap().display().to_string();
        lines.push(format!(
            "/{name} {:o} {} {text:?}",
            meta.mode() & 0o7777,
            meta.mtime()
        ));
    }
    lines.sort();
    lines
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
}

/// Gives all directories an old time, as those of packages have.
fn age(root: &Path, paths: &[&str]) {
    for path in paths {
        let directory = File::open(root.join(path)).unwrap();
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        futimens(&directory, &times(1_600_000_000, 0)).unwrap();
    }
}

const OLD: [&str; 6] = ["usr/lib", "usr", "etc", "boot", "srv", ""];

#[test]
fn a_tree_of_a_disk_becomes_that_of_its_layers() {
    let [layers, disk] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for root in [layers.path(), disk.path()] {
        put(root, "usr/lib/os-release", "NAME=x\n");
        put(root, "boot/vmlinuz", "");
        put(root, "srv/data", "");
        for file in ["usr/lib/os-release", "boot/vmlinuz", "srv/data"] {
            let file = File::open(root.join(file)).unwrap();
            futimens(&file, &times(1_600_000_000, 0)).unwrap();
        }
    }
    let data = "/dev/vdb /srv ext4 defaults 0 2\n";
    put(
        layers.path(),
        "etc/fstab",
        &format!("# data\n{FSTAB}{data}"),
    );
    age(layers.path(), &OLD);
    // What writing a disk adds, with its own times.
    let own = "UUID=1 / ext4 rw 0 1\nUUID=2 /boot/efi vfat umask=0077 0 2\n";
    put(disk.path(), "etc/fstab", &format!("{own}{data}"));
    put(disk.path(), "boot/grub/grub.cfg", "menuentry\n");
    put(
        disk.path(),
        "usr/lib/repart.d/50-root.conf",
        "[Partition]\n",
    );
    fs::create_dir(disk.path().join("boot/efi")).unwrap();
    for path in ["boot/grub", "boot/efi", "usr/lib/repart.d"] {
        let directory = File::open(disk.path().join(path)).unwrap();
        fs::set_permissions(disk.path().join(path), fs::Permissions::from_mode(0o755)).unwrap();
        futimens(&directory, &times(EPOCH, 0)).unwrap();
    }
    age(disk.path(), &OLD);

    for root in [layers.path(), disk.path()] {
        neutral(root, EPOCH, true).unwrap();
    }
    let found = listed(layers.path());
    assert_eq!(found, listed(disk.path()));
    assert!(
        found.contains(&"/boot/efi 755 1700000000 \"\"".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"/boot 755 1600000000 \"\"".to_owned()),
        "{found:?}"
    );
    let fstab = fs::read_to_string(disk.path().join("etc/fstab")).unwrap();
    assert_eq!(fstab, format!("{FSTAB}{data}"));
    // And once more changes nothing.
    neutral(disk.path(), EPOCH, true).unwrap();
    assert_eq!(found, listed(disk.path()));
}

#[test]
fn no_link_leads_out() {
    let [tree, outside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    put(outside.path(), "fstab", "mine\n");
    symlink(outside.path(), tree.path().join("etc")).unwrap();
    assert!(neutral(tree.path(), EPOCH, false).is_err());
    assert_eq!(
        fs::read_to_string(outside.path().join("fstab")).unwrap(),
        "mine\n"
    );
    fs::remove_file(tree.path().join("etc")).unwrap();
    fs::create_dir(tree.path().join("etc")).unwrap();
    symlink(outside.path().join("fstab"), tree.path().join("etc/fstab")).unwrap();
    neutral(tree.path(), EPOCH, false).unwrap();
    assert_eq!(
        fs::read_to_string(outside.path().join("fstab")).unwrap(),
        "mine\n"
    );
    assert_eq!(
        fs::read_to_string(tree.path().join("etc/fstab")).unwrap(),
        FSTAB
    );
}
