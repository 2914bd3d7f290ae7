use std::fs::File;
use std::os::unix::fs::FileExt;

use super::*;
use crate::known::KnownHere;
use crate::sanitize::testing::{Tree, cx};
use crate::sanitize::{Mode, sanitize};
use crate::view::disk::tests::{MIB, disk_of, run};

fn failures(report: &Report) -> Vec<(&str, &str)> {
    report
        .findings()
        .filter(|(_, row)| row.severity == Severity::Fail)
        .map(|(rule, row)| (rule.id.as_str(), row.path.as_str()))
        .collect()
}

/// What the first pass removes from the tree is what the second looks for on the disk.
#[test]
fn a_sanitized_tree_makes_a_disk_that_passes() {
    let tree = Tree::clean();
    tree.put(&[
        ("/etc/ssh/ssh_host_rsa_key", "x"),
        ("/root/.aws/credentials", "x"),
        ("/var/log/dpkg.log", "x"),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::default();
    let disk = disk_of(tree.root(), folder.path());
    let report = verify_disk(&disk, &settings, &cx()).unwrap();
    assert!(!report.passed);
    assert_eq!(
        failures(&report),
        [
            ("cloud-creds", "/root/.aws/credentials"),
            ("install-logs", "/var/log/dpkg.log"),
            ("logs", "/var/log/dpkg.log"),
            ("random-seed", "/boot/efi/loader/random-seed"),
            ("ssh-hostkeys", "/etc/ssh/ssh_host_rsa_key"),
        ]
    );

    sanitize(tree.root(), &settings, Mode::Apply, &cx()).unwrap();
    assert!(
        verify_tree(tree.root(), &KnownHere::default(), &settings, &cx())
            .unwrap()
            .passed
    );
    let disk = disk_of(tree.root(), folder.path());
    let report = verify_disk(&disk, &settings, &cx()).unwrap();
    // The disk maker of this test puts the seed there.
    assert_eq!(
        failures(&report),
        [("random-seed", "/boot/efi/loader/random-seed")]
    );
}

/// A file deleted in a mounted or edited file system leaves its bytes behind.
#[test]
fn bytes_of_deleted_files_are_found() {
    let tree = Tree::clean();
    tree.put(&[("/root/secret", &"geheim".repeat(2000))]);
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("root.ext4");
    let path = image.to_str().unwrap();
    let root = tree.root().to_str().unwrap();
    for options in ["^uninit_bg,^metadata_csum", "metadata_csum,64bit"] {
        File::create(&image).unwrap().set_len(300 * MIB).unwrap();
        run(
            "mke2fs",
            &[
                "-q", "-F", "-t", "ext4", "-b", "4096", "-O", options, "-d", root, path,
            ],
        );
        let clean = residue(&DiskView::open(&image).unwrap(), &cx())
            .unwrap()
            .unwrap();
        assert_eq!((clean.dirty_blocks, clean.first), (0, None), "{options}");
        run("debugfs", &["-w", "-R", "rm /root/secret", path]);
        let dirty = residue(&DiskView::open(&image).unwrap(), &cx())
            .unwrap()
            .unwrap();
        assert_eq!(dirty.dirty_blocks, 12_000_u64.div_ceil(4096), "{options}");
        let report = verify_disk(&image, &Settings::default(), &cx()).unwrap();
        assert_eq!(failures(&report), [(FREE_SPACE, "unused blocks")]);
        let first = dirty.first.unwrap();
        let mut bytes = [0; 6];
        File::open(&image)
            .unwrap()
            .read_exact_at(&mut bytes, first)
            .unwrap();
        assert_eq!(&bytes, b"geheim");
    }
}

#[test]
fn what_is_no_disk_is_an_error_not_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("x");
    std::fs::write(&at, "no disk").unwrap();
    assert!(matches!(
        verify_disk(&at, &Settings::default(), &cx()),
        Err(SanitizeError::View(_))
    ));
}
