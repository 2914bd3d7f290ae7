//! Any bytes as a file system: its tree and the contents of its files.
#![no_main]

use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::{Disk, Part};
use goldsmith_disk::tree::{Content, Kind};

/// Bytes read of one file.
const READ: u64 = 1 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let bytes = bytes.to_vec();
    let Ok(fs) = Ext4::open(Part::new(&bytes, 0..bytes.len() as u64)) else {
        return;
    };
    drop(fs.top());
    let Ok((tree, contents)) = fs.everything() else {
        return;
    };
    for (path, node) in tree.iter() {
        if let Kind::File(Content::Source { size, .. }) = &node.kind {
            let file = contents.file(path, *size).expect("a file of the tree");
            let mut buffer = vec![0; usize::try_from((*size).min(READ)).unwrap()];
            drop(file.read_at(0, &mut buffer));
            drop(file.next_data(*size / 2));
        }
    }
});
