//! The structures of a VHDX file, as bytes.

use crc::{CRC_32_ISCSI, Crc, Table};

use super::MIB;
use crate::id::{Guid, guid};

pub(super) const SECTOR: u64 = 512;
const PHYSICAL_SECTOR: u32 = 4096;
const KIB_64: usize = 64 << 10;
const LOG_AT: u64 = MIB;
const METADATA_AT: u64 = 2 * MIB;
const TABLE_AT: u64 = 3 * MIB;
const BLOCK: u64 = MIB;
/// Payload blocks between two entries for bitmaps: 2^23 sectors.
const BITMAP_EVERY: u64 = (SECTOR << 23) / BLOCK;
const STATE_ZERO: u64 = 2;
const STATE_PRESENT: u64 = 6;

const REGION_TABLE: Guid = Guid::new(0x2DC2_7766_F623_4200_9D64_115E_9BFD_4A08);
const REGION_METADATA: Guid = Guid::new(0x8B7C_A206_4790_4B9A_B8FE_575F_050F_886E);
const FILE_PARAMETERS: Guid = Guid::new(0xCAA1_6737_FA36_4D43_B3B6_33F0_AA44_E76B);
const DISK_SIZE: Guid = Guid::new(0x2FA5_4224_CD1B_4876_B211_5DBE_D83B_F4B8);
const DISK_ID: Guid = Guid::new(0xBECA_12AB_B2E6_4523_93EF_C309_E000_C746);
const LOGICAL_SECTOR: Guid = Guid::new(0x8141_BF1D_A96F_4709_BA47_F233_A8FA_AB5F);
const PHYSICAL_SECTOR_ID: Guid = Guid::new(0xCDA3_48C7_445D_4471_9CC9_E988_5251_C556);

/// Where regions are.
pub(super) struct Layout {
    pub(super) metadata_at: u64,
    pub(super) table_at: u64,
    pub(super) data_at: u64,
}

impl Layout {
    pub(super) fn of(size: u64) -> Self {
        let table = (entries(size) * 8).next_multiple_of(MIB).max(MIB);
        Self {
            metadata_at: METADATA_AT,
            table_at: TABLE_AT,
            data_at: TABLE_AT + table,
        }
    }
}

/// Entries of the allocation table: blocks, and one for a bitmap after each full turn of them.
fn entries(size: u64) -> u64 {
    let blocks = size.div_ceil(BLOCK);
    blocks + blocks.saturating_sub(1) / BITMAP_EVERY
}

/// Identifier of the file, headers and region tables: the first 320 KiB.
pub(super) fn head(layout: &Layout, digest: &[u8; 32]) -> Vec<u8> {
    let mut head = b"vhdxfile".to_vec();
    head.extend("goldsmith".encode_utf16().flat_map(u16::to_le_bytes));
    head.resize(KIB_64, 0);
    for sequence in [1u64, 2] {
        let mut header = b"head\0\0\0\0".to_vec();
        header.extend(sequence.to_le_bytes());
        header.extend(guid(digest, "vhdx file").mixed_endian());
        header.extend(guid(digest, "vhdx data").mixed_endian());
        header.extend([0; 16]); // no log to replay
        header.extend(0u16.to_le_bytes());
        header.extend(1u16.to_le_bytes());
        header.extend(
            u32::try_from(METADATA_AT - LOG_AT)
                .expect("1 MiB")
                .to_le_bytes(),
        );
        header.extend(LOG_AT.to_le_bytes());
        header.resize(4096, 0);
        checked(&mut header);
        header.resize(KIB_64, 0);
        head.extend(header);
    }
    let mut regions = b"regi\0\0\0\0".to_vec();
    regions.extend(2u32.to_le_bytes());
    regions.extend([0; 4]);
    for (id, from, to) in [
        (REGION_TABLE, layout.table_at, layout.data_at),
        (REGION_METADATA, layout.metadata_at, layout.table_at),
    ] {
        regions.extend(id.mixed_endian());
        regions.extend(from.to_le_bytes());
        let length = u32::try_from(to - from).expect("table of 64 TiB: 512 MiB");
        regions.extend(length.to_le_bytes());
        regions.extend(1u32.to_le_bytes()); // required
    }
    regions.resize(KIB_64, 0);
    checked(&mut regions);
    head.extend(&regions);
    head.extend(&regions);
    head
}

/// Puts the checksum of a structure into its second word, which is 0.
fn checked(bytes: &mut [u8]) {
    const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
    let sum = CRC.checksum(bytes);
    bytes[4..8].copy_from_slice(&sum.to_le_bytes());
}

/// The metadata region, without the zeros at its end.
pub(super) fn metadata(size: u64, digest: &[u8; 32]) -> Vec<u8> {
    /// Of the virtual disk, not of the file; a reader must know it.
    const OF_DISK: u32 = 2 | 4;
    const REQUIRED: u32 = 4;
    let sector = u32::try_from(SECTOR).expect("512");
    let block = u32::try_from(BLOCK).expect("1 MiB");
    let parameters = [block.to_le_bytes(), [0; 4]].concat();
    let items = [
        (FILE_PARAMETERS, REQUIRED, parameters),
        (DISK_SIZE, OF_DISK, size.to_le_bytes().to_vec()),
        (
            DISK_ID,
            OF_DISK,
            guid(digest, "vhdx disk").mixed_endian().to_vec(),
        ),
        (LOGICAL_SECTOR, OF_DISK, sector.to_le_bytes().to_vec()),
        (
            PHYSICAL_SECTOR_ID,
            OF_DISK,
            PHYSICAL_SECTOR.to_le_bytes().to_vec(),
        ),
    ];
    let word = |n: usize| u32::try_from(n).expect("a small region").to_le_bytes();
    let mut table = b"metadata\0\0".to_vec();
    table.extend(u16::try_from(items.len()).expect("a few").to_le_bytes());
    table.extend([0; 20]);
    let mut values = Vec::new();
    for (id, flags, value) in items {
        table.extend(id.mixed_endian());
        table.extend(word(KIB_64 + values.len()));
        table.extend(word(value.len()));
        table.extend(flags.to_le_bytes());
        table.extend([0; 4]);
        values.extend(value);
    }
    table.resize(KIB_64, 0);
    table.extend(values);
    table
}

/// The allocation table: the blocks named by `present`, ascending, are in the file in this order.
pub(super) fn allocation(
    size: u64,
    layout: &Layout,
    present: impl Iterator<Item = u64>,
) -> Vec<u8> {
    let count = usize::try_from(entries(size)).expect("table of 64 TiB: 512 MiB");
    let is_bitmap = |entry: u64| entry % (BITMAP_EVERY + 1) == BITMAP_EVERY;
    let mut table: Vec<u64> = (0..count as u64)
        .map(|entry| if is_bitmap(entry) { 0 } else { STATE_ZERO })
        .collect();
    for (n, block) in (0..).zip(present) {
        let place = (layout.data_at + n * BLOCK) / MIB;
        let entry = usize::try_from(block + block / BITMAP_EVERY).expect("an entry of the table");
        table[entry] = place << 20 | STATE_PRESENT;
    }
    table.iter().flat_map(|entry| entry.to_le_bytes()).collect()
}
