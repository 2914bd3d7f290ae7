//! Tests that ask for what only the build knows.

use super::{Lint, Look};
use crate::expr::{Piece, Reference, Template};
use crate::place;
use crate::problems::Problems;
use crate::yaml::Spanned;

pub(super) static LINT: Lint = Lint {
    code: "C1009",
    name: "crossing-stages",
    summary: "a step of `test` that refers to a step of another phase",
    why: "The phases `build` and `validate` run while the image is made, `test` runs later on a machine that was \
          started from it, in Image Builder and here: outputs of the former are gone by then, and the step fails. Write \
          what the test has to know to a file of the image, or find it out again.",
    example: "phases:\n  - name: build\n    steps:\n      - {name: Where, action: ExecuteBash, inputs: {commands: [mktemp]}}\n  - name: test\n    steps:\n      - {name: There, action: Assert, inputs: {fileExists: '{{ build.Where.outputs.stdout }}'}}\n",
    better: "phases:\n  - name: build\n    steps:\n      - {name: Where, action: ExecuteBash, inputs: {commands: [touch /opt/marker]}}\n  - name: test\n    steps:\n      - {name: There, action: Assert, inputs: {fileExists: /opt/marker}}\n",
    check,
};

/// Phases that run on another machine than what comes before them.
const LATER: [&str; 2] = ["test", "container-host-test"];

fn check(look: &Look<'_>, problems: &mut Problems) {
    for (phase, step) in look.steps() {
        if !LATER.contains(&phase.name.value.as_str()) {
            continue;
        }
        for text in step.texts() {
            in_text(look, &phase.name.value, text, problems);
        }
    }
}

fn in_text(look: &Look<'_>, phase: &str, text: &Spanned<String>, problems: &mut Problems) {
    if !text.value.contains("{{") {
        return;
    }
    let mut offset = 0;
    for piece in Template::parse(&text.value).pieces {
        let (whole, chain) = match &piece {
            Piece::Literal(whole) | Piece::Odd(whole) => (whole, None),
            Piece::Reference(Reference::Chain(chain), whole) => (whole, Some(chain)),
            Piece::Reference(_, whole) => (whole, None),
        };
        let range = offset..offset + whole.len();
        offset = range.end;
        if let Some(chain) = chain.filter(|chain| chain.phase != phase) {
            let message = format!("`{phase}` runs on another machine than `{}`", chain.phase);
            let at = place::within(look.document.file().text(), text, range);
            let label = "there is no such value any more by then";
            problems.warning(LINT.code, &at, message, label);
        }
    }
}
