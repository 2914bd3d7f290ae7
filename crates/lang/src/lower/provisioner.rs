//! `provisioner` blocks: Packer's words for steps without a document.

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::{Diagnostic, nearest};
use goldsmith_core::recipe::{
    FileFrom, FileProvision, Parameter, Provision, Provisioner, ShellProvision,
};

use crate::decode::{Found, Reader};
use crate::syntax::ast::{Block, Expr};

const TYPES: [&str; 2] = ["shell", "file"];
/// What only one of the types has.
const SHELL: &[&str] = &[
    "inline",
    "script",
    "scripts",
    "environment",
    "environment_vars",
    "execute_as",
    "valid_exit_codes",
    "timeout",
    "max_retries",
];
const FILE: &[&str] = &["source", "content", "destination", "owner", "group", "mode"];

/// `numbers` counts the provisioners of a recipe by their type.
pub(super) fn provisioner(
    reader: &Reader<'_>,
    block: &Block,
    numbers: &mut BTreeMap<String, u32>,
) -> Option<Provisioner> {
    let inner = reader.inner(block);
    let label = block.labels.first()?;
    let number = numbers.entry(label.text.clone()).or_default();
    *number += 1;
    let other = match label.text.as_str() {
        "shell" => FILE,
        "file" => SHELL,
        other => {
            let hint = match nearest(other, TYPES) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`shell` or `file`; the rest is a component document".to_owned(),
            };
            let problem = Diagnostic::error("L0110", format!("there is no provisioner `{other}`"));
            let problem = problem.label(reader.span(&label.at), hint);
            reader.evaluator.report(problem);
            return None;
        }
    };
    let mut is_fine = true;
    for attribute in &block.body.attributes {
        if other.contains(&attribute.name.text.as_str()) {
            let message = format!(
                "`{}` is not for a `{}` provisioner",
                attribute.name.text, label.text
            );
            let problem = Diagnostic::error("L0110", message);
            let problem = problem.label(reader.span(&attribute.name.at), "remove it");
            reader.evaluator.report(problem);
            is_fine = false;
        }
    }
    let name = inner.text("name").or(format!("{} {number}", label.text));
    let what = if label.text == "shell" {
        shell(&inner, block).map(Provision::Shell)
    } else {
        file(&inner, block).map(Provision::File)
    };
    let (name, what) = (name?, what?);
    is_fine.then(|| Provisioner {
        name,
        span: reader.span(&block.head),
        what,
    })
}

/// The one of several attributes that is written.
fn one_of(reader: &Reader<'_>, block: &Block, names: &[&'static str]) -> Option<&'static str> {
    let written: Vec<&'static str> = names
        .iter()
        .copied()
        .filter(|name| reader.body.attribute(name).is_some())
        .collect();
    if let [only] = written[..] {
        return Some(only);
    }
    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("a provisioner has exactly one of {}", listed.join(", "));
    let label = if written.is_empty() {
        "it has none"
    } else {
        "it has several"
    };
    let problem = Diagnostic::error("L0103", message).label(reader.span(&block.head), label);
    reader.evaluator.report(problem);
    None
}

fn expr<'a>(reader: &Reader<'a>, name: &str) -> Option<&'a Expr> {
    reader
        .body
        .attribute(name)
        .map(|attribute| &attribute.value)
}

fn shell(reader: &Reader<'_>, block: &Block) -> Option<ShellProvision> {
    let which = one_of(reader, block, &["inline", "script", "scripts"]);
    let inline = reader.marked_texts("inline").or(Vec::new());
    let one = reader.text("script").optional();
    let several = reader.texts("scripts").or(Vec::new());
    let environment = environment(reader);
    let execute_as = reader.text("execute_as").optional();
    let timeout = reader.time("timeout").optional();
    let codes = reader.texts("valid_exit_codes").or(Vec::new());
    let codes = numbers(reader, "valid_exit_codes", codes?, 0..=255);
    let retries = reader.text("max_retries").or("0".to_owned());
    let retries = numbers(reader, "max_retries", vec![retries?], 0..=1000);
    which?;
    let mut scripts: Vec<String> = one?.into_iter().collect();
    scripts.extend(several?);
    Some(ShellProvision {
        inline: inline?,
        scripts,
        environment: environment?,
        execute_as: execute_as?,
        valid_exit_codes: codes?,
        timeout: timeout?,
        max_retries: u32::try_from(retries?[0]).unwrap_or(0),
    })
}

/// Packer's list of `NAME=value` and the object are the same.
fn environment(reader: &Reader<'_>) -> Option<BTreeMap<String, Parameter>> {
    let mut all = reader.parameters("environment").or(BTreeMap::new())?;
    let is_sensitive = reader.is_secret("environment_vars");
    for line in reader.texts("environment_vars").or(Vec::new())? {
        let Some((name, value)) = line.split_once('=') else {
            let shown = if is_sensitive {
                "an entry"
            } else {
                line.as_str()
            };
            reader.wrong(
                expr(reader, "environment_vars")?,
                format!("`environment_vars`: {shown} is not `NAME=value`"),
                "here".to_owned(),
            );
            return None;
        };
        let value = Parameter {
            value: value.to_owned(),
            is_sensitive,
        };
        all.insert(name.to_owned(), value);
    }
    for name in all.keys() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || name.as_bytes()[0].is_ascii_digit() || !name.bytes().all(plain) {
            let place = expr(reader, "environment").or_else(|| expr(reader, "environment_vars"))?;
            reader.wrong(
                place,
                format!("`{name}` is no name of a variable"),
                "letters, digits and `_`".to_owned(),
            );
            return None;
        }
    }
    Some(all)
}

fn numbers(
    reader: &Reader<'_>,
    name: &str,
    texts: Vec<String>,
    range: std::ops::RangeInclusive<i32>,
) -> Option<Vec<i32>> {
    let mut all = Vec::new();
    for text in texts {
        match text.parse() {
            Ok(number) if range.contains(&number) => all.push(number),
            _ => {
                reader.wrong(
                    expr(reader, name)?,
                    format!("`{name}`: `{text}` is no such number"),
                    format!("from {} to {}", range.start(), range.end()),
                );
                return None;
            }
        }
    }
    Some(all)
}

fn file(reader: &Reader<'_>, block: &Block) -> Option<FileProvision> {
    let which = one_of(reader, block, &["source", "content"]);
    let source = reader.text("source").optional();
    let content = reader.text("content").optional();
    let is_sensitive = reader.is_secret("content");
    let destination = destination(reader, block);
    let owner = reader.text("owner").optional();
    let group = reader.text("group").optional();
    let mode = match reader.text("mode") {
        Found::Absent => Some(None),
        Found::Unusable => None,
        Found::Is(text) => match u32::from_str_radix(&text, 8) {
            Ok(mode) if mode <= 0o7777 => Some(Some(mode)),
            _ => {
                let message = format!("`mode` is `{text}`, which is no permissions");
                reader.wrong(expr(reader, "mode")?, message, "octal: `0644`".to_owned());
                None
            }
        },
    };
    which?;
    let from = match (source?, content?) {
        (Some(path), _) => FileFrom::Path(path),
        (None, content) => FileFrom::Content(Parameter {
            value: content?,
            is_sensitive,
        }),
    };
    let destination = destination?;
    if matches!(from, FileFrom::Content(_)) && destination.ends_with('/') {
        reader.wrong(
            expr(reader, "destination")?,
            "a text has no name of its own".to_owned(),
            "name the file, not a directory".to_owned(),
        );
        return None;
    }
    Some(FileProvision {
        from,
        destination,
        owner: owner?,
        group: group?,
        mode: mode?,
    })
}

fn destination(reader: &Reader<'_>, block: &Block) -> Option<String> {
    match reader.text("destination") {
        Found::Unusable => None,
        Found::Is(path) if path.starts_with('/') => Some(path),
        Found::Is(path) => {
            reader.wrong(
                expr(reader, "destination")?,
                format!("`{path}` is not absolute"),
                "a path in the image begins with `/`".to_owned(),
            );
            None
        }
        Found::Absent => {
            let problem = Diagnostic::error("L0103", "`destination` is missing in `provisioner`");
            let problem = problem.label(reader.span(&block.head), "where in the image?");
            reader.evaluator.report(problem);
            None
        }
    }
}
