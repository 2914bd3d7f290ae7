//! `# goldsmith: allow(CODE) reason`: warnings that somebody has looked at and wants to keep.
//!
//! On or above a step it is about that step; above a phase, a parameter or a constant about
//! that; above the first line of a document about all of it. Errors cannot be allowed.

use std::ops::Range;

use goldsmith_core::diagnostic::{Diagnostic, Severity};

use super::{Lint, elsewhere, is_known, is_named, shellcheck};
use crate::code;
use crate::document::Document;
use crate::problems::{Problems, meant, start};

pub(super) static LINT: Lint = Lint {
    code: "C1000",
    name: "allow",
    summary: "an `allow` that says no reason, or does nothing",
    why: "Without a reason nobody knows later whether it may go, and one that no longer has anything to allow hides \
          what comes next.",
    example: "- name: Clean\n  action: ExecuteBash\n  inputs:\n    commands:\n      - rm -rf /tmp/build # goldsmith: allow(no-errexit)\n      - sync\n",
    better: "# goldsmith: allow(no-errexit) what is left over does no harm\n- name: Clean\n  action: ExecuteBash\n  inputs:\n    commands:\n      - rm -rf /tmp/build\n      - sync\n",
    check: elsewhere,
};

/// The lines of a text.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            lines: text.split('\n').collect(),
            starts,
        }
    }

    /// The line of an offset.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    fn of(&self, range: &Range<usize>) -> Range<usize> {
        let last = range.end.saturating_sub(1).max(range.start);
        self.at(range.start)..self.at(last) + 1
    }

    fn is_comment(&self, line: usize) -> bool {
        let text = self.lines.get(line).map(|line| line.trim_start());
        text.is_some_and(|text| text.starts_with('#'))
    }

    /// Whether a line has a comment that says something of its own.
    pub(super) fn has_comment(&self, line: usize) -> bool {
        let Some(text) = self.lines.get(line) else {
            return false;
        };
        let mut quote = None;
        let mut before = ' ';
        for (at, character) in text.char_indices() {
            match quote {
                Some(open) if open == character => quote = None,
                Some(_) => {}
                None if matches!(character, '"' | '\'') && " [{,:(".contains(before) => {
                    quote = Some(character);
                }
                None if character == '#' && before == ' ' => {
                    let said = text[at + 1..].trim();
                    return !said.is_empty() && !said.starts_with("goldsmith:");
                }
                None => {}
            }
            before = if character.is_whitespace() {
                ' '
            } else {
                character
            };
        }
        false
    }

    /// Whether the line above is a comment of its own.
    pub(super) fn is_comment_above(&self, line: usize) -> bool {
        line.checked_sub(1)
            .is_some_and(|above| self.is_comment(above) && self.has_comment(above))
    }

    /// The next line that is neither empty nor a comment.
    fn next_content(&self, line: usize) -> Option<usize> {
        let is_content =
            |line: &usize| !self.lines[*line].trim().is_empty() && !self.is_comment(*line);
        (line..self.lines.len()).find(is_content)
    }
}

/// One name in an `allow`.
struct Allow {
    name: String,
    /// Of the whole comment.
    range: Range<usize>,
    /// Lines it is about.
    scope: Range<usize>,
    is_used: bool,
}

/// Takes out what is allowed, and says what is wrong with the allowing.
pub(crate) fn apply(
    document: &Document,
    found: Vec<Diagnostic>,
    has_shellcheck: bool,
) -> Vec<Diagnostic> {
    let text = document.file().text();
    if !text.contains("goldsmith:") {
        return found;
    }
    let lines = Lines::new(text);
    let mut problems = Problems::new(document.file());
    let mut allows = collect(document, &lines, &mut problems);
    let mut kept: Vec<Diagnostic> = Vec::new();
    for problem in found {
        let line = lines.at(start(&problem));
        let mut is_allowed = false;
        for allow in &mut allows {
            if problem.severity == Severity::Warning
                && allow.scope.contains(&line)
                && is_named(&problem, &allow.name)
            {
                allow.is_used = true;
                is_allowed = true;
            }
        }
        if !is_allowed {
            kept.push(problem);
        }
    }
    for allow in allows.iter().filter(|allow| !allow.is_used) {
        let is_script = allow.name == LINT_OF_SCRIPTS || is_shellcheck(&allow.name);
        if is_script && !has_shellcheck {
            continue;
        }
        let message = format!("`allow({})` allows nothing", allow.name);
        let is_error = kept.iter().any(|problem| {
            allow.scope.contains(&lines.at(start(problem))) && is_named(problem, &allow.name)
        });
        let label = if is_error {
            "an error cannot be allowed"
        } else {
            "there is no such warning here: take it out"
        };
        problems.warning(LINT.code, &allow.range, message, label);
    }
    kept.extend(problems.sorted());
    kept
}

/// Whoever allows all of `shellcheck` may do so where it is not installed.
const LINT_OF_SCRIPTS: &str = "shellcheck";

pub(super) fn is_shellcheck(name: &str) -> bool {
    let digits = name.strip_prefix("SC").unwrap_or_default();
    name == shellcheck::LINT.code
        || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Every name that can be allowed.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let lints = super::all().iter().flat_map(|lint| [lint.name, lint.code]);
    lints.chain(code::ALL.iter().map(|code| code.code))
}

fn collect(document: &Document, lines: &Lines<'_>, problems: &mut Problems) -> Vec<Allow> {
    let mut allows = Vec::new();
    for (number, line) in lines.lines.iter().enumerate() {
        let Some((at, said)) = directive(line) else {
            continue;
        };
        let range = lines.starts[number] + at..lines.starts[number] + line.trim_end().len();
        let Some((listed, reason)) = said
            .strip_prefix("allow(")
            .and_then(|rest| rest.split_once(')'))
        else {
            let message = "a comment for Goldsmith that it does not understand";
            let label = "write `goldsmith: allow(CODE) reason`";
            problems.warning(LINT.code, &range, message, label);
            continue;
        };
        if reason.trim().is_empty() {
            let label = "say why behind it";
            problems.warning(LINT.code, &range, "an `allow` without a reason", label);
        }
        let Some(scope) = scope(document, lines, number) else {
            let message = "an `allow` that is about nothing";
            let label = "it belongs on or above a step";
            problems.warning(LINT.code, &range, message, label);
            continue;
        };
        for name in listed.split(',').map(str::trim) {
            if !is_known(name) {
                let message = format!("there is no warning `{name}` to allow");
                problems.warning(LINT.code, &range, message, meant(name, names()));
                continue;
            }
            allows.push(Allow {
                name: name.to_owned(),
                range: range.clone(),
                scope: scope.clone(),
                is_used: false,
            });
        }
    }
    allows
}

/// Where a comment for Goldsmith begins in a line, and what it says.
fn directive(line: &str) -> Option<(usize, &str)> {
    line.match_indices('#').find_map(|(at, _)| {
        let said = line[at + 1..].trim_start().strip_prefix("goldsmith:")?;
        Some((at, said.trim()))
    })
}

/// The lines that an `allow` in a line is about.
fn scope(document: &Document, lines: &Lines<'_>, line: usize) -> Option<Range<usize>> {
    let steps = document.phases.iter().flat_map(|phase| &phase.steps);
    let steps: Vec<Range<usize>> = steps.map(|step| lines.of(&step.range)).collect();
    if let Some(step) = steps.iter().find(|step| step.contains(&line)) {
        return Some(step.clone());
    }
    let declared = document.parameters.iter().chain(&document.constants);
    let others = document.phases.iter().map(|phase| &phase.range);
    let others = others.chain(declared.map(|declared| &declared.range));
    let others: Vec<Range<usize>> = others.map(|range| lines.of(range)).collect();
    if !lines.is_comment(line) {
        return others.into_iter().find(|other| other.contains(&line));
    }
    let next = lines.next_content(line)?;
    let begins = |lines: &&Range<usize>| lines.start == next;
    let found = steps.iter().chain(&others).find(begins).cloned();
    let is_first = lines.next_content(0) == Some(next);
    found.or_else(|| is_first.then_some(0..lines.lines.len()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes;

    const LINTED: &str = "- name: A\n  action: ExecuteBash\n  inputs: {commands: [a, b]}\n";

    fn check(steps: &str, expected: &[&str]) {
        let mut codes = codes(steps);
        codes.retain(|code| code != "C1004");
        assert_eq!(codes, expected, "{steps}");
    }

    #[test]
    fn on_and_above() {
        check(LINTED, &["C1001"]);
        let named = LINTED.replace("- name: A", "- name: A # goldsmith: allow(no-errexit) why");
        check(&named, &[]);
        check(
            &format!(
                "- {{name: Z, action: Reboot}}\n# goldsmith: allow(C1001, C1007) why\n\n{LINTED}  onFailure: Ignore\n"
            ),
            &[],
        );
        check(
            &format!(
                "{LINTED}# goldsmith: allow(C1001) why\n{}",
                LINTED.replace(": A", ": B")
            ),
            &["C1001"],
        );
        let inner = "- name: A\n  action: ExecuteBash\n  inputs:\n    commands:\n      - |\n        a # goldsmith: allow(C1001) why\n        b\n";
        check(inner, &[]);
    }

    #[test]
    fn what_is_wrong_with_it() {
        check(&format!("# goldsmith: allow(C1001)\n{LINTED}"), &["C1000"]);
        check(
            &format!("# goldsmith: allow(no-erexit) why\n{LINTED}"),
            &["C1000", "C1001"],
        );
        check(
            &format!("# goldsmith: alow(C1001) why\n{LINTED}"),
            &["C1000", "C1001"],
        );
        check(
            &format!("# goldsmith: allow(C1002, C1001) why\n{LINTED}"),
            &["C1000"],
        );
        check(
            &format!("{LINTED}# goldsmith: allow(C1001) why\n"),
            &["C1001", "C1000"],
        );
        // Nobody knows without `shellcheck` whether there is something to allow.
        check(
            &format!("# goldsmith: allow(SC2086, C1001, shellcheck) why\n{LINTED}"),
            &[],
        );
    }

    #[test]
    fn a_whole_document() {
        let text = "phases:\n  - name: build\n    steps: []\n";
        check(text, &["C1002"]);
        let first = format!("# goldsmith: allow(C1002) not yet\n\nschemaVersion: 1.0\n{text}");
        check(&first, &[]);
        check(
            &format!("# goldsmith: allow(C1002) not yet\n{text}"),
            &["C1000", "C1002"],
        );
        check(
            &text.replace("  - name", "  # goldsmith: allow(C1002) not yet\n  - name"),
            &[],
        );
        check(
            &text.replace("build", "verify # goldsmith: allow(C1002, C0203) not yet"),
            &[],
        );
    }
}
