//! A file system in a file, shown by the kernel: for what is not read by this program itself.
//!
//! ```text
//! file ── loop device, read only ── mount that stands nowhere ── descriptor of its root
//!         (cleared by the kernel    (`fsmount`: in no namespace, gone with its descriptor)
//!          with its last user)
//! ```
//!
//! Both go with the process that holds the descriptors, however it ends: there is nothing to sweep.
//! <https://docs.kernel.org/admin-guide/blockdev/loop.html>,
//! <https://man7.org/linux/man-pages/man2/fsmount.2.html>
#![expect(unsafe_code, reason = "the controls of loop devices have no safe form")]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};

/// What the kernel answers for whoever has not the right, or what is missing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// An ordinary user, or root of a namespace of users only.
    #[error("only root can mount it")]
    NotRoot,
    /// The kernel does not know it.
    #[error("this kernel has no support for {0}")]
    Unknown(String),
    /// No loop device can be had.
    #[error("this host gives no loop device")]
    Loop(#[source] io::Error),
    /// The file system was not unmounted, or is broken.
    #[error("the kernel does not mount it: {0}")]
    Refused(String, #[source] io::Error),
}

/// A mounted file system. It is unmounted when this is dropped.
#[derive(Debug)]
pub struct Mounted {
    root: OwnedFd,
}

impl Mounted {
    /// Its root directory.
    pub fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }
}

/// Mounts the file system of type `kind` (as `mount -t` takes it) in a range of bytes of a file:
/// read only, without set-user-id, devices and programs.
pub fn read_only(file: &File, range: Range<u64>, kind: &str) -> Result<Mounted, MountError> {
    if !rustix::process::geteuid().is_root() || crate::user_ns::is_inside() {
        return Err(MountError::NotRoot);
    }
    let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC);
    let context = context.map_err(|errno| match errno {
        Errno::NODEV => MountError::Unknown(kind.to_owned()),
        Errno::PERM => MountError::NotRoot,
        errno => MountError::Refused(String::new(), errno.into()),
    })?;
    let device = attach(file, range).map_err(MountError::Loop)?;
    let source = format!("/proc/self/fd/{}", device.as_raw_fd());
    let path = std::fs::read_link(&source).map_err(MountError::Loop)?;
    let mount = || -> Result<OwnedFd, Errno> {
        rustix::mount::fsconfig_set_string(&context, "source", &path)?;
        rustix::mount::fsconfig_set_flag(&context, "ro")?;
        rustix::mount::fsconfig_create(&context)?;
        let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
            | MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        rustix::mount::fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    let root = mount().map_err(|errno| {
        let why = said(&context);
        MountError::Refused(why, errno.into())
    })?;
    // The mount holds the device from here on.
    drop(device);
    Ok(Mounted { root })
}

/// What the kernel says of a refused mount, a line each.
fn said(context: &OwnedFd) -> String {
    let mut lines = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length) = rustix::io::read(context, &mut buffer[..]) {
        if length == 0 {
            break;
        }
        // `e xfs: ...`: an error, a warning, or a note.
        let text = String::from_utf8_lossy(&buffer[..length]);
        lines.push(text.trim().get(2..).unwrap_or_default().to_owned());
    }
    if lines.is_empty() {
        return "it is broken, or was not unmounted".to_owned();
    }
    lines.join(", ")
}

/// `LOOP_CTL_GET_FREE`, `LOOP_CONFIGURE` and flags of `linux/loop.h`.
const GET_FREE: libc::Ioctl = 0x4C82;
const CONFIGURE: libc::Ioctl = 0x4C0A;
const READ_ONLY: u32 = 1;
const AUTOCLEAR: u32 = 4;
/// Others take free devices at the same moment.
const TRIES: usize = 64;

/// `struct loop_config` with its `struct loop_info64`.
#[repr(C)]
struct Config {
    fd: u32,
    block_size: u32,
    device: u64,
    inode: u64,
    rdevice: u64,
    offset: u64,
    size_limit: u64,
    number: u32,
    encrypt_type: u32,
    encrypt_key_size: u32,
    flags: u32,
    file_name: [u8; 64],
    crypt_name: [u8; 64],
    encrypt_key: [u8; 32],
    init: [u64; 2],
    reserved: [u64; 8],
}

/// Puts a loop device over a part of a file.
fn attach(file: &File, range: Range<u64>) -> io::Result<File> {
    let control = File::options()
        .read(true)
        .write(true)
        .open("/dev/loop-control")?;
    let config = Config {
        fd: file.as_raw_fd().cast_unsigned(),
        block_size: 0,
        device: 0,
        inode: 0,
        rdevice: 0,
        offset: range.start,
        size_limit: range.end - range.start,
        number: 0,
        encrypt_type: 0,
        encrypt_key_size: 0,
        flags: READ_ONLY | AUTOCLEAR,
        file_name: [0; 64],
        crypt_name: [0; 64],
        encrypt_key: [0; 32],
        init: [0; 2],
        reserved: [0; 8],
    };
    for _ in 0..TRIES {
        // SAFETY: this control takes no argument.
        let number = unsafe { libc::ioctl(control.as_raw_fd(), GET_FREE) };
        if number < 0 {
            return Err(io::Error::last_os_error());
        }
        let device = File::open(format!("/dev/loop{number}"))?;
        // SAFETY: the kernel reads a configuration of this shape, and keeps no pointer to it.
        let done = unsafe { libc::ioctl(device.as_raw_fd(), CONFIGURE, &raw const config) };
        if done == 0 {
            return Ok(device);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EBUSY) {
            return Err(error);
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}
