//! Whole directories, and files of any size. Everything below them is reached from descriptor to descriptor, never
//! by a path and never through a link: whatever somebody puts in the way meanwhile, nothing
//! outside is touched.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use goldsmith_core::cx::Cx;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Owners, Root, by_descriptor, kind, set};
use crate::machine::{Depth, Entry};

/// What is in a directory, or all below it, in no order.
pub(in crate::machine) fn list(
    cx: &Cx,
    directory: BorrowedFd<'_>,
    before: &str,
    depth: Depth,
    into: &mut Vec<Entry>,
) -> Result<(), Errno> {
    for (name, known) in names(directory)? {
        check(cx)?;
        let found = match known {
            FileType::Unknown => type_of(&rustix::fs::statat(
                directory,
                &name,
                AtFlags::SYMLINK_NOFOLLOW,
            )?),
            known => known,
        };
        let path = format!("{before}{}", name.to_string_lossy());
        if found == FileType::Directory && depth == Depth::All {
            let below = open(directory, &name, OFlags::DIRECTORY)?;
            list(cx, below.as_fd(), &format!("{path}/"), depth, into)?;
        }
        into.push(Entry {
            path,
            kind: kind(found),
        });
    }
    Ok(())
}

/// Gives a node, and all below it, owners and permissions.
pub(in crate::machine) fn set_all(
    cx: &Cx,
    node: BorrowedFd<'_>,
    owners: Owners,
    mode: Option<u32>,
) -> Result<(), Errno> {
    check(cx)?;
    set(node, owners, mode)?;
    if type_of(&rustix::fs::fstat(node)?) != FileType::Directory {
        return Ok(());
    }
    for (name, _) in names(node)? {
        set_all(cx, open(node, &name, OFlags::PATH)?.as_fd(), owners, mode)?;
    }
    Ok(())
}

/// Copies what is in a directory into another, which gets the permissions and owners of the
/// first.
pub(in crate::machine) fn copy(
    cx: &Cx,
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
) -> io::Result<()> {
    for (name, _) in names(from)? {
        copy_node(cx, (from, &name), (to, &name))?;
    }
    Ok(keep(to, &rustix::fs::fstat(from)?)?)
}

/// Copies one thing, whatever it is, to where nothing is.
pub(in crate::machine) fn copy_node(
    cx: &Cx,
    (from, name): (BorrowedFd<'_>, &CStr),
    (to, new): (BorrowedFd<'_>, &CStr),
) -> io::Result<()> {
    check(cx)?;
    let node = open(from, name, OFlags::PATH)?;
    let stat = rustix::fs::fstat(&node)?;
    let private = Mode::from_raw_mode(0o600);
    match type_of(&stat) {
        FileType::Directory => return copy(cx, node.as_fd(), make_dir(to, new)?.as_fd()),
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(&node, "", Vec::new())?;
            rustix::fs::symlinkat(&target, to, new)?;
        }
        FileType::RegularFile => {
            // What was looked at, not what has this name by now.
            let mut source = File::open(by_descriptor(node.as_fd()))?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let mut made = File::from(rustix::fs::openat(to, new, flags, private)?);
            pour(cx, &mut source, &mut made)?;
        }
        other => rustix::fs::mknodat(to, new, other, private, stat.st_rdev)?,
    }
    Ok(keep(open(to, new, OFlags::PATH)?.as_fd(), &stat)?)
}

/// Copies all bytes that come, as far as nobody asks to stop.
pub(in crate::machine) fn pour(
    cx: &Cx,
    mut from: impl io::Read,
    mut to: impl io::Write,
) -> io::Result<()> {
    loop {
        check(cx)?;
        // Files are copied by the kernel.
        if io::copy(&mut from.by_ref().take(PIECE), &mut to)? < PIECE {
            return Ok(());
        }
    }
}

/// Bytes between two looks at whether to stop.
const PIECE: u64 = 16 << 20;

fn check(cx: &Cx) -> Result<(), Errno> {
    cx.cancel.check().map_err(|_| Errno::CANCELED)
}

/// Removes a directory of `parent` with all below it.
pub(in crate::machine) fn remove(parent: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    std::fs::remove_dir_all(Path::new(&by_descriptor(parent)).join(name))
}

/// Makes a directory that nobody else can enter yet.
pub(in crate::machine) fn make_dir(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o700))?;
    open(parent, name, OFlags::DIRECTORY)
}

/// Whether a directory is another one or lies in it, as far up as `root`.
pub(in crate::machine) fn is_within(
    inner: BorrowedFd<'_>,
    outer: BorrowedFd<'_>,
    root: Root<'_>,
) -> Result<bool, Errno> {
    let (outer, root) = (id(outer)?, id(root.directory)?);
    let mut here = rustix::io::fcntl_dupfd_cloexec(inner, 0)?;
    loop {
        let at = id(here.as_fd())?;
        if at == outer {
            return Ok(true);
        }
        here = open(here.as_fd(), c"..", OFlags::PATH)?;
        // The root of all is above itself.
        if at == root || id(here.as_fd())? == at {
            return Ok(false);
        }
    }
}

/// What tells a node from all others of this computer.
fn id(node: BorrowedFd<'_>) -> Result<(u64, u64), Errno> {
    let stat = rustix::fs::fstat(node)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// Opens something of a directory, not what a link there leads to.
fn open(directory: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::empty())
}

fn type_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Gives a copy the owners and permissions of what it was made from.
fn keep(copy: BorrowedFd<'_>, stat: &Stat) -> Result<(), Errno> {
    let owners = Owners {
        user: Some(rustix::fs::Uid::from_raw(stat.st_uid)),
        group: Some(rustix::fs::Gid::from_raw(stat.st_gid)),
    };
    set(copy, owners, Some(stat.st_mode & 0o7777))
}

/// Names in a directory, with what the kernel says they are.
fn names(directory: BorrowedFd<'_>) -> Result<Vec<(CString, FileType)>, Errno> {
    let mut names = Vec::new();
    // Anew, to read from its beginning, and it may be open by `O_PATH` only.
    let directory = open(directory, c".", OFlags::DIRECTORY)?;
    for entry in rustix::fs::Dir::new(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push((name.to_owned(), entry.file_type()));
        }
    }
    Ok(names)
}
