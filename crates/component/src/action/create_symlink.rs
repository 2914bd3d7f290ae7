//! `CreateSymlink`: makes a link to something that exists, directories above it included.

use super::{
    Action, ActionError, Call, Kind, Outputs, Shape, UNIX, Values, files, optional, required,
};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "CreateSymlink",
    summary: "makes a symbolic link",
    platforms: UNIX,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the link"),
        required(
            "target",
            Kind::Text,
            "what it leads to, which must exist; a relative one is seen from the link",
        ),
        optional(
            "force",
            Kind::Flag,
            "whether a link that is there may be replaced; default false",
        ),
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    let path = path.trim_end_matches('/');
    let target = values.required("target")?;
    let force = values.flag("force", false)?;
    let refused = |message: String| Err(ActionError::Refused(message));
    let old = call.machine.lstat(call.cx, path)?;
    match old {
        Some(NodeKind::Link) if !force => {
            return refused(format!("the link `{path}` exists and `force` is false"));
        }
        Some(NodeKind::Link) => {}
        Some(_) => return refused(format!("`{path}` is there and is no link")),
        // First: a target may be seen from a directory that is not there yet.
        None => files::make_parents(call, path)?,
    }
    let place = path.rsplit_once('/').map_or("", |(place, _)| place);
    let seen = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("{place}/{target}")
    };
    if target.is_empty() || call.machine.stat(call.cx, &seen)?.is_none() {
        return refused(format!("`{target}` does not exist"));
    }
    if old.is_some() {
        call.machine.remove(call.cx, path)?;
    }
    call.machine.link(call.cx, target, path)?;
    Ok(Outputs::new())
}
