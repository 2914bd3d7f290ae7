//! Placeholder.
use crate::sh::Outcome;
pub(crate) fn run(_arguments: &[String]) -> Outcome {
    Ok(())
}
