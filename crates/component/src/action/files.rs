//! What the file actions have in common: paths, parents, patterns, attributes.

use super::{ActionError, Call, InputRecord, Kind, Values, optional, required};
use crate::machine::{Attributes, Depth, Group, NodeKind};

pub(super) const OVERWRITE: InputRecord = optional(
    "overwrite",
    Kind::Flag,
    "whether what is there may be replaced; default true",
);
pub(super) const ENCODING: InputRecord = optional(
    "encoding",
    Kind::Encoding,
    "of the file: utf8 (default), utf16-LE, ...",
);
pub(super) const OWNER: InputRecord = optional("owner", Kind::Text, "user, by name or number");
pub(super) const GROUP: InputRecord = optional("group", Kind::Text, "group, by name or number");

/// An input that may mean several things by `*` in its last part.
pub(super) const fn pattern(name: &'static str, summary: &'static str) -> InputRecord {
    let kind = Kind::Fits(is_pattern, "`*` may stand in the last part only");
    required(name, kind, summary)
}

fn is_pattern(path: &str) -> bool {
    let directory = path.rsplit_once(separator(path));
    !directory.is_some_and(|(directory, _)| directory.contains('*'))
}

/// What separates the parts of a path; Windows has its own.
pub(super) fn separator(path: &str) -> char {
    if path.contains('\\') && !path.contains('/') {
        '\\'
    } else {
        '/'
    }
}

/// What a person calls it.
pub(super) const fn word(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::File => "file",
        NodeKind::Directory => "directory",
        NodeKind::Link => "link",
        NodeKind::Other => "other thing",
    }
}

/// Refuses what is not there, or not what it should be; links are followed.
pub(super) fn check_is(call: &Call<'_>, path: &str, kind: NodeKind) -> Result<(), ActionError> {
    match call.machine.stat(call.cx, path)? {
        Some(found) if found == kind => Ok(()),
        Some(_) => Err(ActionError::Refused(format!(
            "`{path}` is no {}",
            word(kind)
        ))),
        None => Err(ActionError::Refused(format!("`{path}` does not exist"))),
    }
}

/// The absolute path that a path means: steps start in `/`.
pub(super) fn absolute(path: &str) -> Result<String, ActionError> {
    if path.is_empty() || path.contains('\0') {
        return Err(ActionError::Refused("a path is empty".to_owned()));
    }
    Ok(if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    })
}

pub(super) fn attributes(values: &Values) -> Result<Attributes, ActionError> {
    let name = |name| {
        values
            .text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Ok(Attributes {
        mode: values.permissions()?,
        owner: name("owner"),
        group: name("group").map(Group::Named),
    })
}

/// Makes the directories above a path.
pub(super) fn make_parents(call: &Call<'_>, path: &str) -> Result<(), ActionError> {
    let parents = path.rsplit_once('/').map_or("", |(parents, _)| parents);
    make_directories(call, parents)
}

pub(super) fn make_directories(call: &Call<'_>, path: &str) -> Result<(), ActionError> {
    let mut so_far = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        so_far = format!("{so_far}/{part}");
        match call.machine.stat(call.cx, &so_far)? {
            Some(NodeKind::Directory) => {}
            Some(_) => {
                return Err(ActionError::Refused(format!(
                    "`{so_far}` is there and is no directory"
                )));
            }
            None => call
                .machine
                .make_dir(call.cx, &so_far, &Attributes::default())?,
        }
    }
    Ok(())
}

/// Refuses to replace what is there when that is not wanted.
pub(super) fn check_overwrite(
    call: &Call<'_>,
    values: &Values,
    path: &str,
) -> Result<(), ActionError> {
    if !values.flag("overwrite", true)? && call.machine.lstat(call.cx, path)?.is_some() {
        let message = format!("`{path}` exists and `overwrite` is false");
        return Err(ActionError::Refused(message));
    }
    Ok(())
}

/// What a path means whose last part may hold `*`, in order: things of one kind, links
/// followed. A path without `*` means itself, whatever is there.
pub(super) fn matching(
    call: &Call<'_>,
    path: &str,
    kind: NodeKind,
) -> Result<Vec<String>, ActionError> {
    let (directory, last) = path.rsplit_once('/').unwrap_or(("", path));
    if directory.contains('*') {
        return Err(ActionError::Refused(format!(
            "`{path}`: `*` may stand after the last `/` only"
        )));
    }
    if !last.contains('*') {
        return Ok(vec![path.to_owned()]);
    }
    let found = below(call, directory, Depth::One, kind, &|name| fits(last, name))?;
    Ok(found
        .into_iter()
        .map(|name| format!("{directory}/{name}"))
        .collect())
}

/// Things of one kind in a directory, links to such things included, whose names fit: their
/// paths relative to it, in order.
pub(super) fn below(
    call: &Call<'_>,
    directory: &str,
    depth: Depth,
    kind: NodeKind,
    fits: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, ActionError> {
    let listed = if directory.is_empty() { "/" } else { directory };
    let mut found = Vec::new();
    for entry in call.machine.list(call.cx, listed, depth)? {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        if !fits(name) {
            continue;
        }
        let is_one = match entry.kind {
            NodeKind::Link => {
                let path = format!("{directory}/{}", entry.path);
                call.machine.stat(call.cx, &path)? == Some(kind)
            }
            known => known == kind,
        };
        if is_one {
            found.push(entry.path);
        }
    }
    Ok(found)
}

/// Whether a name fits a pattern in which `*` is any text.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("*", "a", true),
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a*b*c", "aXbYc", true),
            ("a*a", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("*aa*", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
