//! What the actions have in common that copy and move: what from, where to.
//!
//! ```text
//! source         destination
//! /a/x           /b/y          becomes /b/y
//! /a/x           /b/           becomes /b/x
//! /a/*           /b/           each by its name; `/b` without `/` is an error
//! ```

use goldsmith_core::cx::Cx;

use super::input::{Given, InputRecord, Kind, Wrong, required};
use super::{ActionError, Call, Outputs, Values, files, transfer};
use crate::machine::{MachineError, NodeKind};

pub(super) const DESTINATION: InputRecord = required(
    "destination",
    Kind::Text,
    "its new path, or the directory for it when it ends in `/`",
);

/// Several things need a directory to go to.
pub(super) fn check(given: &Given<'_>) -> Option<Wrong> {
    let (source, destination) = (given.text("source")?, given.text("destination")?);
    let separator = files::separator(destination);
    let is_wrong = source.contains('*') && !destination.ends_with(separator);
    is_wrong.then(|| Wrong {
        input: "destination",
        message: several(source, destination, separator),
        label: format!("`{destination}{separator}`"),
    })
}

fn several(source: &str, destination: &str, separator: char) -> String {
    format!("`{source}` may mean several, so `{destination}` must end in `{separator}`")
}

/// Does `each` with what `source` means, things of one kind, and where it is to go, whose
/// directory is there. All are looked at before the first is touched.
pub(super) fn each(
    call: &Call<'_>,
    values: &Values,
    kind: NodeKind,
    each: &dyn Fn(&Cx, &str, &str) -> Result<(), MachineError>,
) -> Result<Outputs, ActionError> {
    let source = files::absolute(values.required("source")?)?;
    let destination = files::absolute(values.required("destination")?)?;
    let into_directory = destination.ends_with('/');
    if source.contains('*') && !into_directory {
        return Err(ActionError::Refused(several(&source, &destination, '/')));
    }
    // `/a/` is the directory `/a`, but no file.
    let source = match kind {
        NodeKind::Directory => source.trim_end_matches('/'),
        _ => &source,
    };
    let sources = files::matching(call, source, kind)?;
    if sources.is_empty() {
        let message = format!("no {} fits `{source}`", files::word(kind));
        return Err(ActionError::Refused(message));
    }
    let mut pairs = Vec::new();
    for source in sources {
        files::check_is(call, &source, kind)?;
        let name = source.rsplit('/').next().unwrap_or_default();
        let to = if into_directory {
            format!("{destination}{name}")
        } else {
            destination.clone()
        };
        files::check_overwrite(call, values, &to)?;
        match call.machine.lstat(call.cx, &to)? {
            Some(NodeKind::Directory) if kind != NodeKind::Directory => {
                let message = format!("`{to}` is a directory: to put `{name}` there say `{to}/`");
                return Err(ActionError::Refused(message));
            }
            Some(found) if kind == NodeKind::Directory && found != kind => {
                let message = format!("`{to}` is there and is no directory");
                return Err(ActionError::Refused(message));
            }
            _ => {}
        }
        pairs.push((source, to));
    }
    transfer::in_time(call, |cx| {
        for (from, to) in pairs {
            files::make_parents(call, &to)?;
            each(cx, &from, &to)?;
        }
        Ok(Outputs::new())
    })
}
