//! The port to whatever a document runs on: a tree in a sandbox, a guest, this computer.
//!
//! Small on purpose: actions are written on top of it, once for all machines. Paths are
//! absolute paths of the machine; links in them are followed there and never lead out.

mod accounts;
mod host;
mod root;
mod rooted;
mod script;
mod tree;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::size::format_duration;

pub use goldsmith_exec::child::{Exit, Status};
pub use host::Host;
pub use root::Root;
pub use rooted::Rooted;
pub use tree::Tree;

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The text of a script, for `bash FILE`: not for `bash -c`, and not with `-e`.
    Bash(String),
    /// A program, searched by `PATH` when it has no `/`, and its arguments.
    Argv(Vec<String>),
}

/// Something to run on a machine.
#[derive(Debug, Clone)]
pub struct Script {
    /// What to start.
    pub program: Program,
    /// Added to the machine's own fixed environment.
    pub env: BTreeMap<String, String>,
    /// Where it starts.
    pub cwd: String,
    /// Name of the user it runs as; `None` is root.
    pub user: Option<String>,
    /// The longest it may run; then it and all it started is killed.
    pub timeout: Option<Duration>,
}

impl Script {
    /// As root, in `/`, without end.
    pub fn new(program: Program) -> Self {
        Self {
            program,
            env: BTreeMap::new(),
            cwd: "/".to_owned(),
            user: None,
            timeout: None,
        }
    }
}

/// Attributes of a file or directory. What is not said stays, or for a new one is what the
/// machine gives: mode 0644 or 0755 where its umask is 022, and who programs run as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits.
    pub mode: Option<u32>,
    /// User, by name or number of the machine.
    pub owner: Option<String>,
    /// Group.
    pub group: Option<Group>,
}

/// A group of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// By name or number of the machine.
    Named(String),
    /// The primary group of the owner, whom the attributes name.
    OfOwner,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link that was not followed.
    Link,
    /// Anything else.
    Other,
}

/// Something below a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is, relative to the directory.
    pub path: String,
    /// What it is, a link not followed.
    pub kind: NodeKind,
}

/// How far an operation on a directory goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The directory itself, or what lies directly in it.
    One,
    /// All below it, too. No link is followed on the way.
    All,
}

/// Runs programs and changes files.
pub trait Machine: Send + Sync {
    /// Runs a program to its end, whatever its exit status, and passes on every line it
    /// prints.
    fn run(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError>;

    /// What is at a path, links followed; `None` for nothing.
    fn stat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError>;

    /// What is at a path, a link at its end not followed; `None` for nothing.
    fn lstat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError>;

    /// The bytes of a file, [`READ_BYTES_MAX`] at most.
    fn read(&self, cx: &Cx, path: &str) -> Result<Vec<u8>, MachineError>;

    /// Makes a file or replaces what is in it. Its directory is there.
    fn write(
        &self,
        cx: &Cx,
        path: &str,
        bytes: &[u8],
        attributes: &Attributes,
    ) -> Result<(), MachineError>;

    /// Makes a file of whatever `source` gives, of any size. Its directory is there; what was
    /// there stays until the end when the machine can do that.
    fn put(
        &self,
        cx: &Cx,
        path: &str,
        source: &mut dyn io::Read,
        attributes: &Attributes,
    ) -> Result<(), MachineError>;

    /// Writes the bytes of a regular file of any size to `sink`.
    fn get(&self, cx: &Cx, path: &str, sink: &mut dyn io::Write) -> Result<(), MachineError>;

    /// Makes a directory, or gives one that is there the attributes. The one above is there.
    fn make_dir(&self, cx: &Cx, path: &str, attributes: &Attributes) -> Result<(), MachineError>;

    /// Gives what is there attributes, a link at the end of the path followed. Links that are
    /// met below get the owners themselves, and no permissions.
    fn set(
        &self,
        cx: &Cx,
        path: &str,
        attributes: &Attributes,
        depth: Depth,
    ) -> Result<(), MachineError>;

    /// Makes a symbolic link where nothing is.
    fn link(&self, cx: &Cx, target: &str, path: &str) -> Result<(), MachineError>;

    /// Copies a regular file with its permissions, replacing what is there.
    fn copy(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError>;

    /// Copies a directory and all in it, with permissions and owners, links as links. A
    /// directory that is there goes first. Neither may lie in the other.
    fn copy_dir(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError>;

    /// Gives a file, link or directory another path, replacing what is there: a file by a file,
    /// a directory with all in it by a directory. Neither may lie in the other.
    fn rename(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError>;

    /// What is in a directory, or all that is below it, by path.
    fn list(&self, cx: &Cx, path: &str, depth: Depth) -> Result<Vec<Entry>, MachineError>;

    /// Removes a file or link.
    fn remove(&self, cx: &Cx, path: &str) -> Result<(), MachineError>;

    /// Removes a directory that is empty, or with all below it.
    fn remove_dir(&self, cx: &Cx, path: &str, depth: Depth) -> Result<(), MachineError>;
}

/// Most that [`Machine::read`] gives.
pub const READ_BYTES_MAX: u64 = 64 << 20;

/// Why a machine could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// A file operation failed.
    #[error("cannot {operation} `{path}`")]
    File {
        /// `read`, `write`, ...
        operation: &'static str,
        /// The path on the machine.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A user or group the machine does not have.
    #[error("there is no {kind} `{name}` on this machine")]
    NoAccount {
        /// `user` or `group`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The machine has no such program, or it cannot be executed.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The program ran for too long and was killed.
    #[error("took longer than {}", format_duration(*.0))]
    TimedOut(Duration),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The machine itself failed.
    #[error("the machine is not usable")]
    Machine {
        /// Class of the cause.
        class: Class,
        /// What to do about the cause.
        hints: Vec<String>,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl MachineError {
    /// The machine itself failed.
    pub fn machine(failure: impl Failure) -> Self {
        Self::Machine {
            class: failure.class(),
            hints: failure.hints(),
            source: Box::new(failure),
        }
    }
}

impl Failure for MachineError {
    fn class(&self) -> Class {
        match self {
            Self::Cancelled(_) => Class::Cancelled,
            Self::Machine { class, .. } => *class,
            Self::File { .. } | Self::NoAccount { .. } | Self::Start { .. } | Self::TimedOut(_) => {
                Class::Config
            }
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Machine { hints, .. } => hints.clone(),
            _ => Vec::new(),
        }
    }
}
