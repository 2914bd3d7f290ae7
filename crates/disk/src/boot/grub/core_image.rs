//! GRUB's boot sector and core image for machines that boot by BIOS.
//!
//! ```text
//! boot.img             sector 0: loads the sector whose number stands at 0x5C
//! core image:
//!   diskboot.img       1 sector; the list at its end says where the rest is: u64 LBA, u16 sectors, u16 segment
//!   lzma_decompress.img  u32 at 0x08 compressed size, at 0x0C plain size, at 0x10 Reed-Solomon bytes (none)
//!   LZMA (lc 3, lp 0, pb 2, 64 KiB dictionary, no header) of
//!     kernel.img       as loaded at 0x9000
//!     "mimg"           u32 offset of the first object (12), u32 size of all of it
//!     objects          u32 type (0 module, 2 configuration, 3 prefix), u32 size with these 8 bytes, padded to 4
//! ```
//!
//! Offsets: GRUB 2.06, `include/grub/offsets.h` and `include/grub/kernel.h`.

use std::collections::BTreeMap;

use liblzma::stream::{Action, Filters, LzmaOptions, MatchFinder, Mode, Status, Stream};

use super::{elf, modules};
use crate::part::gpt::BOOT_CODE;

const SECTOR: usize = 512;
const LINK_ADDRESS: u32 = 0x9000;
/// A core image is loaded at 0x8200 and its compressed part must end below this.
const MEMORY_END: usize = 0x78000;
const BLOCK_LIST: usize = SECTOR - 12;
/// Where diskboot.img puts what it loads: right behind itself.
const SEGMENT: u16 = 0x820;
const FILE_MAX: usize = 4 << 20;

const OBJECT_MODULE: u32 = 0;
const OBJECT_CONFIG: u32 = 2;
const OBJECT_PREFIX: u32 = 3;

/// Modules of the core image: all that the configuration made by [`config`](crate::boot::config)
/// uses, and what a person needs at GRUB's own prompt. None is loaded from the disk.
pub const MODULES: [&str; 25] = [
    "biosdisk",
    "part_gpt",
    "ext2",
    "search",
    "search_fs_uuid",
    "search_label",
    "normal",
    "configfile",
    "linux",
    "echo",
    "test",
    "ls",
    "cat",
    "serial",
    "terminal",
    "gzio",
    "minicmd",
    "boot",
    "halt",
    "reboot",
    "sleep",
    "true",
    "loadenv",
    "regexp",
    "help",
];

/// Files of the package `grub-pc-bin`, all from `usr/lib/grub/i386-pc/`.
#[derive(Debug, Clone, Default)]
pub struct BiosFiles {
    /// By file name: [`BiosFiles::NAMES`], and every `*.mod`.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// A boot loader that cannot be made of the files given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrubError {
    /// A file is not there.
    #[error("GRUB's file `{0}` is missing")]
    Missing(String),
    /// A file is not what it should be.
    #[error("GRUB's file `{0}` is not of the expected form")]
    Form(String),
    /// A module nobody knows.
    #[error("GRUB has no module `{0}`")]
    Module(String),
    /// A list of modules that makes no sense.
    #[error("GRUB's list of modules cannot be used: {0}")]
    Dependencies(&'static str),
    /// More than fits the memory of a BIOS.
    #[error("GRUB's core image of {0} bytes is too large")]
    TooLarge(usize),
    /// The compressor refused.
    #[error("cannot compress GRUB's core image")]
    Compress,
}

impl BiosFiles {
    /// The files needed besides modules.
    pub const NAMES: [&str; 5] = [
        "boot.img",
        "diskboot.img",
        "lzma_decompress.img",
        "kernel.img",
        "moddep.lst",
    ];

    fn get(&self, name: &str) -> Result<&[u8], GrubError> {
        match self.files.get(name) {
            Some(bytes) if bytes.len() <= FILE_MAX => Ok(bytes),
            Some(_) => Err(GrubError::Form(name.to_owned())),
            None => Err(GrubError::Missing(name.to_owned())),
        }
    }
}

/// A boot sector and a core image, not yet told where on the disk they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BiosImage {
    boot: [u8; BOOT_CODE],
    core: Vec<u8>,
}

impl BiosImage {
    /// Builds both of the package's files. `config` is run before anything else and should find the
    /// root file system; `prefix` is GRUB's directory, `/boot/grub`.
    pub fn build(
        files: &BiosFiles,
        modules: &[&str],
        config: &str,
        prefix: &str,
    ) -> Result<Self, GrubError> {
        let form = |name: &str| GrubError::Form(name.to_owned());
        let boot = files.get("boot.img")?;
        if boot.len() != SECTOR {
            return Err(form("boot.img"));
        }
        let diskboot = files.get("diskboot.img")?;
        if diskboot.len() != SECTOR {
            return Err(form("diskboot.img"));
        }
        let mut decompressor = files.get("lzma_decompress.img")?.to_vec();
        if decompressor.len() < 0x20 || decompressor.len() > 0xE00 {
            return Err(form("lzma_decompress.img"));
        }
        let plain = payload(files, modules, config, prefix)?;
        let packed = compress(&plain)?;
        put_u32(&mut decompressor, 0x08, packed.len());
        put_u32(&mut decompressor, 0x0C, plain.len());
        put_u32(&mut decompressor, 0x10, 0);
        let mut core = diskboot.to_vec();
        core.extend(decompressor);
        core.extend(packed);
        if LINK_ADDRESS as usize + core.len() > MEMORY_END {
            return Err(GrubError::TooLarge(core.len()));
        }
        core.resize(core.len().next_multiple_of(SECTOR), 0);
        Ok(Self {
            boot: std::array::from_fn(|at| boot[at]),
            core,
        })
    }

    /// The core image, whole sectors, as yet without its place.
    pub fn core(&self) -> &[u8] {
        &self.core
    }

    /// The boot code of the MBR and the core image, for a core image that begins at sector `lba`.
    pub fn place(&self, lba: u64) -> ([u8; BOOT_CODE], Vec<u8>) {
        let mut boot = self.boot;
        boot[0x5C..0x64].copy_from_slice(&lba.to_le_bytes());
        // Trust the drive number of the BIOS: do not jump over the correction of wrong ones.
        boot[0x66..0x68].copy_from_slice(&[0x90, 0x90]);
        let mut core = self.core.clone();
        let rest = u16::try_from(core.len() / SECTOR - 1).expect("checked when it was built");
        core[BLOCK_LIST..BLOCK_LIST + 8].copy_from_slice(&(lba + 1).to_le_bytes());
        core[BLOCK_LIST + 8..BLOCK_LIST + 10].copy_from_slice(&rest.to_le_bytes());
        core[BLOCK_LIST + 10..]
            .first_chunk_mut::<2>()
            .expect("the end of the sector")
            .copy_from_slice(&SEGMENT.to_le_bytes());
        (boot, core)
    }
}

/// The plain part of a core image: kernel, header, modules, configuration, prefix.
fn payload(
    files: &BiosFiles,
    wanted: &[&str],
    config: &str,
    prefix: &str,
) -> Result<Vec<u8>, GrubError> {
    let list = String::from_utf8_lossy(files.get("moddep.lst")?);
    let mut objects = vec![];
    for module in modules::order(&list, wanted)? {
        push(
            &mut objects,
            OBJECT_MODULE,
            files.get(&format!("{module}.mod"))?,
        );
    }
    push(
        &mut objects,
        OBJECT_CONFIG,
        &[config.as_bytes(), b"\0"].concat(),
    );
    push(
        &mut objects,
        OBJECT_PREFIX,
        &[prefix.as_bytes(), b"\0"].concat(),
    );
    let size = objects.len() + 12;
    if size > FILE_MAX {
        return Err(GrubError::TooLarge(size));
    }
    let mut image = elf::load(files.get("kernel.img")?, LINK_ADDRESS)
        .ok_or_else(|| GrubError::Form("kernel.img".into()))?;
    image.extend(b"mimg");
    let header = image.len();
    image.extend([0; 8]);
    put_u32(&mut image, header, 12);
    put_u32(&mut image, header + 4, size);
    image.extend(objects);
    Ok(image)
}

fn push(objects: &mut Vec<u8>, kind: u32, bytes: &[u8]) {
    let size = bytes.len().next_multiple_of(4);
    objects.extend(kind.to_le_bytes());
    let at = objects.len();
    objects.extend([0; 4]);
    put_u32(objects, at, size + 8);
    objects.extend(bytes);
    objects.resize(at + 4 + size, 0);
}

fn put_u32(bytes: &mut [u8], at: usize, value: usize) {
    let value = u32::try_from(value).expect("sizes are bounded by FILE_MAX");
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn compress(plain: &[u8]) -> Result<Vec<u8>, GrubError> {
    let refuse = |_| GrubError::Compress;
    let mut options = LzmaOptions::new_preset(6).map_err(refuse)?;
    options
        .dict_size(1 << 16)
        .literal_context_bits(3)
        .literal_position_bits(0)
        .position_bits(2)
        .mode(Mode::Normal)
        .match_finder(MatchFinder::BinaryTree4);
    let mut filters = Filters::new();
    filters.lzma1(&options);
    let mut stream = Stream::new_raw_encoder(&filters).map_err(refuse)?;
    let mut packed = Vec::with_capacity(plain.len() + plain.len() / 8 + 1024);
    match stream.process_vec(plain, &mut packed, Action::Finish) {
        Ok(Status::StreamEnd) => Ok(packed),
        _ => Err(GrubError::Compress),
    }
}

#[cfg(test)]
mod tests;
