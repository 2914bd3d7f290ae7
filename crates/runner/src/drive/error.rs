//! Why a run on another machine failed.

use std::time::Duration;

use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::size::format_duration;

use super::reach::ReachError;

/// Why a job was not done to its end. A step that fails is no such error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// The machine cannot be reached.
    #[error("cannot reach `{machine}`")]
    NoWay {
        /// The machine.
        machine: String,
        /// What the way to it says.
        #[source]
        source: ReachError,
    },
    /// A connection broke while it was needed.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The runner does not run there.
    #[error("`{machine}` is {found}, and this runner is made for {made_for}")]
    Kind {
        /// The machine.
        machine: String,
        /// What it is.
        found: String,
        /// What the program is for.
        made_for: String,
    },
    /// The machine refused a command of ours.
    #[error("`{machine}` does not let us {action}: {why}")]
    Denied {
        /// The machine.
        machine: String,
        /// What we wanted to do.
        action: &'static str,
        /// What it said.
        why: String,
    },
    /// The work ended without a word.
    #[error(
        "the work on `{machine}` ended in the middle{}{}",
        at(place),
        at_last(log)
    )]
    Gone {
        /// The machine.
        machine: String,
        /// What was heard of last.
        place: String,
        /// What the runner printed.
        log: String,
    },
    /// A document cannot be run there.
    #[error("{why}")]
    Refused {
        /// What the engine said.
        why: String,
    },
    /// It was stopped from over there.
    #[error("the work was stopped on the machine itself")]
    Stopped,
    /// The machine was out of reach for too long.
    #[error("`{machine}` was out of reach for {}: {why}", format_duration(*limit))]
    OutOfReach {
        /// The machine.
        machine: String,
        /// For how long.
        limit: Duration,
        /// What the runner has there.
        directory: String,
        /// What the last try came to.
        why: String,
    },
    /// It did not come back.
    #[error("`{machine}` did not come back from a reboot within {}: {why}", format_duration(*limit))]
    NoReboot {
        /// The machine.
        machine: String,
        /// Within which time.
        limit: Duration,
        /// What the last try came to.
        why: String,
    },
    /// What the runner had there could not be taken away.
    #[error("cannot remove `{directory}` of `{machine}`: {why}")]
    Left {
        /// The machine.
        machine: String,
        /// The directory.
        directory: String,
        /// Why.
        why: String,
    },
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

fn at(place: &str) -> String {
    if place.is_empty() {
        String::new()
    } else {
        format!(" of `{place}`")
    }
}

fn at_last(log: &str) -> String {
    if log.is_empty() {
        String::new()
    } else {
        format!(": {log}")
    }
}

impl Failure for DriveError {
    fn class(&self) -> Class {
        match self {
            Self::NoWay { source, .. } | Self::Reach(source) => source.class(),
            Self::Kind { .. } | Self::Refused { .. } => Class::Config,
            Self::Denied { .. }
            | Self::Gone { .. }
            | Self::Stopped
            | Self::OutOfReach { .. }
            | Self::NoReboot { .. }
            | Self::Left { .. } => Class::Remote,
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoWay { source, .. } | Self::Reach(source) => source.hints(),
            Self::Kind { .. } => {
                vec!["build the runner for it and name it in GOLDSMITH_RUNNER".to_owned()]
            }
            Self::Denied { why, .. } if why.contains("sudo") => {
                vec!["log in as root, or let the user run `sudo` without a password".to_owned()]
            }
            Self::Gone { .. } => vec![
                "a step that needs a reboot exits with 194 or uses `Reboot`; one that reboots the machine by itself is cut off".to_owned(),
            ],
            Self::OutOfReach { directory, .. } => vec![format!(
                "the work goes on there; stop it with `{directory}/goldsmith-runner stop {directory}` and remove `{directory}`"
            )],
            Self::Left { directory, .. } => vec![format!("remove it by hand: `rm -rf {directory}`")],
            _ => Vec::new(),
        }
    }
}
