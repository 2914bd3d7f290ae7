//! One file for each kind of resource: which of its fields become what, and why others do not.

mod component;
mod distribution;
mod image_recipe;
mod infrastructure;
mod lifecycle;
mod other;
mod pipeline;

use serde_json::Value;

use crate::hcl::Writer;
use crate::report::Report;
use crate::resource::{Fields, Kind, Resource};
use crate::{FILE, Imported, World};

pub(crate) fn convert(
    resource: &Resource,
    world: &World<'_>,
    writer: &mut Writer,
    out: &mut Imported,
) {
    match resource.kind {
        Kind::Component => component::convert(resource, out),
        Kind::ImageRecipe => image_recipe::convert(resource, world, writer, &mut out.report),
        Kind::Infrastructure => infrastructure::convert(resource, writer, &mut out.report),
        Kind::Distribution => distribution::convert(resource, writer, &mut out.report),
        Kind::Pipeline => pipeline::convert(resource, world, writer, &mut out.report),
        Kind::Lifecycle => lifecycle::convert(resource, writer, &mut out.report),
        Kind::ContainerRecipe | Kind::Workflow | Kind::Image => {
            other::convert(resource, writer, &mut out.report);
        }
    }
}

/// Why a block is a comment.
const LATER: &str = "this version of Goldsmith has no such block yet; it stands as a comment in the form it will have";

fn in_file(what: &str) -> String {
    format!("{what} in {FILE}")
}

/// What has no counterpart: into the report, and as remarks where the writer stands.
fn leave(
    resource: &Resource,
    prefix: &str,
    fields: Fields,
    why: &dyn Fn(&str) -> &'static str,
    writer: &mut Writer,
    report: &mut Report,
) {
    for (path, value) in fields.rest() {
        let path = format!("{prefix}{path}");
        let value = shown(&value);
        let why = why(&path);
        writer.remark(&format!("not carried over: {path} = {value} ({why})"));
        report.left(&resource.title(), &path, &value, why);
    }
}

/// A value in one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('\n', "\\n"),
        other => other.to_string(),
    }
}

/// `tags` as an object of the language.
fn tags(fields: &mut Fields, name: &str) -> Option<String> {
    let Some(Value::Object(map)) = fields.take(name) else {
        return None;
    };
    let pairs: Vec<(String, String)> = map
        .into_iter()
        .map(|(name, value)| (name, shown(&value)))
        .collect();
    Some(crate::hcl::object(
        pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())),
    ))
}
