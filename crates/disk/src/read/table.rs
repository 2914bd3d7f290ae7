//! The partition table of a disk: GPT, else the table of the master boot record.

mod gpt;
mod mbr;

use std::io;

use super::Disk;
use crate::id::Guid;
use crate::part::gpt::{TYPE_BIOS_BOOT, TYPE_ESP, TYPE_ROOT_ARM64, TYPE_ROOT_X86_64};

pub use gpt::{Gpt, Pieces};
pub use mbr::Mbr;

const TYPE_LINUX: Guid = Guid::new(0x0FC6_3DAF_8483_4772_8E79_3D69_D847_7DE4);
const TYPE_SWAP: Guid = Guid::new(0x0657_FD6D_A4AB_43C4_84E5_0933_C84B_4F4F);
/// Where a boot loader looks for kernels (`/boot`), in both tables.
const TYPE_BOOT: Guid = Guid::new(0xBC13_C2FF_59E6_4262_A352_B275_FD6F_7172);

/// A table that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Reading the disk.
    #[error("cannot read the disk")]
    Io(#[from] io::Error),
    /// It contradicts itself.
    #[error("its partition table {0}")]
    Broken(&'static str),
}

/// A partition table as it stands on the disk.
#[derive(Debug, Clone)]
pub enum Form {
    /// Of a GUID partition table.
    Gpt(Gpt),
    /// Of a master boot record.
    Mbr(Mbr),
}

/// A partition table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The bytes that say it.
    pub form: Form,
    /// In the order of their places in the table.
    pub partitions: Vec<Partition>,
}

/// What a partition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As a GUID partition table says it.
    Guid(Guid),
    /// As a master boot record says it.
    Byte(u8),
}

/// One partition. Places and lengths in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its place in the table, from 1.
    pub number: usize,
    /// What it is for.
    pub kind: Kind,
    /// Its own identifier; in a master boot record none has one.
    pub id: Option<Guid>,
    /// Its name in the table; in a master boot record none has one.
    pub name: String,
    /// Where it begins.
    pub start: u64,
    /// How long it is.
    pub length: u64,
}

impl Kind {
    /// Whether it is the EFI system partition.
    pub fn is_esp(self) -> bool {
        matches!(self, Self::Guid(TYPE_ESP) | Self::Byte(0xEF))
    }

    /// Whether it says that it is the root file system.
    pub fn is_root(self) -> bool {
        matches!(self, Self::Guid(TYPE_ROOT_X86_64 | TYPE_ROOT_ARM64))
    }

    /// Whether it is what systemd mounts at `/boot`.
    pub fn is_boot(self) -> bool {
        matches!(self, Self::Guid(TYPE_BOOT) | Self::Byte(0xEA))
    }

    fn is_linux(self) -> bool {
        matches!(self, Self::Guid(TYPE_LINUX) | Self::Byte(0x83))
    }
}

impl std::fmt::Display for Kind {
    /// Its well-known name, else what stands in the table.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            kind if kind.is_esp() => f.write_str("EFI system"),
            kind if kind.is_root() => f.write_str("Linux root"),
            kind if kind.is_linux() => f.write_str("Linux file system"),
            Self::Guid(TYPE_BIOS_BOOT) => f.write_str("BIOS boot"),
            Self::Guid(TYPE_SWAP) | Self::Byte(0x82) => f.write_str("Linux swap"),
            kind if kind.is_boot() => f.write_str("Linux boot"),
            Self::Guid(guid) => guid.fmt(f),
            Self::Byte(byte) => write!(f, "{byte:#04x}"),
        }
    }
}

impl Partition {
    /// The byte behind its last one.
    pub fn end(&self) -> u64 {
        self.start + self.length
    }
}

impl Table {
    /// Reads the table; `None` when the disk has none, as a bare file system.
    pub fn read(disk: &dyn Disk) -> Result<Option<Self>, TableError> {
        if let Some((gpt, partitions)) = gpt::read(disk)? {
            let form = Form::Gpt(gpt);
            return Ok(Some(Self { form, partitions }));
        }
        Ok(mbr::read(disk)?.map(|(mbr, partitions)| Self {
            form: Form::Mbr(mbr),
            partitions,
        }))
    }

    /// The partitions that may hold the root file system, the likeliest first: those that say so,
    /// then others of Linux, the largest first.
    pub fn roots(&self) -> Vec<&Partition> {
        let all = || self.partitions.iter();
        let mut roots: Vec<&Partition> = all().filter(|p| p.kind.is_root()).collect();
        let mut others: Vec<&Partition> = all().filter(|p| p.kind.is_linux()).collect();
        others.sort_by_key(|partition| std::cmp::Reverse(partition.length));
        roots.extend(others);
        roots
    }

    /// The EFI system partition.
    pub fn esp(&self) -> Option<&Partition> {
        self.partitions.iter().find(|p| p.kind.is_esp())
    }

    /// Whether a BIOS finds a boot loader on the disk.
    pub fn has_bios_loader(&self, disk: &dyn Disk) -> Result<bool, TableError> {
        let mut code = [0; 4];
        disk.read_at(0, &mut code)?;
        let has_place = match self.form {
            Form::Gpt(_) => {
                let is_bios = |p: &Partition| p.kind == Kind::Guid(TYPE_BIOS_BOOT);
                self.partitions.iter().any(is_bios)
            }
            Form::Mbr(_) => true,
        };
        Ok(has_place && code != [0; 4])
    }
}
