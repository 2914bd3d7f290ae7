//! From nodes to a [`Document`]: shapes and kinds. Whatever is wrong is said and left out,
//! so that the rest is looked at, too.

mod fields;
mod step;

use crate::code;
use crate::document::{Declared, Document, Phase};
use crate::problems::Problems;
use crate::yaml::{Node, Spanned, Value};
use fields::Fields;

/// Reads the root; `None` when it is nothing like a document.
pub(crate) fn document(root: &Node, problems: &mut Problems) -> Option<Document> {
    let mut fields = Fields::new(root, "the document", problems)?;
    let name = fields.text("name", problems);
    let description = fields.text("description", problems);
    match fields.required("schemaVersion", problems) {
        None => {}
        Some(node) => {
            let version = fields::text(node, "schemaVersion", problems);
            if let Some(version) = version.filter(|v| !matches!(v.value.as_str(), "1.0" | "1")) {
                let message = format!("schema version `{}` does not exist", version.value);
                problems.error(
                    code::VALUE,
                    &version.range,
                    message,
                    "the only one is `1.0`",
                );
            }
        }
    }
    let parameters = fields
        .optional("parameters")
        .map(|node| declared(node, false, problems));
    let constants = fields
        .optional("constants")
        .map(|node| declared(node, true, problems));
    let phases = fields
        .required("phases", problems)
        .map(|node| phases(node, problems));
    fields.finish(problems);
    Some(Document {
        file: problems.file.clone(),
        name,
        description: description.map(|text| text.value).unwrap_or_default(),
        parameters: parameters.unwrap_or_default(),
        constants: constants.unwrap_or_default(),
        phases: phases.unwrap_or_default(),
    })
}

/// A list of mappings with one key each.
fn declared(list: &Node, is_constant: bool, problems: &mut Problems) -> Vec<Declared> {
    let what = if is_constant {
        "constants"
    } else {
        "parameters"
    };
    let mut all = Vec::new();
    for item in fields::list(list, what, problems) {
        let Value::Mapping(entries) = &item.value else {
            let message = format!("an entry of `{what}` must be a name with its fields");
            problems.error(
                code::TYPE,
                &item.range,
                message,
                format!("this is {}", item.kind()),
            );
            continue;
        };
        for (name, node) in entries {
            let Some(mut fields) = Fields::new(node, &format!("`{}`", name.value), problems) else {
                continue;
            };
            if let Some(kind) = fields.text("type", problems)
                && kind.value != "string"
            {
                let message = format!("type `{}` does not exist", kind.value);
                problems.error(
                    code::VALUE,
                    &kind.range,
                    message,
                    "the only one is `string`",
                );
            }
            let (value, description) = if is_constant {
                let value = fields.required("value", problems);
                (
                    value.and_then(|value| fields::text(value, "value", problems)),
                    None,
                )
            } else {
                (
                    fields.text("default", problems),
                    fields.text("description", problems),
                )
            };
            fields.finish(problems);
            all.push(Declared {
                name: name.clone(),
                value: value.map(|text| text.value),
                description: description.map(|text| text.value).unwrap_or_default(),
            });
        }
    }
    all
}

fn phases(list: &Node, problems: &mut Problems) -> Vec<Phase> {
    let items = fields::list(list, "phases", problems);
    if items.is_empty() && matches!(list.value, Value::Sequence(_)) {
        problems.error(code::MISSING, &list.range, "`phases` is empty", "");
    }
    let mut phases = Vec::new();
    for item in items {
        let Some(mut fields) = Fields::new(item, "a phase", problems) else {
            continue;
        };
        let name = fields.required_text("name", problems);
        let steps = fields.required("steps", problems);
        fields.finish(problems);
        let steps = steps.map_or(&[][..], |steps| fields::list(steps, "steps", problems));
        let steps: Vec<_> = steps
            .iter()
            .filter_map(|node| step::step(node, problems))
            .collect();
        phases.push(Phase {
            name: name.unwrap_or_else(|| Spanned {
                value: String::new(),
                range: item.range.clone(),
            }),
            steps,
        });
    }
    phases
}
