//! The port to a way of telling somebody what happened.

use std::time::Duration;

use crate::cx::Cx;
use crate::failure::{Cancelled, Class, Failure};

/// Something to tell, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What whoever gets it twice knows it by. ASCII without spaces.
    pub id: String,
    /// What happened: `goldsmith.run.failed`.
    pub kind: String,
    /// When it happened, in seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// One line.
    pub title: String,
    /// What it is about, in order: a word and a line each.
    pub facts: Vec<(String, String)>,
    /// What to do next, a command each; may be empty.
    pub actions: Vec<String>,
    /// All of it for a program: a `CloudEvent` in JSON.
    pub event: String,
}

/// Why a message was not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// It may go another time: the other side is away or busy, or a person has to mend something
    /// there or in the configuration.
    #[error("{notifier} did not take it: {detail}")]
    Later {
        /// Kind and name of the notifier.
        notifier: String,
        /// Why, in words.
        detail: String,
        /// How long the other side wants us to wait.
        asked: Option<Duration>,
    },
    /// This message will never be taken.
    #[error("{notifier} will never take it: {detail}")]
    Never {
        /// Kind and name of the notifier.
        notifier: String,
        /// Why, in words.
        detail: String,
    },
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for NotifyError {
    fn class(&self) -> Class {
        match self {
            Self::Later { .. } | Self::Never { .. } => Class::Remote,
            Self::Cancelled(_) => Class::Cancelled,
        }
    }
}

/// Tells somebody. One try for each call: when to try again is for the outbox to say.
pub trait Notifier: Send + Sync {
    /// Kind and name: `webhook/chat`.
    fn name(&self) -> &str;

    /// Delivers a message. When the answer of the other side is lost, it may have arrived all
    /// the same.
    fn send(&self, cx: &Cx, message: &Message) -> Result<(), NotifyError>;
}
