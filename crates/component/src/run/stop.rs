//! How work on a step ends before it is done.

use std::time::Duration;

use goldsmith_core::failure::with_causes;

use crate::action::ActionError;
use crate::machine::{MachineError, Status};
use crate::run::State;

/// Why an attempt failed.
pub(crate) struct Failed {
    pub(super) text: String,
    pub(super) exit_code: Option<i32>,
}

impl From<String> for Failed {
    fn from(text: String) -> Self {
        Self {
            text,
            exit_code: None,
        }
    }
}

/// Somebody has to reboot the machine.
#[derive(Debug)]
pub(crate) struct Reboot {
    /// Whether the action is done again afterwards.
    pub(crate) again: bool,
    /// To wait before.
    pub(crate) delay: Duration,
    /// The document that the action runs, to go on with.
    pub(crate) nested: Option<Box<State>>,
}

/// A failure of the step, of the whole run, or a pause.
pub(crate) enum Stop {
    Step(Failed),
    Run(MachineError),
    Reboot(Reboot),
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Self::Step(text.into())
    }
}

impl From<ActionError> for Stop {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Exit(status) => Self::Step(Failed {
                text: status.to_string(),
                exit_code: match status {
                    Status::Code(code) => Some(code),
                    Status::Signal(_) => None,
                },
            }),
            ActionError::Refused(text) => text.into(),
            ActionError::Machine(error) => error.into(),
            ActionError::Reboot(reboot) => Self::Reboot(reboot),
        }
    }
}

impl From<MachineError> for Stop {
    fn from(error: MachineError) -> Self {
        match error {
            MachineError::Cancelled(_) | MachineError::Machine { .. } => Self::Run(error),
            error => with_causes(&error).into(),
        }
    }
}
