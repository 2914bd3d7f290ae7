//! `CreateFolder`: makes a directory, directories above it included. One that exists keeps
//! its contents and gets the attributes.

use super::files;
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, optional, required,
};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "CreateFolder",
    summary: "makes a directory",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the directory"),
        files::OWNER,
        files::GROUP,
        optional("permissions", Kind::Permissions, "octal; default 0755"),
        files::OVERWRITE,
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?.trim_end_matches('/'))?;
    files::check_overwrite(call, values, &path)?;
    files::make_parents(call, &path)?;
    if call.machine.stat(call.cx, &path)? == Some(NodeKind::Directory) {
        call.cx
            .note(format!("`{path}` is there already: what is in it stays"));
    }
    call.machine
        .make_dir(call.cx, &path, &files::attributes(values)?)?;
    Ok(Outputs::new())
}
