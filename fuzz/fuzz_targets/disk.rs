//! Any bytes as a disk, and a disk of ours with any bytes changed: an answer or an error, never a
//! panic, and no end that does not come. What is found is read to its end.
#![no_main]

use std::io::{self, Read as _};
use std::ops::Range;
use std::sync::OnceLock;

use goldsmith_disk::id::Ids;
use goldsmith_disk::image::{self, Architecture, Spec};
use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::qcow2::{Qcow2, is_qcow2};
use goldsmith_disk::read::table::Table;
use goldsmith_disk::read::{Disk, Part, signature};
use goldsmith_disk::sparse::{Chunk, Sink};
use goldsmith_disk::tree::{Attributes, Content, ContentSource, Kind, Node, Time, Tree};

/// More than this of a disk is not read: a small file may say that it is large.
const READ_MAX: u64 = 8 << 20;
const SECTOR: usize = 512;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((0, changes)) => look(&Changed::new(changes)),
        _ if is_qcow2(bytes) => {
            if let Ok(disk) = Qcow2::open(bytes.to_vec()) {
                look(&disk);
            }
        }
        _ => look(&bytes.to_vec()),
    }
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
            let read = io::copy(&mut reader.take(left), &mut io::sink());
            left -= read.unwrap_or(0);
        }
    }
}

/// A disk of ours in which some bytes are others: five bytes of input for each, a sector of those
/// that are not zeros, a place in it, and the byte.
struct Changed {
    disk: &'static [u8],
    changes: Vec<(u64, u8)>,
}

impl Changed {
    fn new(input: &[u8]) -> Self {
        static DISK: OnceLock<(Vec<u8>, Vec<usize>)> = OnceLock::new();
        let (disk, sectors) = DISK.get_or_init(made);
        let change = |word: &[u8]| {
            let sector = usize::from(word[0]) << 8 | usize::from(word[1]);
            let inside = (usize::from(word[2]) << 8 | usize::from(word[3])) % SECTOR;
            let at = sectors[sector % sectors.len()] * SECTOR + inside;
            (at as u64, word[4])
        };
        let changes = input.chunks_exact(5).take(64).map(change).collect();
        Self { disk, changes }
    }
}

impl Disk for Changed {
    fn size(&self) -> u64 {
        self.disk.len() as u64
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(at).ok();
        let found = from
            .and_then(|from| self.disk.get(from..)?.get(..bytes.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(found);
        for (place, byte) in &self.changes {
            let inside = place
                .checked_sub(at)
                .and_then(|at| usize::try_from(at).ok());
            if let Some(own) = inside.and_then(|inside| bytes.get_mut(inside)) {
                *own = *byte;
            }
        }
        Ok(())
    }
}

struct Memory(Vec<u8>);

impl Sink for Memory {
    fn put(&mut self, chunk: Chunk) -> io::Result<()> {
        let at = usize::try_from(chunk.offset()).map_err(io::Error::other)?;
        self.0[at..at + chunk.bytes.len()].copy_from_slice(&chunk.bytes);
        Ok(())
    }
}

struct Nothing;

impl ContentSource for Nothing {
    fn open(&mut self, _: &[u8], _: &[Range<u64>]) -> io::Result<Box<dyn io::Read + '_>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// A small disk of ours, and its sectors that are not zeros.
fn made() -> (Vec<u8>, Vec<usize>) {
    let mtime = Time::default();
    let mut tree = Tree::new(Attributes::root_owned(0o755, mtime));
    tree.insert_file("etc/fstab", 0o644, mtime, b"LABEL=root / ext4\n".to_vec());
    tree.insert_file("usr/large", 0o4755, mtime, vec![7; 70_000]);
    for number in 0..200 {
        let path = format!("many/a name that takes some room {number}");
        tree.insert_file(&path, 0o600, mtime, vec![1; 10]);
    }
    let mut attributes = Attributes::root_owned(0o644, mtime);
    attributes.xattrs.insert(b"user.a".to_vec(), vec![2; 900]);
    let mut add = |path: &str, kind| {
        let attributes = attributes.clone();
        tree.insert(path, Node { attributes, kind });
    };
    add("etc/listed", Kind::File(Content::Bytes(vec![3; 5])));
    add("etc/link", Kind::Symlink(vec![b'x'; 100]));
    add("name", Kind::HardLink(b"etc/listed".to_vec()));
    let spec = Spec {
        size: 64 << 20,
        ids: Ids::derive(&[7; 32]),
        architecture: Architecture::X86_64,
        epoch: 0,
        bios: None,
        esp: None,
    };
    let layout = image::plan(&spec, &tree).expect("a tree that fits");
    let mut disk = Memory(vec![0; usize::try_from(layout.size()).expect("64 MiB")]);
    image::write(&layout, &mut Nothing, &mut disk).expect("memory takes all");
    let sectors = disk.0.chunks(SECTOR).enumerate();
    let used = sectors.filter(|(_, sector)| sector.iter().any(|byte| *byte != 0));
    let used = used.map(|(at, _)| at).collect();
    (disk.0, used)
}
