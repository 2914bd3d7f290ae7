//! A root that only the kernel reads: xfs, btrfs.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::Disk;
use goldsmith_exec::mount::{self, Mounted};
use rustix::fs::{Mode, OFlags};

use super::{SourceDisk, SourceError, Unpacked, lay};
use crate::assemble::{TreeContents, scan};

/// Where distributions keep the root in a btrfs: as the file system's own tree, or as a subvolume
/// of one of these names.
const SUBVOLUMES: [&str; 2] = ["@", "root"];
const PIECE: usize = 1 << 20;

pub(super) fn unpack(
    cx: &Cx,
    source: &SourceDisk,
    name: &'static str,
    into: &Path,
) -> Result<Unpacked, SourceError> {
    let range = source.root.range.clone();
    let (file, range) = if source.is_raw {
        let file = File::open(&source.path).map_err(SourceError::io("open", &source.path))?;
        (file, range)
    } else {
        let file = copy(cx, source.disk(), &range, into)?;
        let length = range.end - range.start;
        (file, 0..length)
    };
    let mounted = mount::read_only(&file, range, name).map_err(|error| SourceError::Mount {
        partition: source.root.title(),
        name,
        source: error,
    })?;
    let root = root(&mounted).map_err(SourceError::io("read", &source.path))?;
    let tree = scan(cx, root.as_fd(), u32::MAX)?;
    lay::lay(cx, tree, &mut TreeContents::new(root.as_fd()), into)
}

/// The directory of the system.
fn root(mounted: &Mounted) -> io::Result<OwnedFd> {
    let open = |directory: &str| {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(mounted.root(), directory, flags, Mode::empty())
    };
    let has = |path: &str| {
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::statat(mounted.root(), path, flags).is_ok()
    };
    if !has("etc") {
        for name in SUBVOLUMES {
            if has(&format!("{name}/etc")) {
                return Ok(open(name)?);
            }
        }
    }
    Ok(open(".")?)
}

/// The bytes of a part of the disk in a file without a name, beside where they are unpacked.
fn copy(cx: &Cx, disk: &dyn Disk, range: &Range<u64>, beside: &Path) -> Result<File, SourceError> {
    let failed = |source| SourceError::Io {
        action: "copy the disk to",
        path: beside.to_owned(),
        source,
    };
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::open(beside, flags, Mode::RUSR | Mode::WUSR);
    let file = File::from(file.map_err(|errno| failed(errno.into()))?);
    file.set_len(range.end - range.start).map_err(failed)?;
    let mut buffer = vec![0; PIECE];
    let mut at = range.start;
    while let Some(data) = disk.next_data(at).map_err(failed)? {
        at = data.start;
        let end = data.end.min(range.end);
        while at < end {
            cx.cancel.check()?;
            let length = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
            let piece = &mut buffer[..length];
            disk.read_at(at, piece).map_err(failed)?;
            file.write_all_at(piece, at - range.start).map_err(failed)?;
            at += length as u64;
        }
        if at >= range.end {
            break;
        }
    }
    Ok(file)
}
