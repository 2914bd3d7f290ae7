//! What `provisioner "file"` does: puts a text, or a file or directory of the project, into
//! the tree. Directories on the way are made.

use super::files;
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, optional, required,
};
use crate::machine::Attributes;
use crate::services::ProjectNode;

/// Not in the list of actions: documents have `CreateFile`.
pub(super) static ACTION: Action = Action {
    name: "file",
    summary: "puts a file of the project",
    platforms: EVERYWHERE,
    shape: Shape::Map,
    inputs: &[
        optional("content", Kind::Text, "of the file"),
        optional("source", Kind::Text, "path of the project"),
        required("destination", Kind::Text, "absolute path"),
        files::OWNER,
        files::GROUP,
        optional("permissions", Kind::Permissions, "octal"),
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let destination = files::absolute(values.required("destination")?)?;
    let given = files::attributes(values)?;
    let Some(source) = values.text("source") else {
        files::make_parents(call, &destination)?;
        let content = values.required("content")?.as_bytes();
        call.machine.write(call.cx, &destination, content, &given)?;
        return Ok(Outputs::new());
    };
    let files = call.project()?;
    let nodes = files
        .nodes(source)
        .map_err(|why| ActionError::Refused(format!("`{source}`: {why}")))?;
    let name = source
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let is_file = matches!(nodes.as_slice(), [only] if only.path.is_empty() && !only.is_directory);
    // A directory goes below the destination by its name, what is in it by none.
    let base = match (is_file, destination.strip_suffix('/')) {
        (true, Some(directory)) => format!("{directory}/{name}"),
        (true, None) => destination.clone(),
        (false, _) if source.ends_with('/') => destination.trim_end_matches('/').to_owned(),
        (false, _) => format!("{}/{name}", destination.trim_end_matches('/')),
    };
    files::make_parents(call, &base)?;
    for ProjectNode {
        path,
        is_directory,
        is_executable,
    } in nodes
    {
        let to = if path.is_empty() {
            base.clone()
        } else {
            format!("{base}/{path}")
        };
        if is_directory {
            let attributes = Attributes {
                mode: None,
                ..given.clone()
            };
            files::make_directories(call, &to)?;
            call.machine.make_dir(call.cx, &to, &attributes)?;
            continue;
        }
        let mode = given
            .mode
            .or(Some(if is_executable { 0o755 } else { 0o644 }));
        let attributes = Attributes {
            mode,
            ..given.clone()
        };
        let mut bytes = files
            .open(source, &path)
            .map_err(|error| ActionError::Refused(format!("`{source}`: {error}")))?;
        call.machine.put(call.cx, &to, &mut *bytes, &attributes)?;
    }
    Ok(Outputs::new())
}
