//! `CopyFile`: copies files with their permissions. Links to files are followed.

use super::{Action, ActionError, Call, EVERYWHERE, Outputs, Shape, Values, files, from_to};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "CopyFile",
    summary: "copies files",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        files::pattern("source", "file, or files by `*` in the last part"),
        from_to::DESTINATION,
        files::OVERWRITE,
    ],
    outputs: &[],
    check: Some(from_to::check),
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let machine = call.machine;
    from_to::each(call, values, NodeKind::File, &|cx, from, to| {
        machine.copy(cx, from, to)
    })
}
