//! `AppendFile`: adds text to a file that exists.

use super::files::{self, Encoding};
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, optional, required,
};
use crate::machine::{Attributes, NodeKind};

pub(super) static ACTION: Action = Action {
    name: "AppendFile",
    summary: "adds text to a file",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the file, which must exist"),
        optional("content", Kind::Text, "to add; default empty"),
        files::ENCODING,
    ],
    outputs: &[],
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    if call.machine.stat(call.cx, &path)? != Some(NodeKind::File) {
        return Err(ActionError::Refused(format!(
            "`{path}` is no file that exists"
        )));
    }
    let mut content = call.machine.read(call.cx, &path)?;
    content.extend(Encoding::of(values)?.encode(values.text("content").unwrap_or_default()));
    call.machine
        .write(call.cx, &path, &content, &Attributes::default())?;
    Ok(Outputs::new())
}
