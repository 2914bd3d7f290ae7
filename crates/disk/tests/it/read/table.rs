//! Partition tables that sgdisk and sfdisk wrote, read and made larger.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::read::Disk as _;
use goldsmith_disk::read::table::{Form, Table};

use super::RawFile;
use crate::tool::tool;

const MIB: u64 = 1 << 20;

fn sized(path: &Path, size: u64) {
    File::create(path).unwrap().set_len(size).unwrap();
}

fn read(path: &Path) -> Table {
    Table::read(&RawFile::open(path)).unwrap().unwrap()
}

/// Number, kind, name, first and last MiB of each partition.
fn rows(table: &Table) -> Vec<String> {
    let row = |p: &goldsmith_disk::read::table::Partition| {
        let (first, last) = (p.start / MIB, p.end() / MIB);
        format!("{} {} {} {first}-{last}", p.number, p.kind, p.name)
    };
    table.partitions.iter().map(row).collect()
}

/// As Debian's cloud images have it: the root is number 1 and the last on the disk.
#[test]
fn a_table_of_sgdisk_grows() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk");
    let name = path.to_str().unwrap();
    sized(&path, 64 * MIB);
    let layout = [
        "-n14:2048:+3M",
        "-t14:ef02",
        "-n15:0:+8M",
        "-t15:ef00",
        "-c15:esp",
        "-n1:0:0",
        "-t1:8304",
        "-c1:root",
        "-A1:set:2",
        name,
    ];
    tool("gdisk", "sgdisk", &layout);
    let table = read(&path);
    let expected = [
        "1 Linux root root 12-63",
        "14 BIOS boot  1-4",
        "15 EFI system esp 4-12",
    ];
    assert_eq!(rows(&table), expected);
    assert_eq!(table.roots()[0].number, 1);
    assert_eq!(table.esp().unwrap().number, 15);
    let disk = RawFile::open(&path);
    assert!(
        !table.has_bios_loader(&disk).unwrap(),
        "there is no boot code"
    );
    let before = tool("gdisk", "sgdisk", &["-i1", name]);

    let Form::Gpt(gpt) = &table.form else {
        panic!("it is a GPT")
    };
    let size = 200 * MIB;
    let file = File::options().write(true).open(&path).unwrap();
    // The old copy is not at the end any more.
    file.write_all_at(&vec![0; 33 * 512], 64 * MIB - 33 * 512)
        .unwrap();
    file.set_len(size).unwrap();
    assert_eq!(gpt.tail(), 33 * 512);
    let pieces = gpt.resized(size, 1, size - MIB);
    for (at, bytes) in pieces.primary.iter().chain(&pieces.backup) {
        file.write_all_at(bytes, *at).unwrap();
    }
    let report = tool("gdisk", "sgdisk", &["-v", name]);
    assert!(report.contains("No problems found"), "{report}");
    let grown = read(&path);
    assert_eq!(rows(&grown)[0], "1 Linux root root 12-199");
    assert_eq!(rows(&grown)[1..], expected[1..]);
    let after = tool("gdisk", "sgdisk", &["-i1", name]);
    let kept = |text: &str| {
        let changed = |line: &&str| !line.contains("Last sector") && !line.contains("size");
        text.lines().filter(changed).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        kept(&before),
        kept(&after),
        "identifiers and attributes stay"
    );

    // The same size again is the same table.
    let Form::Gpt(gpt) = &grown.form else {
        panic!("it is a GPT")
    };
    assert_eq!(gpt.resized(size, 1, size - MIB), pieces);
}

#[test]
fn a_record_of_sfdisk_grows() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk");
    let (name, script) = (path.to_str().unwrap(), scratch.path().join("script"));
    sized(&path, 64 * MIB);
    std::fs::write(
        &script,
        "label: dos\nlabel-id: 0x12345678\nstart=2048, size=16384, type=82\nstart=18432, type=83, bootable\n",
    )
    .unwrap();
    let run = format!("sfdisk -q {name} < {}", script.to_str().unwrap());
    tool("fdisk", "sh", &["-c", &run]);
    let table = read(&path);
    assert_eq!(
        rows(&table),
        ["1 Linux swap  1-9", "2 Linux file system  9-64"]
    );
    let Form::Mbr(mbr) = &table.form else {
        panic!("it is a master boot record")
    };
    assert_eq!(mbr.resized(2, 1 << 41), None);
    let record = mbr.resized(2, 191 * MIB).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(200 * MIB).unwrap();
    file.write_all_at(&record, 0).unwrap();
    assert_eq!(rows(&read(&path))[1], "2 Linux file system  9-200");
    let dump = tool("fdisk", "sfdisk", &["-d", name]);
    assert!(
        dump.contains("0x12345678") && dump.contains("bootable"),
        "{dump}"
    );
}

#[test]
fn a_disk_without_a_table() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk");
    let name = path.to_str().unwrap();
    sized(&path, 16 * MIB);
    assert!(Table::read(&RawFile::open(&path)).unwrap().is_none());
    // A bare file system, whose first sector ends with the same two bytes.
    tool("dosfstools", "mkfs.fat", &[name]);
    let disk = RawFile::open(&path);
    let mut end = [0; 2];
    disk.read_at(510, &mut end).unwrap();
    assert_eq!(end, [0x55, 0xAA]);
    assert!(Table::read(&disk).unwrap().is_none());
}
