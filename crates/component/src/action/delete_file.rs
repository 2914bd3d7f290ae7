//! `DeleteFile`: deletes files; `*` after the last `/` means several, possibly none.

use super::files;
use super::{Action, ActionError, Call, EVERYWHERE, Outputs, Shape, Values};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "DeleteFile",
    summary: "deletes files",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[files::pattern(
        "path",
        "file, or files by `*` in the last part",
    )],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    for path in files::matching(call, &path, NodeKind::File)? {
        call.machine.remove(call.cx, &path)?;
    }
    Ok(Outputs::new())
}
