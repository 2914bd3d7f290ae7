//! Whatever holds the files of a system, told by its content: a folder, a disk in any form, a
//! compressed disk, an appliance, an archive of a root file system.
//!
//! ```text
//! folder ------------------------------------------------> tree
//! gz, xz, zst, bz2 --unpacked, no name-------+
//! tar of an appliance (OVA), of `disk.raw` --+--> disk ---> disk
//!                       of anything else -----------------> archive
//! ```
//!
//! A disk whose root only the kernel reads (xfs, btrfs) is shown by it, where it is asked for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::form::FormError;
use goldsmith_disk::read::packed::Packing;
use goldsmith_disk::read::tar::{self, Member};
use goldsmith_disk::read::{Disk, form};

use super::archive::ArchiveView;
use super::disk::DiskView;
use super::file::FileDisk;
use super::tree::TreeView;
use super::{View, ViewError};

/// What is in what: a disk in an archive in a compressed file is as deep as any.
const DEPTH_MAX: usize = 4;
/// Bytes that a compressed file may hold: more is no image.
const UNPACKED_MAX: u64 = 4 << 40;
/// Bytes unpacked at a time; those that are all zeros become holes.
const PIECE: usize = 64 << 10;

/// An image that was opened.
pub struct Opened {
    /// Its files.
    pub view: Box<dyn View>,
    /// What it is, from the outside in: `gz, tar, raw disk`.
    pub form: String,
    /// What of it was not read, and why: other partitions.
    pub unread: Vec<String>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("form", &self.form)
            .field("unread", &self.unread)
            .finish_non_exhaustive()
    }
}

/// Why the kernel does not show a file system.
pub type KernelError = Box<dyn std::error::Error + Send + Sync>;

/// What asks the kernel for a file system.
pub trait Kernel {
    /// The files of the one in these bytes of a disk; `kind` is its name as `mount -t` takes it,
    /// `raw` a file that holds the disk as it is. It is read only, and gone with the view.
    fn show(
        &self,
        disk: &dyn Disk,
        raw: Option<&Path>,
        range: Range<u64>,
        kind: &'static str,
        cx: &Cx,
    ) -> Result<Box<dyn View>, KernelError>;
}

/// Opens an image, whatever it is. What has to be unpacked goes to a file without a name in
/// `scratch`, which is gone when the image is closed, however that comes about.
pub fn open(
    path: &Path,
    scratch: &Path,
    kernel: Option<&dyn Kernel>,
    cx: &Cx,
) -> Result<Opened, ViewError> {
    if path.is_dir() {
        return Ok(Opened {
            view: Box::new(TreeView::open(path)?),
            form: "folder".to_owned(),
            unread: Vec::new(),
        });
    }
    let file = FileDisk::open(path).map_err(|source| ViewError::Open {
        path: path.to_owned(),
        source,
    })?;
    from(Arc::new(file), scratch, kernel.map(|it| (it, path)), cx)
}

/// The same of what is open already, and without the kernel.
pub fn of(file: Arc<dyn Disk>, scratch: &Path, cx: &Cx) -> Result<Opened, ViewError> {
    from(file, scratch, None, cx)
}

fn from(
    mut file: Arc<dyn Disk>,
    scratch: &Path,
    kernel: Option<(&dyn Kernel, &Path)>,
    cx: &Cx,
) -> Result<Opened, ViewError> {
    let failed = |source| ViewError::Form(FormError::Io(source));
    let mut forms: Vec<&str> = Vec::new();
    for _ in 0..DEPTH_MAX {
        let mut start = [0; 512];
        let there = usize::try_from(file.size()).map_or(512, |size| size.min(512));
        file.read_at(0, &mut start[..there]).map_err(failed)?;
        if let Some(packing) = Packing::of(&start) {
            forms.push(packing.name());
            file = Arc::new(unpack(packing, file, scratch, cx)?);
            continue;
        }
        if !tar::is_tar(&start) {
            let (disk, form) = form::open(file)?;
            let view = DiskView::of(Arc::clone(&disk));
            let unread = view.as_ref().map_or(Vec::new(), |it| it.unread().to_vec());
            let view: Box<dyn View> = match (view, kernel) {
                (
                    Err(ViewError::FileSystem {
                        name,
                        mountable: Some(range),
                    }),
                    Some((kernel, path)),
                ) => {
                    let raw = (forms.is_empty() && form == "raw").then_some(path);
                    kernel
                        .show(&disk, raw, range, name, cx)
                        .map_err(|source| ViewError::Kernel { name, source })?
                }
                (view, _) => Box::new(view?),
            };
            let last = format!("{form} disk");
            forms.push(&last);
            return Ok(Opened {
                view,
                form: forms.join(", "),
                unread,
            });
        }
        forms.push("tar");
        let members = tar::members(&file)?;
        match disk_in(&members) {
            Some(disk) => file = Arc::new(disk.content(file)),
            None => {
                return Ok(Opened {
                    view: Box::new(ArchiveView::of(file, members)?),
                    form: forms.join(", "),
                    unread: Vec::new(),
                });
            }
        }
    }
    let text = format!("one thing is in another more than {DEPTH_MAX} times");
    Err(ViewError::Layout(text))
}

/// The disk of an appliance, or the only file of an archive that holds nothing else, at its top.
fn disk_in(members: &[Member]) -> Option<&Member> {
    let ends = |member: &Member, ending: &[u8]| {
        let path = member.path.to_ascii_lowercase();
        member.kind == tar::Kind::File && path.ends_with(ending)
    };
    if members.iter().any(|member| ends(member, b".ovf")) {
        return members.iter().find(|member| ends(member, b".vmdk"));
    }
    match members {
        [only] if only.kind == tar::Kind::File && !only.path.contains(&b'/') => Some(only),
        _ => None,
    }
}

/// Unpacks into a file that has no name.
fn unpack(
    packing: Packing,
    file: Arc<dyn Disk>,
    scratch: &Path,
    cx: &Cx,
) -> Result<FileDisk, ViewError> {
    let phase = cx.phase("unpack", None);
    let into = nameless(scratch).map_err(|source| ViewError::Scratch {
        path: scratch.to_owned(),
        source,
    })?;
    let broken = |source| ViewError::Packed {
        packing: packing.name(),
        source,
    };
    let mut from = packing.open(file).map_err(broken)?;
    let mut piece = vec![0; PIECE];
    let mut at = 0_u64;
    loop {
        cx.cancel.check()?;
        let mut filled = 0;
        while filled < piece.len() {
            match from.read(&mut piece[filled..]).map_err(broken)? {
                0 => break,
                length => filled += length,
            }
        }
        let bytes = &piece[..filled];
        let written = if goldsmith_disk::sparse::is_zero(bytes) {
            Ok(())
        } else {
            into.write_all_at(bytes, at)
        };
        at += filled as u64;
        let written = written.and_then(|()| match filled {
            0 => into.set_len(at),
            _ => Ok(()),
        });
        written.map_err(|source| ViewError::Scratch {
            path: scratch.to_owned(),
            source,
        })?;
        if filled == 0 {
            break;
        }
        if at > UNPACKED_MAX {
            let text = format!("it unpacks to more than {UNPACKED_MAX} bytes");
            return Err(ViewError::Layout(text));
        }
    }
    phase.finish(goldsmith_core::size::format_bytes(at));
    FileDisk::of(into).map_err(|source| ViewError::Scratch {
        path: scratch.to_owned(),
        source,
    })
}

fn nameless(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let flags = rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::CLOEXEC;
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(flags.bits().cast_signed())
        .mode(0o600)
        .open(folder)
}

#[cfg(test)]
mod tests;
