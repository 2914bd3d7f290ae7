//! What the actions have in common that change attributes of what exists.

use super::input::{InputRecord, Kind, optional, required};
use super::{ActionError, Call, Outputs, Values, files, transfer};
use crate::machine::{Depth, Group, NodeKind};

pub(super) const FILE: InputRecord = required("path", Kind::Text, "of the file");
pub(super) const FOLDER: InputRecord = required("path", Kind::Text, "of the directory");
pub(super) const OWNER: InputRecord = required("owner", Kind::Text, "user, by name or number");
pub(super) const GROUP: InputRecord = optional(
    "group",
    Kind::Text,
    "by name or number; default the primary group of the owner",
);
pub(super) const PERMISSIONS: InputRecord =
    required("permissions", Kind::Permissions, "octal: `0644`");
pub(super) const RECURSIVE: InputRecord = optional(
    "recursive",
    Kind::Flag,
    "whether all below gets the same; default true",
);

/// Gives what is at `path`, which must be of a kind, what the other inputs say.
pub(super) fn set(
    call: &Call<'_>,
    values: &Values,
    kind: NodeKind,
) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    files::check_is(call, &path, kind)?;
    let mut attributes = files::attributes(values)?;
    if attributes.owner.is_some() && attributes.group.is_none() {
        attributes.group = Some(Group::OfOwner);
    }
    let depth = if kind == NodeKind::Directory && values.flag("recursive", true)? {
        Depth::All
    } else {
        Depth::One
    };
    transfer::in_time(call, |cx| {
        call.machine.set(cx, &path, &attributes, depth)?;
        Ok(Outputs::new())
    })
}
