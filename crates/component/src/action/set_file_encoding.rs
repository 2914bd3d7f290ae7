//! `SetFileEncoding`: writes a text file of UTF-8 anew in another encoding.

use super::encoding::Encoding;
use super::{Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, required};
use crate::machine::{Attributes, NodeKind};

pub(super) static ACTION: Action = Action {
    name: "SetFileEncoding",
    summary: "changes the encoding of a file",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the file, which is UTF-8"),
        files::ENCODING,
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    files::check_is(call, &path, NodeKind::File)?;
    let text = String::from_utf8(call.machine.read(call.cx, &path)?)
        .map_err(|_| ActionError::Refused(format!("`{path}` is not UTF-8")))?;
    let bytes = Encoding::of(values)?.encode(&text);
    if bytes != text.as_bytes() {
        call.machine
            .write(call.cx, &path, &bytes, &Attributes::default())?;
    }
    Ok(Outputs::new())
}
