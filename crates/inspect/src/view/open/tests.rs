//! One disk in every form that it may come in, made by the tools that make them.

use std::path::PathBuf;

use goldsmith_core::failure::Failure as _;

use super::*;
use crate::sanitize::testing::{Tree, cx};
use crate::view::Kind;
use crate::view::disk::tests::{disk_of, run};

/// Path and content of every file.
fn files(path: &Path, scratch: &Path) -> (String, Vec<(String, Vec<u8>)>) {
    let opened =
        open(path, scratch, None, &cx()).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
    let mut nodes = opened.view.nodes(&cx()).unwrap();
    nodes.sort_by(|a, b| a.path.cmp(&b.path));
    let files = nodes.iter().filter(|n| n.kind == Kind::File);
    let files = files.map(|n| (n.path.clone(), opened.view.read(n, 1 << 20).unwrap()));
    (opened.form, files.collect())
}

#[test]
fn every_form_holds_the_same() {
    let tree = Tree::clean();
    tree.put(&[("/usr/share/big", &"0123456789".repeat(70_000))]);
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    let disk = disk_of(tree.root(), folder.path());
    let at = |name: &str| folder.path().join(name);
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let (form, expected) = files(&disk, &scratch);
    assert_eq!(form, "raw disk");
    assert!(
        expected
            .iter()
            .any(|(path, _)| path == "/boot/efi/loader/random-seed")
    );
    for (format, options, form) in [
        ("qcow2", "", "qcow2 disk"),
        ("vmdk", "subformat=monolithicSparse", "vmdk disk"),
        ("vmdk", "subformat=streamOptimized", "vmdk disk"),
        ("vpc", "subformat=fixed,force_size=on", "vhd disk"),
        ("vpc", "subformat=dynamic,force_size=on", "vhd disk"),
        ("vhdx", "subformat=dynamic", "vhdx disk"),
        ("vhdx", "subformat=fixed", "vhdx disk"),
    ] {
        let path = at("converted");
        let (from, to) = (text(&disk), text(&path));
        let mut args = vec!["convert", "-O", format];
        if !options.is_empty() {
            args.extend(["-o", options]);
        }
        args.extend([from.as_str(), to.as_str()]);
        run("qemu-img", &args);
        assert!(
            files(&path, &scratch) == (form.to_owned(), expected.clone()),
            "{format} {options}"
        );
    }
    let (from, vmdk) = (text(&disk), text(&at("web.vmdk")));
    run(
        "qemu-img",
        &[
            "convert",
            "-O",
            "vmdk",
            "-o",
            "subformat=streamOptimized",
            &from,
            &vmdk,
        ],
    );
    std::fs::write(at("web.ovf"), "<Envelope/>").unwrap();
    let (dir, ova, gce) = (
        text(&folder.path().to_owned()),
        text(&at("web.ova")),
        text(&at("gce.tar.gz")),
    );
    run("tar", &["-C", &dir, "-cf", &ova, "web.ovf", "web.vmdk"]);
    run(
        "tar",
        &["-C", &dir, "--format=oldgnu", "-Sczf", &gce, "disk.raw"],
    );
    let (zst, packed) = (text(&at("disk.raw.zst")), text(&at("disk.raw")));
    run("zstd", &["-q", "-1", &packed, "-o", &zst]);
    for (name, form) in [
        ("web.ova", "tar, vmdk disk"),
        ("gce.tar.gz", "gz, tar, raw disk"),
        ("disk.raw.zst", "zst, raw disk"),
    ] {
        let found = files(&at(name), &scratch);
        assert!(
            found == (form.to_owned(), expected.clone()),
            "{name}: {}",
            found.0
        );
    }
    assert_eq!(
        std::fs::read_dir(&scratch).unwrap().count(),
        0,
        "nothing has a name"
    );
    let (form, plain) = files(tree.root(), &scratch);
    assert_eq!(form, "folder");
    let root = text(&tree.root().to_owned());
    for (name, option) in [
        ("root.tar", "-c"),
        ("root.tar.gz", "-cz"),
        ("root.tar.xz", "-cJ"),
    ] {
        let path = text(&at(name));
        run("tar", &["-C", &root, option, "-f", &path, "."]);
        let (form, found) = files(&at(name), &scratch);
        assert!(found == plain, "{name}: {form}");
    }
}

#[test]
fn says_what_it_does_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("x");
    let text = |bytes: &[u8]| {
        std::fs::write(&at, bytes).unwrap();
        let error = open(&at, folder.path(), None, &cx()).unwrap_err();
        goldsmith_core::failure::with_causes(&error)
    };
    let mut disk = vec![0; 1 << 20];
    let nothing = "not a disk we can read: there is neither a partition table nor a file system";
    assert_eq!(text(&disk), nothing);
    disk[..4].copy_from_slice(b"XFSB");
    assert_eq!(
        text(&disk),
        "the root file system is on xfs, which is not read here"
    );
    // A volume group: named, with what to do.
    disk[..4].fill(0);
    disk[512..520].copy_from_slice(b"LABELONE");
    disk[536..544].copy_from_slice(b"LVM2 001");
    assert_eq!(
        text(&disk),
        "the root file system is on LVM, which is not read here"
    );
    let hints = open(&at, folder.path(), None, &cx()).unwrap_err().hints();
    assert!(hints[0].contains("`vgchange --activate y`"), "{hints:?}");
    assert_eq!(
        text(b"PK\x03\x04"),
        "not a disk we can read: the disk file is a ZIP archive, which is not read here"
    );
    assert_eq!(text(b""), nothing);
    let cut = [&[0x1F, 0x8B, 8, 0][..], &[0; 20]].concat();
    assert!(text(&cut).starts_with("cannot unpack its `gz`"));
}
