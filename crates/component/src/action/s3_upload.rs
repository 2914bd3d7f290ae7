//! `S3Upload`: a file as an object, or the files that fit a pattern below a prefix.

use goldsmith_core::remote::ObjectPath;

use super::transfer::{self, refused};
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, optional, required,
};
use crate::machine::{Depth, NodeKind};

pub(super) static ACTION: Action = Action {
    name: "S3Upload",
    summary: "stores files in a bucket",
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
            "`s3://bucket/key`, or a prefix for several",
        ),
        optional(
            "recurse",
            Kind::Flag,
            "whether files in directories below go, too, links to such not followed; default false",
        ),
        transfer::OWNER,
    ],
    outputs: &[],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let source = files::absolute(values.required("source")?)?;
    let to = transfer::object("destination", values.required("destination")?)?;
    let owner = transfer::owner(values)?;
    let recurse = values.flag("recurse", false)?;
    let wanted = wanted(call, &source, &to, recurse)?;
    let objects = transfer::objects(call, ACTION.name)?;
    transfer::in_time(call, |cx| {
        for (from, object) in &wanted {
            let mut scratch = call.scratch_file()?;
            call.machine.get(cx, from, scratch.as_file_mut())?;
            objects.put(cx, scratch.path(), object, owner)?;
        }
        Ok(Outputs::new())
    })
}

/// A file of the machine and the object it becomes.
type Wanted = (String, ObjectPath);

fn wanted(
    call: &Call<'_>,
    source: &str,
    to: &ObjectPath,
    recurse: bool,
) -> Result<Vec<Wanted>, ActionError> {
    let (directory, last) = source.rsplit_once('/').unwrap_or(("", source));
    if directory.contains('*') {
        return refused(format!("`{source}`: `*` may stand after the last `/` only"));
    }
    if last.contains('*') {
        return several(call, directory, last, to, recurse);
    }
    match call.machine.stat(call.cx, source)? {
        Some(NodeKind::File) => {
            let mut to = to.clone();
            if to.key.is_empty() || to.key.ends_with('/') {
                to.key.push_str(last);
            }
            Ok(vec![(source.to_owned(), to)])
        }
        Some(NodeKind::Directory) if recurse => {
            several(call, source.trim_end_matches('/'), "*", to, true)
        }
        Some(NodeKind::Directory) => refused(format!(
            "`{source}` is a directory: for the files in it let `source` end in `/*`, for all below let `recurse` be true"
        )),
        Some(NodeKind::Link | NodeKind::Other) => refused(format!("`{source}` is no regular file")),
        None => refused(format!("`{source}` does not exist")),
    }
}

fn several(
    call: &Call<'_>,
    directory: &str,
    pattern: &str,
    to: &ObjectPath,
    recurse: bool,
) -> Result<Vec<Wanted>, ActionError> {
    let depth = if recurse { Depth::All } else { Depth::One };
    let fits = |name: &str| files::fits(pattern, name);
    let found = files::below(call, directory, depth, NodeKind::File, &fits)?;
    if found.is_empty() {
        return refused(format!("no file fits `{directory}/{pattern}`"));
    }
    let mut prefix = to.key.clone();
    if !prefix.is_empty() && !prefix.ends_with('/') {
        prefix.push('/');
    }
    let object = |name: &String| ObjectPath {
        bucket: to.bucket.clone(),
        key: format!("{prefix}{name}"),
    };
    let pairs = found
        .iter()
        .map(|name| (format!("{directory}/{name}"), object(name)));
    Ok(pairs.collect())
}
