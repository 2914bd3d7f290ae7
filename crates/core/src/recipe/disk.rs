//! The disk that is written, and the firmwares that start it.

/// How the machine starts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// Legacy BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

impl Firmware {
    /// As written in a recipe.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
        }
    }
}

/// The `disk` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSpec {
    /// Size of the whole disk in bytes, a multiple of 1 MiB.
    pub size_bytes: u64,
    /// Which firmwares can start it; at least one.
    pub boot: Vec<Firmware>,
    /// Words added to the kernel command line.
    pub kernel_args: Vec<String>,
}

impl DiskSpec {
    /// Of a tree that becomes no disk, and of an image whose disks are those that it started from.
    pub const NONE: Self = Self {
        size_bytes: 0,
        boot: Vec::new(),
        kernel_args: Vec::new(),
    };
}
