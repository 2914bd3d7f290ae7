//! Parameters and constants that nothing refers to.

use std::collections::BTreeSet;

use super::{Lint, Look};
use crate::document::Declared;
use crate::expr::{Piece, Reference, Template};
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1004",
    name: "unused-name",
    summary: "a parameter or constant that no step refers to",
    why: "Whoever sets the parameter believes that it changes something. A reference is missing, its name is written \
          without braces, or the declaration is a leftover.",
    example: "parameters:\n  - Port: {type: string, default: 80}\nphases:\n  - name: build\n    steps:\n      - {name: Run, action: ExecuteBash, inputs: {commands: [serve 80]}}\n",
    better: "parameters:\n  - Port: {type: string, default: 80}\nphases:\n  - name: build\n    steps:\n      - {name: Run, action: ExecuteBash, inputs: {commands: ['serve {{ Port }}']}}\n",
    check,
};

fn check(look: &Look<'_>, problems: &mut Problems) {
    // Of what could not be read nobody knows what it refers to.
    if !look.is_whole {
        return;
    }
    let mut used = BTreeSet::new();
    for (_, step) in look.steps() {
        for text in step.texts() {
            names_in(&text.value, &mut used);
        }
    }
    let document = look.document;
    for (what, all) in [
        ("parameter", &document.parameters),
        ("constant", &document.constants),
    ] {
        for Declared { name, .. } in all {
            if !used.contains(&name.value) {
                let message = format!("the {what} `{}` is never used", name.value);
                let label = format!("no step has `{{{{ {} }}}}`", name.value);
                problems.warning(LINT.code, &name.range, message, label);
            }
        }
    }
}

/// Adds the names that a text refers to.
fn names_in(text: &str, used: &mut BTreeSet<String>) {
    if !text.contains("{{") {
        return;
    }
    for piece in Template::parse(text).pieces {
        match piece {
            Piece::Reference(Reference::Name(name), _) => {
                used.insert(name);
            }
            Piece::Reference(Reference::Prefixed { rest, .. }, _) => {
                let inner = rest
                    .strip_prefix("resolve(")
                    .and_then(|rest| rest.strip_suffix(')'));
                used.extend(inner.map(|name| name.trim().to_owned()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::LINT;

    #[test]
    fn every_place_counts() {
        for (fields, expected) in [
            ("inputs: {commands: [x]}", 1),
            ("inputs: {commands: ['x {{Name}}']}", 0),
            ("inputs: {commands: ['x {{ aws:ssm:resolve(Name) }}']}", 0),
            ("inputs: {commands: [x]}, if: {fileExists: '{{ Name }}'}", 0),
            (
                "inputs: {commands: [x]}, if: {not: [{stringEquals: a, value: '{{ Name }}'}]}",
                0,
            ),
            (
                "inputs: {commands: [x]}, loop: {forEach: ['{{ Name }}']}",
                0,
            ),
            (
                "inputs: {commands: [x]}, loop: {forEach: {list: '{{ Name }}'}}",
                0,
            ),
            ("inputs: {commands: [x Name]}", 1),
        ] {
            let text = format!(
                "constants:\n  - Name: {{type: string, value: 1}}\nphases:\n  - name: build\n    steps:\n      - {{name: A, action: ExecuteBash, {fields}}}\n"
            );
            check(&LINT, &text, expected);
        }
    }
}
