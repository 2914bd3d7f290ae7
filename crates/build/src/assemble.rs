//! From a finished tree to `disk.raw`: the tree is scanned, texts that depend on the disk are put
//! in, the boot loader is built of the packages' own files, and all of it is written in one pass.

use std::fs::File;
use std::os::fd::BorrowedFd;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::recipe::{DiskSpec, Firmware};
use goldsmith_core::size::format_bytes;
use goldsmith_disk::boot::config;
use goldsmith_disk::fs::ext4::Ext4Error;
use goldsmith_disk::id::Ids;
use goldsmith_disk::image::{self, Architecture, ImageError, Keep, Layout, Spec};
use goldsmith_disk::tree::{Kind, Time, Tree};

mod ahead;
mod boot;
pub(crate) mod contents;
mod out;
pub(crate) mod scan;
mod write;

pub use boot::BootError;
pub use contents::TreeContents;
pub use scan::{ScanError, scan};
pub use write::{Options, WriteError, Written, write};

/// What a disk is made of.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The directory that is to be the root file system; nothing may change in it meanwhile.
    pub tree: BorrowedFd<'r>,
    /// The directory in which GRUB's packages are unpacked; often the tree itself.
    pub boot_files: BorrowedFd<'r>,
    /// Size, firmwares, kernel arguments.
    pub disk: &'r DiskSpec,
    /// The machine.
    pub architecture: Architecture,
    /// What every identifier of the disk is derived from: the key of the image.
    pub seed: Sha256,
    /// The lock's time in seconds since 1970: no file is younger.
    pub epoch: u32,
}

/// A disk that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// Reading the tree.
    #[error("cannot read the tree")]
    Scan(#[from] ScanError),
    /// The tree has no kernel.
    #[error("the tree has no kernel in /boot")]
    NoKernel,
    /// The boot loader.
    #[error("cannot make the boot loader")]
    Boot(#[from] BootError),
    /// A word of the recipe's kernel arguments.
    #[error("cannot write the boot loader's configuration")]
    Argument(#[from] config::ArgumentError),
    /// Laying the disk out.
    #[error("cannot lay out the disk")]
    Plan(#[source] ImageError),
    /// Writing it.
    #[error("cannot write the disk")]
    Write(#[from] WriteError),
}

impl Failure for AssembleError {
    fn class(&self) -> Class {
        match self {
            Self::Scan(ScanError::Cancelled(_)) | Self::Write(WriteError::Cancelled(_)) => {
                Class::Cancelled
            }
            Self::NoKernel | Self::Argument(_) | Self::Plan(_) => Class::Config,
            Self::Boot(error) => error.class(),
            Self::Scan(ScanError::Mounted(_)) => Class::Bug,
            Self::Scan(_) | Self::Write(_) => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoKernel => vec![
                "add a kernel, such as `linux-image-cloud-amd64`, to the packages of the source"
                    .to_owned(),
            ],
            Self::Boot(error) => error.hints(),
            Self::Plan(ImageError::TooSmall { needed, .. }) => {
                let mib = needed >> 20;
                vec![format!(
                    "set `size = \"{mib}MiB\"` or more in the `disk` block"
                )]
            }
            Self::Plan(ImageError::Partition { .. }) => vec![
                "remove something in a component's build phase, or start from a disk on which it is larger"
                    .to_owned(),
            ],
            Self::Plan(ImageError::BootSector { .. }) => vec![
                "start from a disk whose boot loader finds its files by name, as GRUB does, or from a tar archive of its root"
                    .to_owned(),
            ],
            Self::Plan(ImageError::Ext4(Ext4Error::NotUtf8 { .. })) => {
                vec!["rename or remove it in a component's build phase".to_owned()]
            }
            Self::Write(error) if error.is_full() => {
                vec!["free some space where images are kept".to_owned()]
            }
            _ => vec![],
        }
    }
}

/// Makes the disk and writes it to `out`, an open file whose content is replaced. Whatever fails,
/// `out` is then of no use; the caller removes it.
pub fn assemble(
    cx: &Cx,
    request: &Request<'_>,
    out: &File,
    options: Options,
) -> Result<Written, AssembleError> {
    let phase = cx.phase("scan tree", None);
    let tree = scan(cx, request.tree, request.epoch)?;
    phase.finish(format!("{} files", tree.len()));
    assemble_tree(cx, request, tree, out, options)
}

/// As [`assemble`], when what is in the tree is known already.
pub fn assemble_tree(
    cx: &Cx,
    request: &Request<'_>,
    mut tree: Tree,
    out: &File,
    options: Options,
) -> Result<Written, AssembleError> {
    let spec = complete(request, &mut tree)?;
    let layout = image::plan(&spec, &tree).map_err(AssembleError::Plan)?;
    write_layout(cx, &layout, request.tree, out, options)
}

/// A disk that starts as the one does that a build started from.
#[derive(Debug, Clone, Copy)]
pub struct KeptRequest<'r> {
    /// The directory that is to be the root file system; nothing may change in it meanwhile.
    pub tree: BorrowedFd<'r>,
    /// What is kept: [`crate::source::SourceDisk::keep`].
    pub keep: &'r Keep<'r>,
    /// Size of the disk in bytes. That of the source is taken as it is, others in whole MiB; beyond
    /// it the root grows if it is the last partition, else what is there more is free.
    pub size_bytes: u64,
    /// The lock's time in seconds since 1970.
    pub epoch: u32,
}

/// As [`assemble_tree`], with the boot set-up of another disk: its partition table, its boot loader
/// and whatever else is on it stay byte for byte, the root and the other file systems that `tree`
/// is on are written anew with their UUIDs and labels. Nothing is put into the tree: its `fstab`,
/// `grub.cfg` and kernel arguments stay what they are.
pub fn assemble_kept(
    cx: &Cx,
    request: &KeptRequest<'_>,
    tree: Tree,
    out: &File,
    options: Options,
) -> Result<Written, AssembleError> {
    let trees = request.keep.split(tree).map_err(AssembleError::Plan)?;
    let layout = image::plan_kept(request.keep, &trees, request.size_bytes, request.epoch);
    let layout = layout.map_err(AssembleError::Plan)?;
    write_layout(cx, &layout, request.tree, out, options)
}

fn write_layout(
    cx: &Cx,
    layout: &Layout<'_>,
    tree: BorrowedFd<'_>,
    out: &File,
    options: Options,
) -> Result<Written, AssembleError> {
    let total = layout.data_bytes();
    let phase = cx.phase("write disk", Some((total, Unit::Bytes)));
    let files: Vec<_> = layout.reads().collect();
    let wanted: Vec<_> = files.iter().map(|(path, data)| (&**path, *data)).collect();
    let contents = TreeContents::new(tree);
    let written = ahead::read_ahead(contents, &wanted, |contents| {
        write(cx, layout, contents, out, options, |done| {
            // Chunks hold metadata besides contents.
            phase.progress(done.min(total));
        })
    })?;
    phase.finish(format!(
        "{}, {} of them data",
        format_bytes(written.size),
        format_bytes(written.allocated)
    ));
    Ok(written)
}

/// Puts the texts that depend on the disk into the tree, and builds the boot loader.
pub fn complete(request: &Request<'_>, tree: &mut Tree) -> Result<Spec, AssembleError> {
    let ids = Ids::derive(request.seed.as_bytes());
    let architecture = request.architecture;
    let boots = |firmware| request.disk.boot.contains(&firmware);
    let (bios, uefi) = (boots(Firmware::Bios), boots(Firmware::Uefi));
    let kernel = config::kernel(tree).ok_or(AssembleError::NoKernel)?;
    let menu = config::grub_cfg(&ids, architecture, &kernel, &request.disk.kernel_args)?;
    let mtime = Time {
        seconds: i64::from(request.epoch),
        nanos: 0,
    };
    let own_fstab = own_fstab(request, tree)?;
    let mut put = |path, mode, text: String| tree.insert_file(path, mode, mtime, text.into());
    // Root alone: a menu may hold a password, and the benchmarks ask for it.
    put(config::GRUB_CFG_PATH, 0o600, menu);
    put(
        config::FSTAB_PATH,
        0o644,
        config::fstab(&ids, uefi, &own_fstab),
    );
    put(config::REPART_ROOT_PATH, 0o644, config::REPART_ROOT.into());
    if uefi {
        tree.ensure_directory("boot/efi", mtime);
    }
    let find_root = config::find_root(ids.root);
    Ok(Spec {
        size: request.disk.size_bytes,
        ids,
        architecture,
        epoch: request.epoch,
        bios: bios
            .then(|| boot::bios(request.boot_files, architecture, &find_root))
            .transpose()?,
        esp: uefi
            .then(|| boot::esp(request.boot_files, architecture, &find_root))
            .transpose()?,
    })
}

/// The tree's own table of file systems, when it is a file.
fn own_fstab(request: &Request<'_>, tree: &Tree) -> Result<String, ScanError> {
    let path = config::FSTAB_PATH;
    let Some(Kind::File(_)) = tree.get(path.as_bytes()).map(|node| &node.kind) else {
        return Ok(String::new());
    };
    let bytes = contents::read_file(request.tree, path).map_err(|source| ScanError::Read {
        path: path.as_bytes().to_vec(),
        source,
    })?;
    Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
}

impl From<Cancelled> for WriteError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}
