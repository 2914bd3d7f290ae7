//! `ReadFile`: gives the text of a file to later steps.

use goldsmith_core::event::Stream;

use super::encoding::Encoding;
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, optional, required,
};

pub(super) static ACTION: Action = Action {
    name: "ReadFile",
    summary: "reads a text file",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the file"),
        files::ENCODING,
        optional(
            "printFileContent",
            Kind::Flag,
            "whether the text is shown; default false",
        ),
    ],
    outputs: &["content"],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    let bytes = call.machine.read(call.cx, &path)?;
    let content = Encoding::of(values)?
        .decode(&bytes)
        .ok_or_else(|| ActionError::Refused(format!("`{path}` is no text in its encoding")))?;
    if values.flag("printFileContent", false)? {
        content
            .lines()
            .for_each(|line| (call.say)(Stream::Stdout, line));
    }
    Ok(Outputs::from([("content", content)]))
}
