//! From nodes to a [`Document`]: shapes and kinds. Whatever is wrong is said and left out,
//! so that the rest is looked at, too.

mod condition;
mod declared;
pub(crate) mod fields;
mod repeat;
pub(crate) mod step;

use crate::code;
use crate::document::{Document, Phase, Unread};
use crate::problems::Problems;
use crate::yaml::{Node, Spanned, Value};
use declared::declared;
use fields::Fields;

/// Reads the root; `None` when it is nothing like a document.
pub(crate) fn document(root: &Node, problems: &mut Problems) -> Option<Document> {
    let mut fields = Fields::new(root, "the document", problems)?;
    if !is_component(root) {
        let message = "this is no component document";
        let label = "it has neither `schemaVersion` nor `phases`";
        problems.error(code::NO_DOCUMENT, &(0..0), message, label);
        return None;
    }
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
    let mut unread = Vec::new();
    let phases = fields
        .required("phases", problems)
        .map(|node| phases(node, &mut unread, problems));
    fields.finish(problems);
    Some(Document {
        file: problems.file.clone(),
        name,
        description: description.map(|text| text.value).unwrap_or_default(),
        parameters: parameters.unwrap_or_default(),
        constants: constants.unwrap_or_default(),
        phases: phases.unwrap_or_default(),
        unread,
    })
}

/// Whether a text is meant to be a component document at all.
pub(crate) fn is_component(root: &Node) -> bool {
    let Value::Mapping(entries) = &root.value else {
        return false;
    };
    let mut names = entries.iter().map(|(name, _)| name.value.as_str());
    names.any(|name| matches!(name, "schemaVersion" | "phases"))
}

fn phases(list: &Node, unread: &mut Vec<Unread>, problems: &mut Problems) -> Vec<Phase> {
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
        let name = name.unwrap_or_else(|| Spanned {
            value: String::new(),
            range: item.range.clone(),
        });
        let is_null = |node: &&Node| matches!(node.value, Value::Scalar { is_null: true, .. });
        let items = match steps.filter(|steps| !is_null(steps)) {
            Some(steps) => fields::list(steps, "steps", problems),
            None => &[],
        };
        let mut steps = Vec::new();
        for node in items {
            match step::step(node, problems) {
                Some(step) => steps.push(step),
                None => unread.push(Unread {
                    phase: name.value.clone(),
                    step: step::name(node),
                }),
            }
        }
        phases.push(Phase {
            name,
            range: item.range.clone(),
            steps,
        });
    }
    phases
}
