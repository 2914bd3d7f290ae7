//! `DeleteFolder`: deletes a directory. A link to one is none.

use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, optional, required,
};
use crate::machine::{Depth, NodeKind};

pub(super) static ACTION: Action = Action {
    name: "DeleteFolder",
    summary: "deletes a directory",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the directory"),
        optional(
            "force",
            Kind::Flag,
            "whether all that is in it goes, too; default false",
        ),
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    let path = path.trim_end_matches('/');
    let refused = |why: &str| Err(ActionError::Refused(format!("`{path}` {why}")));
    match call.machine.lstat(call.cx, path)? {
        Some(NodeKind::Directory) => {}
        Some(NodeKind::Link) => return refused("is a link, no directory: `DeleteFile` deletes it"),
        Some(_) => return refused("is no directory"),
        None => return refused("does not exist"),
    }
    if values.flag("force", false)? {
        call.machine.remove_dir(call.cx, path, Depth::All)?;
    } else if call.machine.list(call.cx, path, Depth::One)?.is_empty() {
        call.machine.remove_dir(call.cx, path, Depth::One)?;
    } else {
        return refused("is not empty and `force` is false");
    }
    Ok(Outputs::new())
}
