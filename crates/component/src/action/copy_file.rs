//! `CopyFile`: copies files; `*` after the last `/` of the source means several.

use super::files;
use super::{Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, required};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "CopyFile",
    summary: "copies files",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required(
            "source",
            Kind::Text,
            "file, or files by `*` in the last part",
        ),
        required(
            "destination",
            Kind::Text,
            "file, or directory when it ends in `/`",
        ),
        files::OVERWRITE,
    ],
    outputs: &[],
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let source = files::absolute(values.required("source")?)?;
    let destination = files::absolute(values.required("destination")?)?;
    let into_directory = destination.ends_with('/');
    let is_pattern = source.contains('*');
    if is_pattern && !into_directory {
        let message = format!("`{source}` means several files, so `{destination}` must end in `/`");
        return Err(ActionError::Refused(message));
    }
    let sources = files::matching(call, &source, NodeKind::File)?;
    if sources.is_empty() {
        return Err(ActionError::Refused(format!("no file fits `{source}`")));
    }
    for source in sources {
        match call.machine.stat(call.cx, &source)? {
            Some(NodeKind::File) => {}
            Some(_) => return Err(ActionError::Refused(format!("`{source}` is no file"))),
            None => return Err(ActionError::Refused(format!("`{source}` does not exist"))),
        }
        let name = source.rsplit('/').next().unwrap_or_default();
        let to = if into_directory {
            format!("{destination}{name}")
        } else {
            destination.clone()
        };
        files::check_overwrite(call, values, &to)?;
        files::make_parents(call, &to)?;
        call.machine.copy(call.cx, &source, &to)?;
    }
    Ok(Outputs::new())
}
