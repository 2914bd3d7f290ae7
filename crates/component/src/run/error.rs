//! Why a document could not be run at all.

use goldsmith_core::failure::{Cancelled, Class, Failure};

use crate::machine::MachineError;

/// Why a document could not be run at all. A step that fails is no such error: see
/// [`Report::check`](super::Report::check).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// None of the phases asked for is in the document.
    #[error("component `{document}` has no phase {}", listed(.asked))]
    NoPhase {
        /// The document.
        document: String,
        /// The phases asked for.
        asked: Vec<String>,
        /// The phases it has.
        known: Vec<String>,
    },
    /// A parameter has no value: [`check_parameters`](crate::check_parameters) says where.
    #[error("component `{document}` needs a value for its parameter `{parameter}`")]
    NoValue {
        /// The document.
        document: String,
        /// The parameter.
        parameter: String,
    },
    /// The state to go on from is not one of this run.
    #[error("component `{document}` cannot go on from the state of an earlier run: {detail}")]
    State {
        /// The document.
        document: String,
        /// What does not fit.
        detail: &'static str,
    },
    /// The machine is not usable any more.
    #[error("component `{document}` was stopped in {place}")]
    Machine {
        /// The document.
        document: String,
        /// Phase and step.
        place: String,
        /// What the machine said.
        #[source]
        source: MachineError,
    },
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

impl Failure for RunError {
    fn class(&self) -> Class {
        match self {
            Self::NoPhase { .. } | Self::NoValue { .. } | Self::State { .. } => Class::Config,
            Self::Machine { source, .. } => source.class(),
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoPhase { known, .. } => vec![format!("its phases: {}", known.join(", "))],
            Self::State { .. } => vec!["begin it anew".to_owned()],
            Self::Machine { source, .. } => source.hints(),
            _ => Vec::new(),
        }
    }
}
