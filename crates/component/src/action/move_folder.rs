//! `MoveFolder`: gives directories another path. A directory that is there is replaced, not added to.

use super::{Action, ActionError, Call, EVERYWHERE, Outputs, Shape, Values, files, from_to};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "MoveFolder",
    summary: "moves directories",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        files::pattern(
            "source",
            "directory, or directories by `*` in the last part",
        ),
        from_to::DESTINATION,
        files::OVERWRITE,
    ],
    outputs: &[],
    check: Some(from_to::check),
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let machine = call.machine;
    from_to::each(call, values, NodeKind::Directory, &|cx, from, to| {
        machine.rename(cx, from, to)
    })
}
