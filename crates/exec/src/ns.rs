//! The sandbox: commands inside a tree, in namespaces of their own, with nothing of the
//! host in view but what the spec names.
//!
//! ```text
//! Sandbox::open   a child makes the mount namespace and ends; we keep it by descriptors
//!
//!   mount namespace (no process in it, gone with our descriptors, also after kill -9)
//!     /tree    overlay of lower + upper, or the plain directory; nodev
//!     /nodes   null zero full random urandom tty
//!     /tmp/N   what `tmpfs` of the spec asks for
//!
//! Sandbox::tree   /tree seen from here by a descriptor: the image's files and nothing else
//!
//! Sandbox::run    clone: PID, UTS, IPC  ──► pid 1 (`init`)
//!                   setns mount, network; copy of the mount namespace
//!                   over the tree: /dev /dev/pts /proc (masked) /sys (empty) tmpfs
//!                   pivot_root; clone ──► the command
//!                     seccomp: fsync and its family succeed without doing anything
//!                     capabilities: those of a package's script, no more
//!                   reap; when the command ends, whatever it left is killed
//!
//! run_here        the same without namespaces, for commands of this computer
//!                 clone ──► the first process (`reaper`): orphans become its children
//!                   clone ──► the command, in a session of its own
//!                   reap; when the run is stopped, all that the command started is killed
//! ```
//!
//! The children share this program's memory until they execute something (`sys` says
//! why): they make system calls only and allocate nothing. What goes wrong there comes back
//! over a pipe as a stage and an error number.

mod caps;
mod error;
mod filter;
mod init;
mod mounts;
mod probe;
mod reaper;
mod report;
mod run;
mod setup;
mod sys;
mod terminal;

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;

/// Where overlays keep their notes, as the names of extended attributes: what one made by root
/// says, one made in a user namespace does not see.
pub fn overlay_note(name: &str) -> String {
    let space = if crate::user_ns::is_inside() {
        "user"
    } else {
        "trusted"
    };
    format!("{space}.overlay.{name}")
}

pub use error::SandboxError;
pub use probe::probe;
pub use run::{Command, User, run_here};
pub use terminal::Terminal;

/// What a sandbox is made of.
#[derive(Debug, Clone)]
pub struct SandboxSpec {
    /// Directories that are read and never written, the top one first. When there are
    /// none, `upper` itself is the tree.
    pub lower: Vec<PathBuf>,
    /// Directory that takes every change. On a file system that overlays allow as the
    /// upper one (ext4, xfs, btrfs, tmpfs; not another overlay).
    pub upper: PathBuf,
    /// Directory for the overlay's own use, on the same file system as `upper`. Not used
    /// when there is no `lower`.
    pub work: PathBuf,
    /// The host name commands see.
    pub hostname: String,
    /// Whether commands share the host's network. Else they have a loopback only.
    pub network: bool,
    /// Absolute paths of directories over which commands see an empty file system in
    /// memory, which lives as long as the sandbox and never reaches the tree: `/run`.
    pub tmpfs: Vec<PathBuf>,
    /// What `SOURCE_DATE_EPOCH` says, in seconds since 1970.
    pub epoch: i64,
}

impl SandboxSpec {
    /// A tree of layers.
    pub fn overlay(lower: Vec<PathBuf>, upper: PathBuf, work: PathBuf) -> Self {
        Self {
            lower,
            upper,
            work,
            hostname: "localhost".to_owned(),
            network: false,
            tmpfs: Vec::new(),
            epoch: 0,
        }
    }

    /// A plain directory, changed in place.
    pub fn directory(tree: PathBuf) -> Self {
        Self::overlay(Vec::new(), tree, PathBuf::new())
    }
}

/// A tree that commands can run in. Dropping it unmounts everything.
#[derive(Debug)]
pub struct Sandbox {
    mount_ns: OwnedFd,
    /// `None` when commands share the host's network.
    network_ns: Option<OwnedFd>,
    tree: OwnedFd,
    hostname: String,
    tmpfs: Vec<PathBuf>,
    epoch: i64,
    filters: filter::Filters,
}

impl Sandbox {
    /// Mounts the tree in a mount namespace that no process lives in.
    ///
    /// The overlay is mounted `volatile`: nothing is forced to the device, so after a
    /// crash of the whole machine `upper` has to be thrown away. The overlay keeps hard
    /// links made in `upper`; a change to one name of a file linked in `lower` parts it
    /// from the other names.
    pub fn open(spec: &SandboxSpec) -> Result<Self, SandboxError> {
        setup::open(spec)
    }

    /// Path of the tree for this process: no `/proc`, `/dev` or memory file systems, only
    /// what will be in the image. Valid as long as the sandbox is; not in other processes.
    pub fn tree(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.tree.as_raw_fd()))
    }

    /// Descriptor of the tree (opened with `O_PATH`), for calls relative to it.
    pub fn tree_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.tree)
    }
}

#[cfg(test)]
mod tests;
