//! `S3Download`: an object to a file, or all objects below a prefix to a directory.

use goldsmith_core::remote::ObjectPath;

use super::transfer::{self, refused};
use super::{Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, required};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "S3Download",
    summary: "fetches objects of a bucket",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required(
            "source",
            Kind::Text,
            "`s3://bucket/key`, or with `*` at its end for all below",
        ),
        required(
            "destination",
            Kind::Text,
            "file, or directory for several; it is there",
        ),
        transfer::OWNER,
        files::OVERWRITE,
    ],
    outputs: &[],
    check: None,
    run,
};

/// Most objects below a prefix.
const OBJECTS_MAX: usize = 1000;

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let text = values.required("source")?;
    let source = transfer::object("source", text)?;
    let owner = transfer::owner(values)?;
    let destination = transfer::destination(values)?;
    let objects = transfer::objects(call, ACTION.name)?;
    let wanted = match source.key.strip_suffix('*') {
        None if source.key.is_empty() => return refused(format!("`{text}` names no object")),
        None => {
            let wanted = one(source, &destination)?;
            check_directory(
                call,
                wanted.1.rsplit_once('/').map_or("", |(above, _)| above),
            )?;
            vec![wanted]
        }
        Some(prefix) if prefix.contains('*') => {
            return refused(format!("`{text}`: `*` may stand at the end only"));
        }
        Some(prefix) => {
            check_directory(call, destination.trim_end_matches('/'))?;
            let prefix = ObjectPath {
                key: prefix.to_owned(),
                bucket: source.bucket,
            };
            let keys = transfer::in_time(call, |cx| {
                Ok(objects.list(cx, &prefix, owner, OBJECTS_MAX + 1)?)
            })?;
            below(&prefix, keys, &destination)?
        }
    };
    for (_, to) in &wanted {
        transfer::check_target(call, values, to)?;
    }
    transfer::in_time(call, |cx| {
        for (from, to) in &wanted {
            let scratch = call.scratch_file()?;
            objects.get(cx, from, owner, scratch.path())?;
            files::make_parents(call, to)?;
            transfer::deliver(call, cx, scratch.path(), to)?;
        }
        Ok(Outputs::new())
    })
}

fn check_directory(call: &Call<'_>, directory: &str) -> Result<(), ActionError> {
    let directory = if directory.is_empty() { "/" } else { directory };
    if call.machine.stat(call.cx, directory)? == Some(NodeKind::Directory) {
        return Ok(());
    }
    refused(format!(
        "there is no directory `{directory}`: make it before, with `CreateFolder`"
    ))
}

/// An object and where it goes.
type Wanted = (ObjectPath, String);

fn one(source: ObjectPath, destination: &str) -> Result<Wanted, ActionError> {
    let mut to = destination.to_owned();
    if to.ends_with('/') {
        let name = source.key.rsplit('/').next().unwrap_or_default();
        if !transfer::is_file_name(name) {
            return refused(format!(
                "`{source}` names no file: name one in `destination`"
            ));
        }
        to.push_str(name);
    }
    Ok((source, to))
}

/// Where each key goes: below the destination by what follows the last `/` of the prefix.
fn below(
    prefix: &ObjectPath,
    keys: Vec<String>,
    destination: &str,
) -> Result<Vec<Wanted>, ActionError> {
    if keys.len() > OBJECTS_MAX {
        return refused(format!(
            "there are more than {OBJECTS_MAX} objects below `{prefix}`"
        ));
    }
    let base = prefix.key.rfind('/').map_or(0, |at| at + 1);
    let directory = destination.trim_end_matches('/');
    let mut all = Vec::new();
    for key in keys {
        // What some tools make for a directory.
        if key.ends_with('/') {
            continue;
        }
        let name = key.get(base..).unwrap_or_default();
        if !name.split('/').all(transfer::is_file_name) {
            return refused(format!(
                "`s3://{}/{key}` cannot be the name of a file below `{destination}`",
                prefix.bucket
            ));
        }
        let to = format!("{directory}/{name}");
        let object = ObjectPath {
            key,
            bucket: prefix.bucket.clone(),
        };
        all.push((object, to));
    }
    if all.is_empty() {
        return refused(format!("there is no object below `{prefix}`"));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below() {
        let prefix = |key: &str| ObjectPath {
            bucket: "b".to_owned(),
            key: key.to_owned(),
        };
        let go = |key: &str, keys: &[&str], destination: &str| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            match below(&prefix(key), keys, destination) {
                Ok(all) => all
                    .into_iter()
                    .map(|(_, to)| to)
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(ActionError::Refused(text)) => text,
                Err(error) => format!("{error:?}"),
            }
        };
        assert_eq!(
            go("p/", &["p/", "p/a", "p/d/b", "p/d/"], "/to/"),
            "/to/a /to/d/b"
        );
        assert_eq!(go("p/a", &["p/a1", "p/ab/c"], "/to"), "/to/a1 /to/ab/c");
        assert_eq!(go("", &["a"], "/"), "/a");
        assert!(go("p/", &["p/"], "/to").contains("there is no object below `s3://b/p/`"));
        for key in ["p/../x", "p/a//b", "p/./x", "p//x"] {
            let text = go("p/", &["p/fine", key], "/to");
            assert!(text.contains("cannot be the name of a file"), "{text}");
        }
        let many = vec!["p/x"; OBJECTS_MAX + 1];
        assert!(go("p/", &many, "/to").contains("more than 1000 objects"));
    }
}
