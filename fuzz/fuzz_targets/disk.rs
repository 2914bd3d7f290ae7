//! Any bytes as a disk: an answer or an error, never a panic, and no end that does not come. What
//! is found is read to its end.
#![no_main]

use std::io::Read as _;

use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::qcow2::{Qcow2, is_qcow2};
use goldsmith_disk::read::table::Table;
use goldsmith_disk::read::{Disk, Part, signature};
use goldsmith_disk::tree::{Content, ContentSource as _, Kind};

/// More than this of a disk is not read: a small file may say that it is large.
const READ_MAX: u64 = 8 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let bytes = bytes.to_vec();
    if is_qcow2(&bytes) {
        if let Ok(disk) = Qcow2::open(bytes) {
            look(&disk);
        }
        return;
    }
    look(&bytes);
});

fn look(disk: &dyn Disk) {
    let _ = signature::of_file(disk);
    let mut parts = vec![0..disk.size()];
    if let Ok(Some(table)) = Table::read(disk) {
        let partitions = table.partitions.iter();
        parts.extend(partitions.map(|partition| partition.start..partition.end()));
        let _ = table.has_bios_loader(disk);
    }
    for range in parts.into_iter().take(8) {
        let part = Part::new(disk, range);
        let _ = signature::on_partition(&part);
        if let Ok(fs) = Ext4::open(part) {
            let _ = fs.read(b"etc/fstab", 1 << 16);
            read_all(&fs);
        }
    }
}

fn read_all(fs: &Ext4<'_>) {
    let Ok((tree, mut contents)) = fs.tree() else {
        return;
    };
    let _ = tree.check();
    let mut left = READ_MAX;
    for (path, node) in tree.iter() {
        let Kind::File(Content::Source { data, .. }) = &node.kind else {
            continue;
        };
        if let Ok(reader) = contents.open(path, data) {
            let read = std::io::copy(&mut reader.take(left), &mut std::io::sink());
            left -= read.unwrap_or(0);
        }
    }
}
