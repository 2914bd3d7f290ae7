//! GPT: the protective MBR, both tables, and reading one back.
//!
//! ```text
//! LBA 0          protective MBR: 440 bytes of boot code, one entry of type 0xEE, 55 AA
//! LBA 1          header: "EFI PART", revision 1.0, CRC-32 of itself and of the entries
//! LBA 2..34      128 entries of 128 bytes: type, id, first and last LBA, attributes, name in UTF-16
//! ...            partitions
//! last-32..last  the entries again
//! last           the header again, its own place and the other's exchanged
//! ```
//!
//! Sectors are 512 bytes. Source of the format: UEFI specification 2.10, section 5.3.

use crate::id::Guid;

/// Bytes of a sector.
pub const SECTOR: u64 = 512;
/// Sectors that a table takes at each end of the disk, the MBR not counted.
pub const TABLE_SECTORS: u64 = 33;
/// Room for boot code in the MBR, in bytes.
pub const BOOT_CODE: usize = 440;

const ENTRIES: usize = 128;
const ENTRY: usize = 128;
const NAME_UNITS: usize = 36;

/// Partition type: GRUB's core image on machines that boot by BIOS.
pub const TYPE_BIOS_BOOT: Guid = Guid::new(0x2168_6148_6449_6E6F_744E_6565_6445_4649);
/// Partition type: EFI system partition.
pub const TYPE_ESP: Guid = Guid::new(0xC12A_7328_F81F_11D2_BA4B_00A0_C93E_C93B);
/// Partition type: root file system of an x86-64 machine.
pub const TYPE_ROOT_X86_64: Guid = Guid::new(0x4F68_BCE3_E8CD_4DB1_96E7_FBCA_F984_B709);
/// Partition type: root file system of a 64-bit ARM machine.
pub const TYPE_ROOT_ARM64: Guid = Guid::new(0xB921_B045_1DF0_41C3_AF44_4C6F_280D_3FAE);

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// What it is for.
    pub kind: Guid,
    /// Its own identifier.
    pub id: Guid,
    /// Its first sector.
    pub first: u64,
    /// Its last sector.
    pub last: u64,
    /// Attribute bits.
    pub attributes: u64,
    /// Its name, 36 UTF-16 units at most.
    pub name: String,
}

impl Partition {
    /// Where it begins on the disk, in bytes.
    pub fn offset(&self) -> u64 {
        self.first * SECTOR
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        (self.last - self.first + 1) * SECTOR
    }
}

/// A partition table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Identifier of the disk.
    pub disk: Guid,
    /// Sectors of the whole disk.
    pub sectors: u64,
    /// Partitions, in the order of their numbers. None may be missing in between.
    pub partitions: Vec<Partition>,
}

/// A table that cannot be written, or bytes that are no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GptError {
    /// Fewer sectors than the tables themselves take.
    #[error("a disk of {0} sectors has no room for a GPT")]
    Disk(u64),
    /// More partitions than entries.
    #[error("a GPT holds {ENTRIES} partitions at most")]
    Count,
    /// A partition outside the usable sectors, or over another.
    #[error("partition `{0}` is outside the disk or over another")]
    Range(String),
    /// A name that is too long or holds a NUL.
    #[error("partition name `{0}` is too long")]
    Name(String),
    /// Bytes that do not hold a valid table.
    #[error("no valid GPT: {0}")]
    Invalid(&'static str),
}

impl Table {
    /// The first megabyte-aligned sector that partitions use.
    pub const FIRST: u64 = 2048;

    /// The last sector a partition may use.
    pub fn last_usable(sectors: u64) -> u64 {
        sectors.saturating_sub(TABLE_SECTORS + 1)
    }

    /// The bytes of both tables: from the start of the disk, and from
    /// `(sectors - `[`TABLE_SECTORS`]`) * `[`SECTOR`].
    pub fn write(&self, boot_code: &[u8; BOOT_CODE]) -> Result<(Vec<u8>, Vec<u8>), GptError> {
        self.check()?;
        let mut entries = vec![0; ENTRIES * ENTRY];
        for (entry, partition) in entries.chunks_mut(ENTRY).zip(&self.partitions) {
            entry[..16].copy_from_slice(&partition.kind.mixed_endian());
            entry[16..32].copy_from_slice(&partition.id.mixed_endian());
            entry[32..40].copy_from_slice(&partition.first.to_le_bytes());
            entry[40..48].copy_from_slice(&partition.last.to_le_bytes());
            entry[48..56].copy_from_slice(&partition.attributes.to_le_bytes());
            for (unit, place) in partition.name.encode_utf16().zip(entry[56..].chunks_mut(2)) {
                place.copy_from_slice(&unit.to_le_bytes());
            }
        }
        let last = self.sectors - 1;
        let mut primary = self.mbr(boot_code);
        primary.extend(self.header(1, last, 2, &entries));
        primary.extend(&entries);
        let mut backup = entries;
        let header = self.header(last, 1, last - 32, &backup);
        backup.extend(header);
        Ok((primary, backup))
    }

    fn check(&self) -> Result<(), GptError> {
        if self.sectors < 2 * TABLE_SECTORS + 2 {
            return Err(GptError::Disk(self.sectors));
        }
        if self.partitions.len() > ENTRIES {
            return Err(GptError::Count);
        }
        let mut ranges = vec![];
        for partition in &self.partitions {
            let Partition { first, last, .. } = *partition;
            let overlaps = ranges.iter().any(|(f, l)| first <= *l && *f <= last);
            let usable = TABLE_SECTORS < first && last <= Self::last_usable(self.sectors);
            if overlaps || !usable || last < first {
                return Err(GptError::Range(partition.name.clone()));
            }
            if partition.name.encode_utf16().count() > NAME_UNITS || partition.name.contains('\0') {
                return Err(GptError::Name(partition.name.clone()));
            }
            ranges.push((first, last));
        }
        Ok(())
    }

    fn mbr(&self, boot_code: &[u8; BOOT_CODE]) -> Vec<u8> {
        let mut mbr = boot_code.to_vec();
        mbr.resize(446, 0);
        // Not bootable, from CHS 0/0/2 to the end (FF FF FF: not to be told), type 0xEE.
        mbr.extend([0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF]);
        mbr.extend(1_u32.to_le_bytes());
        let sectors = u32::try_from(self.sectors - 1).unwrap_or(u32::MAX);
        mbr.extend(sectors.to_le_bytes());
        mbr.resize(510, 0);
        mbr.extend([0x55, 0xAA]);
        mbr
    }

    fn header(&self, own: u64, other: u64, entries_at: u64, entries: &[u8]) -> Vec<u8> {
        let mut header = b"EFI PART".to_vec();
        header.extend([0, 0, 1, 0]);
        header.extend(92_u32.to_le_bytes());
        header.extend([0; 8]); // CRC of the header, reserved
        header.extend(own.to_le_bytes());
        header.extend(other.to_le_bytes());
        header.extend((TABLE_SECTORS + 1).to_le_bytes());
        header.extend(Self::last_usable(self.sectors).to_le_bytes());
        header.extend(self.disk.mixed_endian());
        header.extend(entries_at.to_le_bytes());
        header.extend(128_u32.to_le_bytes());
        header.extend(128_u32.to_le_bytes());
        header.extend(crc32fast::hash(entries).to_le_bytes());
        let crc = crc32fast::hash(&header);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
        header.resize(512, 0);
        header
    }

    /// Reads the primary table.
    ///
    /// `start` is the start of the disk, 34 sectors at least; `sectors` are those of the whole disk.
    /// Only tables of 128 entries of 128 bytes are read, which is what everyone writes.
    pub fn read(start: &[u8], sectors: u64) -> Result<Self, GptError> {
        let header = start.get(512..604).ok_or(GptError::Invalid("too short"))?;
        let entries = start
            .get(1024..1024 + ENTRIES * ENTRY)
            .ok_or(GptError::Invalid("too short"))?;
        if &header[..8] != b"EFI PART" {
            return Err(GptError::Invalid("no header"));
        }
        let mut blank = header.to_vec();
        blank[16..20].fill(0);
        if crc32fast::hash(&blank) != u32_at(header, 16) {
            return Err(GptError::Invalid("wrong checksum of the header"));
        }
        let shape = (u64_at(header, 72), u32_at(header, 80), u32_at(header, 84));
        if shape != (2, 128, 128) {
            return Err(GptError::Invalid("unusual table of entries"));
        }
        if crc32fast::hash(entries) != u32_at(header, 88) {
            return Err(GptError::Invalid("wrong checksum of the entries"));
        }
        let partitions = entries
            .chunks(ENTRY)
            .filter(|entry| entry[..16] != [0; 16])
            .map(|entry| Partition {
                kind: guid_at(entry, 0),
                id: guid_at(entry, 16),
                first: u64_at(entry, 32),
                last: u64_at(entry, 40),
                attributes: u64_at(entry, 48),
                name: name_of(&entry[56..]),
            })
            .collect();
        let table = Self {
            disk: guid_at(header, 56),
            sectors,
            partitions,
        };
        table.check()?;
        Ok(table)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn guid_at(bytes: &[u8], at: usize) -> Guid {
    Guid::from_mixed_endian(std::array::from_fn(|i| bytes[at + i]))
}

fn name_of(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0);
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests;
