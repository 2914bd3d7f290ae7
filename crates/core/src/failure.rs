//! What a failure means to whoever started the command: its class, its exit
//! code, and what to do next.

/// The class of a failure. Every class has one exit code, which scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Something in Goldsmith is wrong, or nobody classified the failure.
    Bug,
    /// The command line is wrong.
    Usage,
    /// A configuration, a document or a lock file is wrong.
    Config,
    /// The lock file no longer fits the recipe, or `lock --check` found updates.
    Stale,
    /// A policy said no.
    Policy,
    /// A test of the image failed, or a document that was run by itself.
    Test,
    /// This host lacks something: a tool, a permission, space.
    Environment,
    /// The other side failed: a mirror, a cloud.
    Remote,
    /// Somebody pressed Ctrl-C, or asked for the run to stop.
    Cancelled,
}

impl Class {
    /// Every class, in the order of its exit code.
    pub const ALL: [Self; 9] = [
        Self::Bug,
        Self::Usage,
        Self::Config,
        Self::Stale,
        Self::Policy,
        Self::Test,
        Self::Environment,
        Self::Remote,
        Self::Cancelled,
    ];

    /// The exit code of the process.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Stale => 4,
            Self::Policy => 5,
            Self::Test => 6,
            Self::Environment => 7,
            Self::Remote => 8,
            Self::Cancelled => 130,
        }
    }

    /// One line for the reference.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Bug => "a bug in Goldsmith, or a failure nobody classified",
            Self::Usage => "the command line is wrong",
            Self::Config => "the configuration, a document or the lock file is wrong",
            Self::Stale => "the lock file is stale, or `lock --check` found updates",
            Self::Policy => "a policy said no",
            Self::Test => "a test of the image failed, or a step of `component run`",
            Self::Environment => "this host lacks a tool, a permission or space",
            Self::Remote => "the other side (a mirror, a cloud) failed",
            Self::Cancelled => "interrupted",
        }
    }
}

/// An error that knows its class and what to do next.
///
/// The text (`Display`) is a lower-case fragment without a final period; the
/// cause stands in `source()`, never in the text as well.
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// The class, which decides the exit code.
    fn class(&self) -> Class;

    /// What to do next, a line each.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// So that `?` boxes.
impl<E: Failure> From<E> for Box<dyn Failure> {
    fn from(error: E) -> Self {
        Box::new(error)
    }
}

/// An error and what caused it, in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Cause of an interrupted operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Cancelled;

impl Failure for Cancelled {
    fn class(&self) -> Class {
        Class::Cancelled
    }
}
