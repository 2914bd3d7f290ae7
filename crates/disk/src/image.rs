//! A whole disk: planned as a value, then written in one pass.
//!
//! ```text
//! sector    0     protective MBR with GRUB's boot sector, GPT
//! sector 2048     BIOS boot partition, 1 MiB (number 1): GRUB's core image
//! sector 4096     EFI system partition, 64 MiB or what its files need (number 2)
//! next MiB        root, ext4, to the last whole MiB (number 3): so that it can grow
//! last 33         GPT again
//! ```
//!
//! A partition that a disk does not boot by is left out, numbers and places of the others stay.

use std::io;
use std::ops::Range;

use crate::boot::grub::BiosImage;
use crate::fs::ext4::{self, Ext4Error, Identity};
use crate::fs::fat::{self, Fat, FatError};
use crate::id::Ids;
use crate::part::gpt::{self, BOOT_CODE, GptError, Partition, SECTOR, Table};
use crate::sparse::{Assembler, Sink};
use crate::tree::{ContentSource, Tree, TreeError};

const MIB: u64 = 1 << 20;
const BIOS_FIRST: u64 = 2048;
const BIOS_SECTORS: u64 = 2048;
const ESP_FIRST: u64 = 4096;
const ESP_SIZE_MIN: u64 = 64 * MIB;
/// The most that a BIOS-bootable GPT disk of 512-byte sectors is good for is far more; ext4
/// without `64bit` ends here.
const SIZE_MAX: u64 = 16 << 40;

/// What the machine's processor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Debian's `amd64`.
    X86_64,
    /// Debian's `arm64`.
    Arm64,
}

/// What a disk is to be. The file system's content is the [`Tree`].
#[derive(Debug, Clone)]
pub struct Spec {
    /// Size in bytes; rounded up to whole MiB.
    pub size: u64,
    /// Its identifiers.
    pub ids: Ids,
    /// Decides the type of the root partition.
    pub architecture: Architecture,
    /// Seconds since 1970 that file systems say they were made at.
    pub epoch: u32,
    /// The boot loader for machines that boot by BIOS.
    pub bios: Option<BiosImage>,
    /// The files of the EFI system partition, for machines that boot by UEFI.
    pub esp: Option<fat::Files>,
}

/// A disk that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Too small for what it is to hold.
    #[error("a disk of {size} bytes is too small: {needed} bytes are needed")]
    TooSmall {
        /// What was asked for.
        size: u64,
        /// What would surely do: whole MiB.
        needed: u64,
    },
    /// Larger than ext4 without `64bit` can be.
    #[error("a disk of {size} bytes is too large: {SIZE_MAX} bytes (16 TiB) is the most")]
    TooLarge {
        /// What was asked for.
        size: u64,
    },
    /// The boot loader's core image does not fit its partition.
    #[error("the boot loader takes {size} bytes, its partition has {room}", room = BIOS_SECTORS * SECTOR)]
    Bios {
        /// Bytes of the core image.
        size: usize,
    },
    /// The tree is none.
    #[error("the root file system cannot be made")]
    Tree(#[from] TreeError),
    /// ext4 cannot hold it, or reading or writing failed.
    #[error("the root file system cannot be made")]
    Ext4(#[from] Ext4Error),
    /// The EFI system partition.
    #[error("the EFI system partition cannot be made")]
    Esp(#[from] FatError),
    /// The partition table.
    #[error("the partition table cannot be made")]
    Gpt(#[from] GptError),
    /// Writing to the sink, outside of the root file system.
    #[error("cannot write the disk")]
    Write(#[source] io::Error),
}

/// A disk laid out, with nothing written. Made by [`plan`].
pub struct Layout<'t> {
    size: u64,
    table: Table,
    boot_code: [u8; BOOT_CODE],
    core: Option<Vec<u8>>,
    esp: Option<(u64, Fat<'static>, fat::Files)>,
    root_offset: u64,
    root: ext4::Planned<'t>,
}

impl std::fmt::Debug for Layout<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layout")
            .field("size", &self.size)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// Lays a disk out; finds every problem that is not one of reading or writing.
pub fn plan<'t>(spec: &Spec, tree: &'t Tree) -> Result<Layout<'t>, ImageError> {
    tree.check()?;
    let esp_size = spec.esp.as_ref().map_or(0, esp_size);
    let root_first = ESP_FIRST + esp_size / SECTOR;
    let tail = MIB; // the backup table, in whole MiB
    let around = root_first * SECTOR + tail;
    let needed = around.saturating_add(ext4::needed(tree));
    let too_large = |size| ImageError::TooLarge { size };
    if spec.size > SIZE_MAX {
        return Err(too_large(spec.size));
    }
    let size = spec.size.next_multiple_of(MIB);
    if size < needed {
        let size = spec.size;
        return Err(ImageError::TooSmall { size, needed });
    }
    let root_size = size - around;
    if root_size > ext4::SIZE_MAX {
        return Err(too_large(spec.size));
    }

    let mut partitions = vec![];
    let mut add = |kind, id, name: &str, first: u64, bytes: u64| {
        partitions.push(Partition {
            kind,
            id,
            first,
            last: first + bytes / SECTOR - 1,
            attributes: 0,
            name: name.into(),
        });
    };
    let mut boot_code = [0; BOOT_CODE];
    let mut core = None;
    if let Some(bios) = &spec.bios {
        let bytes = BIOS_SECTORS * SECTOR;
        if bios.core().len() as u64 > bytes {
            let size = bios.core().len();
            return Err(ImageError::Bios { size });
        }
        let placed = bios.place(BIOS_FIRST);
        boot_code = placed.0;
        core = Some(placed.1);
        add(
            gpt::TYPE_BIOS_BOOT,
            spec.ids.bios,
            "bios",
            BIOS_FIRST,
            bytes,
        );
    }
    let mut esp = None;
    if let Some(files) = &spec.esp {
        add(gpt::TYPE_ESP, spec.ids.esp, "esp", ESP_FIRST, esp_size);
        let fat = Fat {
            size: esp_size,
            hidden_sectors: u32::try_from(ESP_FIRST).expect("a small constant"),
            volume: spec.ids.esp_volume,
            label: "ESP",
            time: i64::from(spec.epoch),
        };
        fat::write(&fat, files)?;
        esp = Some((ESP_FIRST * SECTOR, fat, files.clone()));
    }
    let root_kind = match spec.architecture {
        Architecture::X86_64 => gpt::TYPE_ROOT_X86_64,
        Architecture::Arm64 => gpt::TYPE_ROOT_ARM64,
    };
    add(
        root_kind,
        spec.ids.root_partition,
        "root",
        root_first,
        root_size,
    );
    let identity = Identity {
        uuid: spec.ids.root,
        hash_seed: spec.ids.hash_seed,
        epoch: spec.epoch,
    };
    let layout = Layout {
        size,
        table: Table {
            disk: spec.ids.disk,
            sectors: size / SECTOR,
            partitions,
        },
        boot_code,
        core,
        esp,
        root_offset: root_first * SECTOR,
        root: ext4::plan(tree, root_size, identity)?,
    };
    layout.table.write(&layout.boot_code)?;
    Ok(layout)
}

/// Twice what the files need, so that boot loaders can be replaced; whole MiB.
fn esp_size(files: &fat::Files) -> u64 {
    let bytes: u64 = files.values().map(|bytes| bytes.len() as u64 + 4096).sum();
    (2 * bytes).next_multiple_of(MIB).max(ESP_SIZE_MIN)
}

impl Layout<'_> {
    /// Size of the disk in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its partition table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Where the root file system begins, in bytes.
    pub fn root_offset(&self) -> u64 {
        self.root_offset
    }

    /// The files that [`write`] will open, in its order, and where they have data.
    pub fn reads(&self) -> impl Iterator<Item = (&[u8], &[Range<u64>])> {
        self.root.reads()
    }

    /// Bytes of file contents that [`write`] will read.
    pub fn data_bytes(&self) -> u64 {
        self.root.data_bytes()
    }
}

/// Writes the disk: each byte once, each file read once, in the order of the tree.
pub fn write(
    layout: &Layout<'_>,
    contents: &mut dyn ContentSource,
    sink: &mut dyn Sink,
) -> Result<(), ImageError> {
    let (primary, backup) = layout.table.write(&layout.boot_code)?;
    let mut disk = Assembler::new(layout.size, sink);
    let mut cursor = Cursor {
        disk: &mut disk,
        at: 0,
    };
    cursor.data(0, &primary)?;
    if let Some(core) = &layout.core {
        cursor.data(BIOS_FIRST * SECTOR, core)?;
    }
    if let Some((offset, fat, files)) = &layout.esp {
        for (at, bytes) in fat::write(fat, files)? {
            cursor.data(offset + at, &bytes)?;
        }
    }
    let root_size = layout.table.partitions.last().map_or(0, Partition::size);
    cursor.skip_to(layout.root_offset)?;
    cursor.at += root_size;
    cursor.data(layout.size - gpt::TABLE_SECTORS * SECTOR, &backup)?;
    disk.settle(layout.root_offset).map_err(ImageError::Write)?;
    layout.root.write(contents, &mut disk, layout.root_offset)?;
    disk.finish().map_err(ImageError::Write)
}

/// Writes ascending pieces, and zeros between them.
struct Cursor<'d, 's> {
    disk: &'d mut Assembler<'s>,
    at: u64,
}

impl Cursor<'_, '_> {
    fn data(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ImageError> {
        self.skip_to(offset)?;
        self.at = offset + bytes.len() as u64;
        self.disk.data(offset, bytes).map_err(ImageError::Write)
    }

    fn skip_to(&mut self, offset: u64) -> Result<(), ImageError> {
        let gap = offset
            .checked_sub(self.at)
            .ok_or_else(|| ImageError::Write(io::Error::other("regions of the disk overlap")))?;
        self.at = offset;
        self.disk
            .zeros(offset - gap, gap)
            .map_err(ImageError::Write)
    }
}
