//! What every action comes to here that needs Windows: its inputs are checked, it is not done.

use super::{ActionError, Call, Outputs, Values};

pub(super) fn run(_call: &mut Call<'_>, _values: &Values) -> Result<Outputs, ActionError> {
    Err(ActionError::Refused(
        "this action needs Windows, and this machine has another system".to_owned(),
    ))
}
