//! A disk as a list of what stands where, and the writing of it.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use super::ImageError;
use crate::fs::ext4;
use crate::read::Disk;
use crate::sparse::{Assembler, CHUNK, Sink};
use crate::tree::ContentSource;

/// A disk laid out, with nothing written. Made by [`super::plan`] or [`super::plan_kept`].
pub struct Layout<'t> {
    size: u64,
    root_offset: u64,
    /// Ascending and apart; what is between them is zeros.
    regions: Vec<Region<'t>>,
}

impl std::fmt::Debug for Layout<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let regions = self.regions.iter();
        let ranges: Vec<&Range<u64>> = regions.map(|region| &region.range).collect();
        f.debug_struct("Layout")
            .field("size", &self.size)
            .field("regions", &ranges)
            .finish_non_exhaustive()
    }
}

/// A part of the disk.
pub(super) struct Region<'t> {
    range: Range<u64>,
    filling: Filling<'t>,
}

enum Filling<'t> {
    Bytes(Vec<u8>),
    /// The same place of another disk.
    Copy(&'t dyn Disk),
    FileSystem(Box<FileSystem<'t>>),
}

/// A file system that is written.
pub(super) struct FileSystem<'t> {
    /// Where it begins on the disk, in bytes.
    pub(super) at: u64,
    /// Where its tree is in that of the whole system; empty: it is the root.
    pub(super) mounted: Vec<u8>,
    pub(super) planned: ext4::Planned<'t>,
}

impl<'t> Region<'t> {
    pub(super) fn bytes(at: u64, bytes: Vec<u8>) -> Self {
        Self {
            range: at..at + bytes.len() as u64,
            filling: Filling::Bytes(bytes),
        }
    }

    pub(super) fn copy(range: Range<u64>, disk: &'t dyn Disk) -> Self {
        let filling = Filling::Copy(disk);
        Self { range, filling }
    }

    /// `size` is the file system's, in bytes.
    pub(super) fn file_system(file_system: FileSystem<'t>, size: u64) -> Self {
        Self {
            range: file_system.at..file_system.at + size,
            filling: Filling::FileSystem(Box::new(file_system)),
        }
    }
}

impl<'t> Layout<'t> {
    pub(super) fn new(size: u64, root_offset: u64, mut regions: Vec<Region<'t>>) -> Self {
        regions.sort_by_key(|region| region.range.start);
        Self {
            size,
            root_offset,
            regions,
        }
    }

    /// Size of the disk in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where the root file system begins, in bytes.
    pub fn root_offset(&self) -> u64 {
        self.root_offset
    }

    /// The files that [`super::write`] will open, in its order, and where they have data.
    pub fn reads(&self) -> impl Iterator<Item = (Cow<'_, [u8]>, &[Range<u64>])> {
        let file_systems = self
            .regions
            .iter()
            .filter_map(|region| match &region.filling {
                Filling::FileSystem(own) => Some(own),
                _ => None,
            });
        file_systems.flat_map(|own| {
            let files = own.planned.reads();
            files.map(|(path, data)| (below(&own.mounted, path), data))
        })
    }

    /// Bytes of file contents that [`super::write`] will read.
    pub fn data_bytes(&self) -> u64 {
        let regions = self.regions.iter();
        let bytes = regions.map(|region| match &region.filling {
            Filling::FileSystem(file_system) => file_system.planned.data_bytes(),
            _ => 0,
        });
        bytes.sum()
    }

    pub(super) fn write(
        &self,
        contents: &mut dyn ContentSource,
        sink: &mut dyn Sink,
    ) -> Result<(), ImageError> {
        let mut disk = Assembler::new(self.size, sink);
        let mut at = 0;
        for Region { range, filling } in &self.regions {
            let gap = range.start.checked_sub(at);
            let gap = gap.ok_or_else(|| io::Error::other("regions of the disk overlap"));
            gap.and_then(|gap| disk.zeros(at, gap))
                .and_then(|()| disk.settle(range.start))
                .map_err(ImageError::Write)?;
            at = range.end;
            match filling {
                Filling::Bytes(bytes) => {
                    disk.data(range.start, bytes).map_err(ImageError::Write)?;
                }
                Filling::Copy(from) => copy(*from, range, &mut disk)?,
                Filling::FileSystem(own) => {
                    let mounted = &own.mounted;
                    let mut contents = Below { contents, mounted };
                    own.planned.write(&mut contents, &mut disk, own.at)?;
                }
            }
        }
        disk.zeros(at, self.size - at)
            .and_then(|()| disk.finish())
            .map_err(ImageError::Write)
    }
}

/// Copies what is not zeros.
fn copy(from: &dyn Disk, range: &Range<u64>, to: &mut Assembler<'_>) -> Result<(), ImageError> {
    let mut buffer = vec![0; CHUNK];
    let mut at = range.start;
    while at < range.end {
        let data = from.next_data(at).map_err(ImageError::Read)?;
        let data = data.map_or(range.end..range.end, |data| {
            data.start.clamp(at, range.end)..data.end.clamp(at, range.end)
        });
        to.zeros(at, data.start - at).map_err(ImageError::Write)?;
        at = data.start;
        while at < data.end {
            let length = usize::try_from(data.end - at).map_or(CHUNK, |left| left.min(CHUNK));
            let piece = &mut buffer[..length];
            from.read_at(at, piece).map_err(ImageError::Read)?;
            to.data(at, piece).map_err(ImageError::Write)?;
            at += length as u64;
        }
    }
    Ok(())
}

/// The contents of a tree that is a part of another one.
struct Below<'a> {
    contents: &'a mut dyn ContentSource,
    mounted: &'a [u8],
}

impl ContentSource for Below<'_> {
    fn open(&mut self, path: &[u8], data: &[Range<u64>]) -> io::Result<Box<dyn Read + '_>> {
        self.contents.open(&below(self.mounted, path), data)
    }
}

/// A path of a part of a tree, from the root of all of it.
fn below<'p>(mounted: &[u8], path: &'p [u8]) -> Cow<'p, [u8]> {
    if mounted.is_empty() {
        Cow::Borrowed(path)
    } else {
        Cow::Owned([mounted, b"/", path].concat())
    }
}
