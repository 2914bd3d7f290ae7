//! A root that only the kernel reads: xfs, btrfs. Unpacked to build from it, or shown to a scan.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::Disk;
use goldsmith_exec::mount::{self, Mounted};
use goldsmith_inspect::view::open::{Kernel, KernelError};
use goldsmith_inspect::view::tree::TreeView;
use goldsmith_inspect::view::{Node, View, ViewError};
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
    let raw = source.is_raw.then_some(source.path.as_path());
    let range = source.root.range.clone();
    let file = Bytes::of(cx, source.disk(), raw, range, into)?;
    let mounted = mount::read_only(&file.file, file.range, name);
    let mounted = mounted.map_err(|error| SourceError::Mount {
        partition: source.root.title(),
        name,
        source: error,
    })?;
    let root = root(&mounted).map_err(SourceError::io("read", &source.path))?;
    let tree = scan(cx, root.as_fd(), u32::MAX)?;
    lay::lay(cx, tree, &mut TreeContents::new(root.as_fd()), into)
}

/// Shows the root of a disk to a scan. Nothing of it stays: the mount and its device go with their
/// descriptors.
#[derive(Debug)]
pub struct KernelView {
    /// Where a disk that is in another form than raw is unpacked to, in a file without a name.
    pub scratch: PathBuf,
}

impl Kernel for KernelView {
    fn show(
        &self,
        disk: &dyn Disk,
        raw: Option<&Path>,
        range: Range<u64>,
        kind: &'static str,
        cx: &Cx,
    ) -> Result<Box<dyn View>, KernelError> {
        let failed = SourceError::io("use", &self.scratch);
        std::fs::create_dir_all(&self.scratch).map_err(failed)?;
        let file = Bytes::of(cx, disk, raw, range, &self.scratch)?;
        let mounted = mount::read_only(&file.file, file.range, kind)?;
        let view = TreeView::of(root(&mounted)?);
        Ok(Box::new(Shown { view, mounted }))
    }
}

/// The files of a mount, and what holds it.
#[derive(Debug)]
struct Shown {
    view: TreeView,
    #[expect(dead_code, reason = "the mount goes with its descriptor")]
    mounted: Mounted,
}

impl View for Shown {
    fn nodes(&self, cx: &Cx) -> Result<Vec<Node>, ViewError> {
        self.view.nodes(cx)
    }

    fn open<'v>(&'v self, node: &Node) -> Result<Box<dyn Disk + 'v>, ViewError> {
        self.view.open(node)
    }
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

/// A file system in a file, as a loop device takes it.
struct Bytes {
    file: File,
    range: Range<u64>,
}

impl Bytes {
    /// Of the file that holds the disk as it is, or of a copy without a name in `scratch`.
    fn of(
        cx: &Cx,
        disk: &dyn Disk,
        raw: Option<&Path>,
        range: Range<u64>,
        scratch: &Path,
    ) -> Result<Self, SourceError> {
        Ok(match raw {
            Some(path) => Self {
                file: File::open(path).map_err(SourceError::io("open", path))?,
                range,
            },
            None => Self {
                file: copy(cx, disk, &range, scratch)?,
                range: 0..range.end - range.start,
            },
        })
    }
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
