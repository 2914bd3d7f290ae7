//! The way to a machine: a port, since there are others than SSH.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_exec::child::{ChildError, Status};
use goldsmith_exec::ssh::{NO_CONNECTION, Ssh};

/// How a command on the other side ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code.
    pub code: i32,
    /// The last lines of its standard error, as one text.
    pub complaint: String,
}

/// Runs commands on a machine.
pub trait Reach: Send + Sync {
    /// The machine, for people.
    fn name(&self) -> String;

    /// Runs a line of the shell with `input` on its standard input, and passes on the lines of
    /// its standard output.
    fn shell(
        &self,
        cx: &Cx,
        line: &str,
        input: &[u8],
        limit: Option<Duration>,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Answer, ReachError>;
}

/// Why a command did not run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReachError {
    /// There is no connection, or it broke.
    #[error("{why}")]
    Lost {
        /// What the client says.
        why: String,
    },
    /// It took too long.
    #[error("no answer within {} s", limit.as_secs())]
    Late {
        /// The longest it may take.
        limit: Duration,
    },
    /// This host lacks the client.
    #[error(transparent)]
    Client(ChildError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for ReachError {
    fn class(&self) -> Class {
        match self {
            Self::Lost { .. } | Self::Late { .. } => Class::Remote,
            Self::Client(error) => error.class(),
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        let Self::Lost { why } = self else {
            return match self {
                Self::Client(error) => error.hints(),
                _ => Vec::new(),
            };
        };
        let advice = [
            (
                "Host key verification failed",
                "log in once by hand to accept its key, or add it to `known_hosts`",
            ),
            (
                "Permission denied",
                "`--identity FILE` uses another key; `ssh-add -l` lists those of the agent",
            ),
            (
                "Could not resolve hostname",
                "`--on` takes a host name, an address, or an alias of ~/.ssh/config",
            ),
        ];
        let fitting = advice.iter().filter(|(said, _)| why.contains(said));
        fitting.map(|(_, advice)| (*advice).to_owned()).collect()
    }
}

impl Reach for Ssh {
    fn name(&self) -> String {
        self.to_string()
    }

    fn shell(
        &self,
        cx: &Cx,
        line: &str,
        input: &[u8],
        limit: Option<Duration>,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Answer, ReachError> {
        let mut complaint: Vec<String> = Vec::new();
        let exit = self.run(cx, line, input, limit, &mut |stream, text| match stream {
            Stream::Stdout => on_line(text),
            Stream::Stderr => {
                if complaint.len() == 20 {
                    complaint.remove(0);
                }
                complaint.push(text.to_owned());
            }
        });
        let complaint = || complaint.join("\n").trim().to_owned();
        match exit {
            Ok(exit) => match exit.status {
                Status::Code(NO_CONNECTION) => Err(ReachError::Lost { why: complaint() }),
                Status::Code(code) => Ok(Answer {
                    code,
                    complaint: complaint(),
                }),
                Status::Signal(number) => Err(ReachError::Lost {
                    why: format!("`ssh` was ended by signal {number}"),
                }),
            },
            Err(ChildError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(ChildError::TimedOut { timeout, .. }) => Err(ReachError::Late { limit: timeout }),
            Err(error) => Err(ReachError::Client(error)),
        }
    }
}
