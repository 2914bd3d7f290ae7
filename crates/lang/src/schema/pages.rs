//! What is made of the table for people and editors: a page, and a JSON Schema of the JSON form.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{AttributeSpec, BlockSpec, Form, top_level};
use crate::eval::functions;

/// The reference of blocks and functions, in Markdown.
pub fn reference_page() -> String {
    let mut page = String::from(
        "# Configuration\n\nA directory is a project: every `*.gold.hcl` and `*.gold.json` in it is read as one.\n",
    );
    for block in top_level() {
        block_section(&mut page, block, "", false);
    }
    page.push_str("\n## Functions\n\n| function | result |\n|---|---|\n");
    let mut all: Vec<_> = functions::all().collect();
    all.sort_by_key(|function| function.name);
    for function in all {
        let _ = writeln!(page, "| `{}` | {} |", function.signature, function.summary);
    }
    page.push_str("| `try(expressions...)` | the first that has a value |\n| `can(expression)` | whether it has a value |\n");
    page
}

/// `is_type`: its name is a label of the block it is a type of, whose kind ends `parent`.
fn block_section(page: &mut String, block: &BlockSpec, parent: &str, is_type: bool) {
    let labels: String = block
        .labels
        .iter()
        .enumerate()
        .map(|(n, label)| {
            if n + block.optional_labels < block.labels.len() {
                format!(" \"<{label}>\"")
            } else {
                format!(" [\"<{label}>\"]")
            }
        })
        .collect();
    // The type of a block is its first label, as it stands.
    let name = if is_type {
        format!("\"{}\"", block.name)
    } else {
        block.name.to_owned()
    };
    let path = format!("{parent}{name}{labels}");
    let _ = write!(page, "\n## `{path}`\n\n{}\n", block.summary);
    if !block.attributes.is_empty() {
        page.push_str("\n| attribute | type | default | meaning |\n|---|---|---|---|\n");
    }
    for attribute in block.attributes {
        let default = if attribute.is_required {
            "**required**".to_owned()
        } else {
            code(attribute.default)
        };
        let _ = writeln!(
            page,
            "| `{}` | {} | {default} | {} |",
            attribute.name,
            form(attribute.form),
            attribute.summary
        );
    }
    for inner in block.blocks {
        block_section(page, inner, &format!("{path} > "), false);
    }
    for kind in block.types {
        block_section(page, kind, &format!("{parent}{} ", block.name), true);
    }
}

fn code(text: &str) -> String {
    let is_value = text.starts_with(['[', '"', '{']) || matches!(text, "true" | "false" | "any");
    if is_value {
        format!("`{text}`")
    } else {
        text.to_owned()
    }
}

fn form(form: Form) -> String {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| format!("`\"{word}\"`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match form {
        Form::Text => "string".to_owned(),
        Form::Flag => "bool".to_owned(),
        Form::Texts => "list of strings".to_owned(),
        Form::Map => "object".to_owned(),
        Form::Lists => "object of lists".to_owned(),
        Form::Choice(choices) => format!("one of {}", words(choices)),
        Form::Choices(choices) => format!("list of {}", words(choices)),
        Form::Number => "number".to_owned(),
        Form::Keep => "number, or `\"all\"`".to_owned(),
        Form::Size => "size".to_owned(),
        Form::Time => "length of time".to_owned(),
        Form::Version => "version".to_owned(),
        Form::Versions => "beginning of a version".to_owned(),
        Form::Reference(kind) => format!("reference to a `{kind}`"),
        Form::Own => "expression".to_owned(),
    }
}

/// A JSON Schema (2020-12) of `*.gold.json`.
pub fn json_schema() -> Value {
    let properties: Map<String, Value> = top_level()
        .iter()
        .map(|block| (block.name.to_owned(), labelled(block, block.labels.len())))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Goldsmith configuration, JSON form",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        // Any string may be a template or a reference: `${var.suite}`.
        "$defs": { "template": { "type": "string", "pattern": "\\$\\{" } },
    })
}

/// A block below its labels: an object for each, and at last the body, or a list of bodies.
fn labelled(block: &BlockSpec, labels: usize) -> Value {
    if !block.types.is_empty() {
        let of_type = |kind: &&BlockSpec| (kind.name.to_owned(), labelled(kind, labels - 1));
        let types: Map<String, Value> = block.types.iter().map(of_type).collect();
        return json!({ "type": "object", "additionalProperties": false, "properties": types });
    }
    if labels > block.optional_labels {
        return json!({ "type": "object", "additionalProperties": labelled(block, labels - 1) });
    }
    let body = body(block);
    let body = if block.is_repeated {
        json!({ "oneOf": [body.clone(), { "type": "array", "items": body }] })
    } else {
        body
    };
    if labels > 0 {
        let named =
            json!({ "type": "object", "additionalProperties": labelled(block, labels - 1) });
        return json!({ "anyOf": [body, named] });
    }
    body
}

fn body(block: &BlockSpec) -> Value {
    let mut properties: Map<String, Value> = block
        .attributes
        .iter()
        .map(|a| (a.name.to_owned(), attribute(a)))
        .collect();
    for inner in block.blocks {
        let schema = labelled(inner, inner.labels.len());
        // `disk` of a recipe is a block or a reference.
        let schema = match properties.remove(inner.name) {
            Some(other) => json!({ "anyOf": [other, schema] }),
            None => schema,
        };
        properties.insert(inner.name.to_owned(), schema);
    }
    let required: Vec<&str> = block
        .attributes
        .iter()
        .filter(|a| a.is_required)
        .map(|a| a.name)
        .collect();
    json!({
        "type": "object",
        "description": block.summary,
        "properties": properties,
        "required": required,
        "additionalProperties": block.name == "locals",
    })
}

fn attribute(attribute: &AttributeSpec) -> Value {
    let template = || json!({ "$ref": "#/$defs/template" });
    let schema = match attribute.form {
        Form::Text
        | Form::Size
        | Form::Time
        | Form::Version
        | Form::Versions
        | Form::Reference(_) => json!({ "type": "string" }),
        Form::Flag => json!({ "anyOf": [{ "type": "boolean" }, template()] }),
        Form::Texts => {
            json!({ "anyOf": [{ "type": "array", "items": { "type": "string" } }, template()] })
        }
        Form::Map | Form::Lists => json!({ "anyOf": [{ "type": "object" }, template()] }),
        Form::Number => json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, template()] }),
        Form::Keep => {
            json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": "all" }, template()] })
        }
        Form::Choice(words) => json!({ "anyOf": [{ "enum": words }, template()] }),
        Form::Choices(words) => {
            json!({ "anyOf": [{ "type": "array", "items": { "enum": words } }, template()] })
        }
        Form::Own => json!({}),
    };
    let mut schema = schema;
    schema["description"] = attribute.summary.into();
    schema
}
