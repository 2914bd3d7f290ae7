//! VMDK, the stream-optimized kind: what vSphere, VirtualBox and AWS import.
//!
//! ```text
//! sector    0    header, its place of the grain directory "at the end"
//! sector    1    descriptor, a text
//! sector  128    for each 32 MiB in which there is data
//!                    grains: sector on the disk (8), bytes (4), then zlib of 64 KiB
//!                    marker 1, grain table: where its 512 grains are, 0 for zeros
//!                marker 2, grain directory: where the grain tables are, 0 for zeros
//!                marker 3, footer: the header with the place of the directory
//!                marker 0: the end
//! ```
//!
//! A marker is a sector: sectors that follow (8), 0 (4), its kind (4). All begin on sectors,
//! numbers are little-endian, places are sectors of this file. Source: Virtual Disk Format 5.0,
//! VMware; what `ddb` holds as ovftool writes it.

use std::fmt::Write as _;
use std::io;

use libdeflater::{CompressionLvl, Compressor};

use crate::id::prefix;
use crate::sparse::CHUNK;

use super::target::Out;
use super::unit::{GRAIN, Unit, convert, units};
use super::{Disk, FmtError, Format};

const SECTOR: u64 = 512;
const GRAIN_SECTORS: u64 = GRAIN as u64 / SECTOR;
const TABLE_ENTRIES: u64 = 512;
/// Sectors before the first grain: one grain, as VMware writes it.
const OVERHEAD: u64 = 128;
const DESCRIPTOR_SECTORS: u64 = 20;
/// The place of the directory in a header that was written before it.
const AT_THE_END: u64 = u64::MAX;
/// What VMware's own tools can make: 62 TiB of whole MiB.
const SIZE_MAX: u64 = 62 << 40;
/// By measure: the last level that gains 1 %. See the root manifest for the library.
const LEVEL: i32 = 5;
/// What VMware's drivers see of a SCSI disk.
const HEADS: u64 = 255;
const SECTORS_OF_TRACK: u64 = 63;

pub(super) static FORMAT: Format = Format {
    name: "vmdk",
    endings: &[".vmdk"],
    summary: "stream-optimized VMDK: VMware, VirtualBox, AWS import; 64 KiB grains by zlib",
    unstreamed: None,
    write: |disk, target| write(disk, &mut Out::new(target)),
};

/// Grains of a unit.
struct Grains {
    /// With their markers, each filled up to a whole sector.
    bytes: Vec<u8>,
    /// Which of the disk, and the sector of `bytes` it begins at.
    places: Vec<(u64, u64)>,
}

/// Writes the disk at the beginning of a file. Gives the disk digest.
pub(super) fn write(disk: &Disk<'_>, out: &mut Out<'_>) -> Result<[u8; 32], FmtError> {
    if disk.size > SIZE_MAX {
        let (format, size, max) = (FORMAT.name, disk.size, SIZE_MAX);
        return Err(FmtError::TooLarge { format, size, max });
    }
    let capacity = disk.size.div_ceil(GRAIN as u64) * GRAIN_SECTORS;
    let mut tables = Tables::begin(out, capacity, &disk.digest)?;
    let work = || {
        let level = CompressionLvl::new(LEVEL).expect("a level that there is");
        let mut zlib = Compressor::new(level);
        move |unit: &mut Unit| compress(&mut zlib, unit)
    };
    let found = convert(disk, &units(disk, CHUNK), CHUNK, work, |grains| {
        tables.add(&grains)
    })?;
    tables.finish()?;
    Ok(found)
}

fn compress(zlib: &mut Compressor, unit: &Unit) -> Grains {
    const MARKER: usize = 12;
    let room = zlib.zlib_compress_bound(GRAIN);
    let mut bytes = Vec::new();
    let mut places = Vec::new();
    for (index, grain) in unit.grains() {
        let start = bytes.len();
        places.push((index, start as u64 / SECTOR));
        bytes.resize(start + MARKER + room, 0);
        let length = zlib.zlib_compress(grain, &mut bytes[start + MARKER..]);
        let length = length.expect("the buffer is as large as it may have to be");
        bytes.truncate(start + MARKER + length);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        let length = u32::try_from(length).expect("about a grain");
        bytes[start..start + 8].copy_from_slice(&(index * GRAIN_SECTORS).to_le_bytes());
        bytes[start + 8..start + MARKER].copy_from_slice(&length.to_le_bytes());
    }
    Grains { bytes, places }
}

/// The file, with the tables under way.
struct Tables<'o, 't> {
    out: &'o mut Out<'t>,
    capacity: u64,
    directory: Vec<u32>,
    table: Vec<u32>,
}

impl<'o, 't> Tables<'o, 't> {
    fn begin(out: &'o mut Out<'t>, capacity: u64, digest: &[u8; 32]) -> io::Result<Self> {
        out.append(&header(capacity, AT_THE_END))?;
        out.append(descriptor(capacity, digest).as_bytes())?;
        out.skip_to(OVERHEAD * SECTOR)?;
        Ok(Self {
            out,
            capacity,
            directory: Vec::new(),
            table: Vec::new(),
        })
    }

    fn add(&mut self, grains: &Grains) -> io::Result<()> {
        // A table is of many units: the first grain speaks for all.
        let first = grains.places.first().map_or(0, |place| place.0);
        let table = index(first / TABLE_ENTRIES);
        if table >= self.directory.len() {
            self.end_table()?;
            self.directory.resize(table + 1, 0);
            self.table = vec![0; index(TABLE_ENTRIES)];
        }
        let base = self.out.at() / SECTOR;
        for (grain, place) in &grains.places {
            self.table[index(grain % TABLE_ENTRIES)] = number(base + place)?;
        }
        self.out.append(&grains.bytes)
    }

    fn end_table(&mut self) -> io::Result<()> {
        if !self.table.is_empty() {
            let table = std::mem::take(&mut self.table);
            let place = self.marked(1, &table)?;
            *self.directory.last_mut().expect("a table has an entry") = number(place)?;
        }
        Ok(())
    }

    /// Writes a marker and entries; gives the place of the entries.
    fn marked(&mut self, kind: u32, entries: &[u32]) -> io::Result<u64> {
        let bytes: Vec<u8> = entries.iter().flat_map(|e| e.to_le_bytes()).collect();
        self.out.append(&marker(bytes.len() as u64, kind))?;
        let place = self.out.at() / SECTOR;
        self.out.append(&bytes)?;
        self.out.align(SECTOR)?;
        Ok(place)
    }

    fn finish(mut self) -> io::Result<()> {
        self.end_table()?;
        let tables = self.capacity.div_ceil(GRAIN_SECTORS * TABLE_ENTRIES);
        self.directory.resize(index(tables), 0);
        let directory = std::mem::take(&mut self.directory);
        let place = self.marked(2, &directory)?;
        self.out.append(&marker(SECTOR, 3))?;
        self.out.append(&header(self.capacity, place))?;
        self.out.append(&marker(0, 0))
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a table in memory")
}

/// The place of something in the file, or how much there is of it.
fn number(of: u64) -> io::Result<u32> {
    let too_large = |_| io::Error::other("the compressed disk is larger than 2 TiB");
    u32::try_from(of).map_err(too_large)
}

fn marker(bytes: u64, kind: u32) -> [u8; 512] {
    let mut marker = [0; 512];
    marker[..8].copy_from_slice(&bytes.div_ceil(SECTOR).to_le_bytes());
    marker[12..16].copy_from_slice(&kind.to_le_bytes());
    marker
}

fn header(capacity: u64, directory: u64) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(b"KDMV");
    header.extend(3u32.to_le_bytes());
    // Line ends can be checked, grains are compressed, markers are there.
    header.extend((1u32 | 1 << 16 | 1 << 17).to_le_bytes());
    header.extend(capacity.to_le_bytes());
    header.extend(GRAIN_SECTORS.to_le_bytes());
    header.extend(1u64.to_le_bytes());
    header.extend(DESCRIPTOR_SECTORS.to_le_bytes());
    header.extend(512u32.to_le_bytes());
    header.extend(0u64.to_le_bytes()); // no second directory
    header.extend(directory.to_le_bytes());
    header.extend(OVERHEAD.to_le_bytes());
    header.push(0); // shut down cleanly
    header.extend(b"\n \r\n");
    header.extend(1u16.to_le_bytes()); // deflate
    header.resize(512, 0);
    header
}

/// The adapter is `lsilogic` for every SCSI disk, whatever controller the machine has.
fn descriptor(capacity: u64, digest: &[u8; 32]) -> String {
    let mut content: [u8; 16] = prefix(digest, "vmdk content");
    // The last 8 digits are the content's short name, which must not be that of no parent.
    content[12] &= 0x7F;
    let content: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
    let cylinders = capacity.div_ceil(HEADS * SECTORS_OF_TRACK);
    let mut text = format!(
        "# Disk DescriptorFile\nversion=1\nCID={}\nparentCID=ffffffff\nisNativeSnapshot=\"no\"\n\
         createType=\"streamOptimized\"\n\n# Extent description\nRW {capacity} SPARSE \"disk.vmdk\"\n\n\
         # The Disk Data Base\n#DDB\n\n",
        &content[24..]
    );
    for (name, value) in [
        ("adapterType", "lsilogic".to_owned()),
        ("geometry.cylinders", cylinders.to_string()),
        ("geometry.heads", HEADS.to_string()),
        ("geometry.sectors", SECTORS_OF_TRACK.to_string()),
        ("longContentID", content.clone()),
        ("virtualHWVersion", "13".to_owned()),
    ] {
        let _ = writeln!(text, "ddb.{name} = \"{value}\"");
    }
    text
}
