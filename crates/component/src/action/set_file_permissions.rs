//! `SetFilePermissions`: gives a file permissions. A link is followed.

use super::{Action, ActionError, Call, Outputs, Shape, UNIX, Values, attributes};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "SetFilePermissions",
    summary: "gives a file permissions",
    platforms: UNIX,
    shape: Shape::List,
    inputs: &[attributes::FILE, attributes::PERMISSIONS],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    attributes::set(call, values, NodeKind::File)
}
