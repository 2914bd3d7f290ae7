//! `Assert`: fails unless a condition holds. The engine evaluates it, as it does `if`.

use super::{Action, ActionError, Call, EVERYWHERE, Outputs, Shape, Values};

pub(super) static ACTION: Action = Action {
    name: "Assert",
    summary: "fails unless a condition holds",
    platforms: EVERYWHERE,
    shape: Shape::Condition,
    inputs: &[],
    outputs: &[],
    check: None,
    run,
};

/// Reached when the condition holds.
#[expect(clippy::unnecessary_wraps, reason = "the form of every action")]
fn run(_call: &mut Call<'_>, _values: &Values) -> Result<Outputs, ActionError> {
    Ok(Outputs::new())
}
