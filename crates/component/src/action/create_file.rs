//! `CreateFile`: writes a text file, directories above it included.

use super::encoding::Encoding;
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, optional, required,
};

pub(super) static ACTION: Action = Action {
    name: "CreateFile",
    summary: "writes a file",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the file"),
        optional("content", Kind::Text, "of the file; default empty"),
        files::ENCODING,
        files::OWNER,
        files::GROUP,
        optional("permissions", Kind::Permissions, "octal; default 0644"),
        files::OVERWRITE,
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    let content = Encoding::of(values)?.encode(values.text("content").unwrap_or_default());
    files::check_overwrite(call, values, &path)?;
    files::make_parents(call, &path)?;
    call.machine
        .write(call.cx, &path, &content, &files::attributes(values)?)?;
    Ok(Outputs::new())
}
