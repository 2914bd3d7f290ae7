//! `SetFileOwner`: gives a file an owner and a group. A link is followed.

use super::{Action, ActionError, Call, Outputs, Shape, UNIX, Values, attributes};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "SetFileOwner",
    summary: "gives a file an owner",
    platforms: UNIX,
    shape: Shape::List,
    inputs: &[attributes::FILE, attributes::OWNER, attributes::GROUP],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    attributes::set(call, values, NodeKind::File)
}
