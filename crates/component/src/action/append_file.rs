//! `AppendFile`: adds text to a file that exists.

use super::encoding::Encoding;
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, optional, required,
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
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    files::check_is(call, &path, NodeKind::File)?;
    let mut content = call.machine.read(call.cx, &path)?;
    let encoding = Encoding::of(values)?.of_file(&content).ok_or_else(|| {
        ActionError::Refused(format!("`{path}` begins with the mark of another encoding"))
    })?;
    content.extend(encoding.encode(values.text("content").unwrap_or_default()));
    call.machine
        .write(call.cx, &path, &content, &Attributes::default())?;
    Ok(Outputs::new())
}
