//! Disks made by other tools: sgdisk, mke2fs, mkfs.fat with mtools.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::*;
use crate::sanitize::testing::{Tree, cx};
use crate::snapshot::Snapshot;

pub(crate) const MIB: u64 = 1 << 20;

/// Runs a tool of the host; a missing one fails the test with its name.
pub(crate) fn run(tool: &str, args: &[&str]) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the oracle is a tool of the host, not of the product"
    )]
    let out = std::process::Command::new(tool)
        .args(args)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("MTOOLS_SKIP_CHECK", "1")
        .output()
        .unwrap_or_else(|e| panic!("`{tool}` is needed for this test: {e}"));
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{tool} {args:?}: {error}");
}

/// A disk of 64 MiB: an EFI system partition with two files, and `root` as ext4.
pub(crate) fn disk_of(root: &Path, into: &Path) -> PathBuf {
    let at = |name: &str| into.join(name).to_str().unwrap().to_owned();
    let (disk, esp, ext4) = (at("disk.raw"), at("esp"), at("ext4"));
    let sized = |path: &str, size: u64| File::create(path).unwrap().set_len(size).unwrap();
    sized(&esp, 4 * MIB);
    run("mkfs.fat", &["-F", "12", &esp]);
    std::fs::write(at("grubx64.efi"), vec![7u8; 10_000]).unwrap();
    std::fs::write(at("random-seed"), "seed").unwrap();
    run("mmd", &["-i", &esp, "::/EFI", "::/EFI/debian", "::/loader"]);
    let file = at("grubx64.efi");
    run(
        "mcopy",
        &["-i", &esp, &file, "::/EFI/debian/A long name.efi"],
    );
    run(
        "mcopy",
        &["-i", &esp, &at("random-seed"), "::/loader/random-seed"],
    );
    sized(&ext4, 48 * MIB);
    let root = root.to_str().unwrap();
    run("mke2fs", &["-q", "-F", "-t", "ext4", "-d", root, &ext4]);
    sized(&disk, 64 * MIB);
    run(
        "sgdisk",
        &[
            "-n1:2048:+4M",
            "-t1:ef00",
            "-c1:esp",
            "-n2:0:+48M",
            "-t2:8300",
            "-c2:root",
            &disk,
        ],
    );
    let file = File::options().write(true).open(&disk).unwrap();
    file.write_all_at(&std::fs::read(&esp).unwrap(), MIB)
        .unwrap();
    copy_sparse(&ext4, &file, 5 * MIB);
    disk.into()
}

fn copy_sparse(from: &str, to: &File, at: u64) {
    for (number, chunk) in std::fs::read(from).unwrap().chunks(4096).enumerate() {
        if chunk.iter().any(|b| *b != 0) {
            to.write_all_at(chunk, at + number as u64 * 4096).unwrap();
        }
    }
}

#[test]
fn reads_what_was_put() {
    let tree = Tree::clean();
    tree.put(&[
        ("/bin", "-> usr/bin"),
        ("/usr/bin/big", &"x".repeat(100_000)),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let disk = disk_of(tree.root(), folder.path());
    let view = DiskView::open(&disk).unwrap();
    let rows = view.partitions();
    let kinds: Vec<&str> = rows.iter().map(|p| p.kind.as_str()).collect();
    assert_eq!(kinds, ["EFI system", "Linux file system"]);
    assert_eq!((rows[1].name.as_str(), rows[1].start), ("root", 5 * MIB));
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    for (path, content) in tree.contents() {
        let node = snapshot
            .get(&path)
            .unwrap_or_else(|| panic!("{path} is missing"));
        if node.kind == Kind::File {
            assert_eq!(snapshot.read(node, 1 << 20).unwrap(), content, "{path}");
        }
    }
    let efi = snapshot
        .get("/boot/efi/EFI/debian/A long name.efi")
        .unwrap();
    assert_eq!(snapshot.read(efi, 1 << 20).unwrap(), vec![7; 10_000]);
    assert!(snapshot.get("/boot/efi/loader/random-seed").is_some());
}

/// A root file system, one for `/boot`, and one that is not read.
#[test]
fn other_partitions() {
    let tree = Tree::clean();
    tree.put(&[
        (
            "/etc/fstab",
            "LABEL=root / ext4 defaults 0 1\nLABEL=boot /boot ext4 defaults 0 2\n",
        ),
        ("/boot/hidden", "under what is mounted"),
    ]);
    let boot = tempfile::tempdir().unwrap();
    std::fs::write(boot.path().join("vmlinuz-6.1"), "kernel").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let disk = at("disk.raw");
    File::create(&disk).unwrap().set_len(80 * MIB).unwrap();
    run(
        "sgdisk",
        &["-n1:2048:+8M", "-n2:0:+48M", "-n3:0:+8M", &disk],
    );
    let file = File::options().write(true).open(&disk).unwrap();
    for (name, from, start, size) in [
        ("boot", boot.path(), MIB, 8 * MIB),
        ("root", tree.root(), 9 * MIB, 48 * MIB),
    ] {
        File::create(at(name)).unwrap().set_len(size).unwrap();
        let from = from.to_str().unwrap();
        run(
            "mke2fs",
            &["-q", "-F", "-t", "ext4", "-L", name, "-d", from, &at(name)],
        );
        copy_sparse(&at(name), &file, start);
    }
    file.write_all_at(b"XFSB", 57 * MIB).unwrap();
    let view = DiskView::open(Path::new(&disk)).unwrap();
    assert_eq!(
        view.unread(),
        ["partition 3 is xfs, which is not read here"]
    );
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let kernel = snapshot.get("/boot/vmlinuz-6.1").unwrap();
    assert_eq!(snapshot.read(kernel, 100).unwrap(), b"kernel");
    assert!(snapshot.get("/boot/hidden").is_none());
    assert!(snapshot.get("/etc/passwd").is_some());
}

/// Every broken byte of the structures gives an error or the same answer, never a panic.
#[test]
fn survives_broken_disks() {
    let tree = Tree::clean();
    let folder = tempfile::tempdir().unwrap();
    let disk = disk_of(tree.root(), folder.path());
    let file = File::options().read(true).write(true).open(&disk).unwrap();
    let look = || {
        DiskView::open(&disk).and_then(|view| {
            crate::view::free::residue(&view, &cx())?;
            crate::view::map::DiskMap::of(&view, &cx())?;
            view.nodes(&cx()).map(|nodes| nodes.len())
        })
    };
    assert!(look().unwrap() > 20);
    // GPT header, FAT boot sector, FAT, superblock of ext4, its first descriptors.
    let places = (0..96).map(|i| 512 + i);
    let places = places.chain((0..48).map(|i| MIB + 11 + i));
    let places = places.chain((0..32).map(|i| MIB + 2048 + i));
    let places = places.chain((0..120).map(|i| 5 * MIB + 1024 + i * 3));
    for at in places.chain((0..64).map(|i| 5 * MIB + 4096 + i)) {
        let mut good = [0];
        file.read_exact_at(&mut good, at).unwrap();
        for value in [0, 0xff] {
            file.write_all_at(&[value], at).unwrap();
            drop(look());
        }
        file.write_all_at(&good, at).unwrap();
    }
    assert!(look().unwrap() > 20, "every byte was put back");
    for cut in [6 * MIB, 2 * MIB, 1024, 511, 0] {
        file.set_len(cut).unwrap();
        assert!(look().is_err(), "cut at {cut}");
    }
}

#[test]
fn a_file_that_is_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("x");
    std::fs::write(&at, vec![0; 1 << 20]).unwrap();
    assert!(DiskView::open(&at).is_err());
    assert!(matches!(
        DiskView::open(&folder.path().join("absent")),
        Err(ViewError::Open { .. })
    ));
}
