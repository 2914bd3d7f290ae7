//! `SetFolderPermissions`: gives a directory, and all below it, permissions: the same to files and to directories.

use super::{Action, ActionError, Call, Outputs, Shape, UNIX, Values, attributes};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "SetFolderPermissions",
    summary: "gives a directory permissions",
    platforms: UNIX,
    shape: Shape::List,
    inputs: &[
        attributes::FOLDER,
        attributes::PERMISSIONS,
        attributes::RECURSIVE,
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    attributes::set(call, values, NodeKind::Directory)
}
