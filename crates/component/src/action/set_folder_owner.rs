//! `SetFolderOwner`: gives a directory, and all below it, an owner and a group. Links that are met below get
//! them themselves.

use super::{Action, ActionError, Call, Outputs, Shape, UNIX, Values, attributes};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "SetFolderOwner",
    summary: "gives a directory an owner",
    platforms: UNIX,
    shape: Shape::List,
    inputs: &[
        attributes::FOLDER,
        attributes::OWNER,
        attributes::GROUP,
        attributes::RECURSIVE,
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    attributes::set(call, values, NodeKind::Directory)
}
