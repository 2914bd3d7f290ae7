//! Why a command could not run in a sandbox.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::size::format_duration;

use super::report::Stage;
use crate::child::after;

/// Why a sandbox did not do its work. A command that exits with another code than 0 is no
/// such failure: see [`Exit`](crate::child::Exit).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Namespaces and mounts need root.
    #[error("the sandbox needs root")]
    NotRoot,
    /// The upper directory lies on an overlay, where another cannot be put.
    #[error("`{}` lies on an overlay file system, which cannot carry the sandbox's own", path.display())]
    UpperOnOverlay {
        /// The upper directory.
        path: PathBuf,
    },
    /// A path cannot be used.
    #[error("cannot use `{}` in a sandbox", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The kernel refused a step of making or entering the sandbox.
    #[error("cannot {step}{}", of.as_ref().map(|of| format!(" for `{of}`")).unwrap_or_default())]
    Step {
        /// What was to be done.
        step: &'static str,
        /// The command it was done for, or the tree.
        of: Option<String>,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The tree has no such program, or it cannot be executed.
    #[error("cannot start `{program}`")]
    Start {
        /// The command.
        program: String,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The process that watches the command was killed from outside.
    #[error("the process that watches `{program}` was killed")]
    Lost {
        /// The command.
        program: String,
        /// The last lines it printed.
        tail: Vec<String>,
    },
    /// A command ran for too long and was killed.
    #[error("`{program}` took longer than {}{}", format_duration(*timeout), after(tail))]
    TimedOut {
        /// The command.
        program: String,
        /// The longest it was allowed to run.
        timeout: Duration,
        /// The last lines it printed.
        tail: Vec<String>,
    },
    /// Somebody asked to stop; the command was killed.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl SandboxError {
    pub(super) fn step(step: &'static str, source: impl Into<io::Error>) -> Self {
        Self::Step {
            step,
            of: None,
            source: source.into(),
        }
    }

    pub(super) fn stage(stage: Stage, of: impl Into<String>, errno: rustix::io::Errno) -> Self {
        if stage == Stage::Exec {
            return Self::Start {
                program: of.into(),
                source: errno.into(),
            };
        }
        Self::Step {
            step: stage.text(),
            of: Some(of.into()),
            source: errno.into(),
        }
    }
}

impl Failure for SandboxError {
    fn class(&self) -> Class {
        match self {
            Self::Cancelled(_) => Class::Cancelled,
            Self::TimedOut { .. } | Self::Start { .. } => Class::Config,
            _ => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotRoot => {
                "run it as root, or where user namespaces are: `goldsmith doctor` says"
            }
            Self::UpperOnOverlay { .. } => {
                "keep Goldsmith's home on a plain file system: in a container, mount a volume \
                 for it"
            }
            Self::Step { step, .. } if *step == Stage::User.text() => {
                "only root may run programs as somebody else"
            }
            Self::Step { source, .. } if source.raw_os_error() == Some(libc::EPERM) => {
                "in a container, the sandbox needs the right to mount: `--privileged`"
            }
            Self::Step { step, .. } if *step == Stage::Overlay.text() => {
                "`goldsmith doctor` says what this host can do; the upper and the work directory \
                 must be on one plain file system, and Linux must be 5.10 or newer"
            }
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
