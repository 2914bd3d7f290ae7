//! A program of the host, supervised: fixed directory, cleared environment, output by
//! lines, a deadline, and an end that takes the whole process group along.
//!
//! ```text
//! Program ── run ──► process (own group, killed by the kernel when this thread dies)
//!                      │ stdout, stderr ──► lines ──► callback, last lines kept for errors
//!                      └ end, deadline or cancel ──► SIGTERM, then SIGKILL to the group
//! ```
//!
//! What runs inside a tree, and what people wrote to be run, goes through [`crate::ns`]
//! instead.

pub(crate) mod output;
pub(crate) mod wait;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::failure::{Cancelled, Class, Failure};

use output::{Ended, Output};

/// The search path of a program that was given none.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a group may take to follow SIGTERM before SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It exited with this code.
    Code(i32),
    /// It was killed by this signal.
    Signal(i32),
}

impl Status {
    /// Whether it exited with 0.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => write!(f, "signal {number}"),
        }
    }
}

/// What is known of a process after its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// How it ended.
    pub status: Status,
    /// Wall time from start to end.
    pub duration: Duration,
    /// Processor time of it and of the children it waited for.
    pub cpu: Duration,
    /// Largest resident memory of one process, in bytes. `None` when it stayed below what
    /// this program itself had in memory at the start: the kernel cannot tell then.
    pub max_rss_bytes: Option<u64>,
    /// The last lines it printed, oldest first.
    pub tail: Vec<String>,
    /// Names of processes that were still there when it ended and had to be killed; a
    /// [`Program`] does not look for them.
    pub left_behind: Vec<String>,
}

/// A program to run on the host.
#[derive(Debug, Clone)]
pub struct Program {
    name: OsString,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    cwd: PathBuf,
    stdin: Vec<u8>,
    timeout: Option<Duration>,
}

impl Program {
    /// A program by name (searched in the usual directories) or by path. It starts in `/`
    /// with nothing but `PATH` and `LC_ALL=C.UTF-8` in its environment and no input.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let env = [("PATH", PATH), ("LC_ALL", "C.UTF-8")]
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Self {
            name: program.as_ref().to_owned(),
            args: Vec::new(),
            env: BTreeMap::from(env),
            cwd: PathBuf::from("/"),
            stdin: Vec::new(),
            timeout: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Sets the directory it starts in.
    #[must_use]
    pub fn cwd(mut self, cwd: impl AsRef<Path>) -> Self {
        cwd.as_ref().clone_into(&mut self.cwd);
        self
    }

    /// Sets what it reads from its standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets the longest it may run.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs it to its end, whatever its exit status.
    ///
    /// Blocks the calling thread, which the process does not outlive.
    pub fn run(&self, cx: &Cx, on_line: &mut dyn FnMut(Stream, &str)) -> Result<Exit, ChildError> {
        cx.cancel.check().map_err(ChildError::Cancelled)?;
        let name = || self.name.to_string_lossy().into_owned();
        let supervise = |source| ChildError::Supervise {
            program: name(),
            source,
        };
        let started = cx.clock().monotonic();
        let own_rss = wait::own_rss_bytes();
        let process = self.spawn().map_err(|source| ChildError::Start {
            program: name(),
            source,
        })?;
        let mut output = Output::new(process.streams, on_line).map_err(supervise)?;
        let deadline = self.timeout.map(|timeout| started + timeout);
        let ended =
            output::pump(cx, &mut output, process.pidfd.as_fd(), deadline).map_err(supervise)?;
        if ended != Ended::Exited {
            wait::end_group(cx, process.pid, process.pidfd.as_fd(), GRACE);
        }
        // Grandchildren that stayed would keep the pipes open and outlive the run. The leader
        // is not reaped yet, so that its number still means this group.
        wait::kill_group(process.pid);
        let usage = wait::reap(process.pid).map_err(supervise)?;
        output.drain().map_err(supervise)?;
        let tail = output.finish();
        match ended {
            Ended::Exited => Ok(Exit {
                status: usage.status,
                duration: cx.clock().monotonic().saturating_sub(started),
                cpu: usage.cpu,
                max_rss_bytes: Some(usage.max_rss_bytes).filter(|bytes| *bytes > own_rss),
                tail,
                left_behind: Vec::new(),
            }),
            Ended::TimedOut => Err(ChildError::TimedOut {
                program: name(),
                timeout: self.timeout.unwrap_or_default(),
                tail,
            }),
            Ended::Cancelled => Err(ChildError::Cancelled(Cancelled)),
        }
    }

    /// Runs it and fails unless it exits with 0.
    pub fn run_ok(
        &self,
        cx: &Cx,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, ChildError> {
        let exit = self.run(cx, on_line)?;
        if exit.status.is_success() {
            Ok(exit)
        } else {
            Err(ChildError::Failed {
                program: self.name.to_string_lossy().into_owned(),
                status: exit.status,
                tail: exit.tail,
            })
        }
    }

    /// Runs it, fails unless it exits with 0, and gives the lines of its standard output.
    pub fn lines(&self, cx: &Cx) -> Result<Vec<String>, ChildError> {
        let mut lines = Vec::new();
        self.run_ok(cx, &mut |stream, line| {
            if stream == Stream::Stdout {
                lines.push(line.to_owned());
            }
        })?;
        Ok(lines)
    }

    /// Starts it in a session of its own, both outputs to `output`, and does not wait: it
    /// outlives this program and whatever this one was started from. Gives its process id.
    pub fn detach(&self, output: &std::fs::File) -> Result<u32, ChildError> {
        wait::spawn_detached(&self.start(), output).map_err(|source| ChildError::Start {
            program: self.name.to_string_lossy().into_owned(),
            source,
        })
    }

    fn spawn(&self) -> io::Result<wait::Process> {
        wait::spawn(&self.start())
    }

    fn start(&self) -> wait::Start<'_> {
        wait::Start {
            program: &self.name,
            args: &self.args,
            env: &self.env,
            cwd: &self.cwd,
            stdin: &self.stdin,
        }
    }
}

/// A word of a shell that means exactly this text.
pub fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Path of a program of the host, searched where [`Program`] searches.
pub fn find(program: &str) -> Option<PathBuf> {
    PATH.split(':')
        .map(|directory| Path::new(directory).join(program))
        .find(|path| rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok())
}

/// Why a program of the host did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// It could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It was started, but watching it failed.
    #[error("cannot watch `{program}`")]
    Supervise {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It exited with another code than 0.
    #[error("`{program}` failed with {status}{}", after(tail))]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: Status,
        /// The last lines it printed.
        tail: Vec<String>,
    },
    /// It ran for too long and was killed.
    #[error("`{program}` took longer than {}{}", goldsmith_core::size::format_duration(*timeout), after(tail))]
    TimedOut {
        /// The program.
        program: String,
        /// The longest it was allowed to run.
        timeout: Duration,
        /// The last lines it printed.
        tail: Vec<String>,
    },
    /// Somebody asked to stop; it was killed.
    #[error(transparent)]
    Cancelled(Cancelled),
}

/// The last lines of a program as they stand in an error.
pub(crate) fn after(tail: &[String]) -> String {
    let mut text = String::new();
    for line in tail {
        text.push_str("\n  | ");
        text.push_str(line);
    }
    text
}

impl Failure for ChildError {
    fn class(&self) -> Class {
        match self {
            Self::Cancelled(_) => Class::Cancelled,
            Self::Start { .. } | Self::Supervise { .. } => Class::Environment,
            Self::Failed { .. } | Self::TimedOut { .. } => Class::Bug,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Start { program, source } if source.kind() == io::ErrorKind::NotFound => {
                vec![format!("install the package that has `{program}`")]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
