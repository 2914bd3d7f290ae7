//! Lints: what is no error, but hardly what was meant. One file per lint: its record, what
//! it looks for, its tests.
//!
//! `# goldsmith: allow(CODE) reason` on or above a step takes a lint of it back ([`allow`]).
//! To add one: a file here with a `LINT`, and a line in `ALL`.

pub(crate) mod allow;
mod crossing_stages;
mod document_size;
mod empty_phase;
mod fetch;
mod ignored_failure;
mod no_errexit;
mod pipe_to_shell;
mod plain_http;
mod script;
mod secret_echo;
mod shell;
pub mod shellcheck;
mod unpinned_download;
mod unused_name;

use goldsmith_core::diagnostic::Diagnostic;

use crate::document::{Document, Phase, Step};
use crate::problems::Problems;
use script::Script;

/// Whether a name, of a parameter or a variable, says that it is of a secret.
pub fn names_secret(name: &str) -> bool {
    secret_echo::is_secret(name)
}

/// One thing that is looked for.
pub struct Lint {
    /// As it is shown: `C1001`.
    pub code: &'static str,
    /// As `allow` may name it as well.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What goes wrong with it, and what to do instead.
    pub why: &'static str,
    /// Steps, or a document without its version, that it finds.
    pub example: &'static str,
    /// The same as it should be.
    pub better: &'static str,
    check: fn(&Look<'_>, &mut Problems),
}

impl std::fmt::Debug for Lint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

static ALL: &[&Lint] = &[
    &allow::LINT,
    &no_errexit::LINT,
    &empty_phase::LINT,
    &secret_echo::LINT,
    &unused_name::LINT,
    &unpinned_download::LINT,
    &pipe_to_shell::LINT,
    &ignored_failure::LINT,
    &plain_http::LINT,
    &crossing_stages::LINT,
    &document_size::LINT,
    &shellcheck::LINT,
];

/// Every lint, by code.
pub fn all() -> &'static [&'static Lint] {
    ALL
}

/// Whether something goes by this code or name: a lint, a problem, a finding of `shellcheck`.
pub fn is_known(name: &str) -> bool {
    allow::is_shellcheck(name) || allow::names().any(|known| known == name)
}

/// Whether a problem goes by a code or name.
pub fn is_named(problem: &Diagnostic, name: &str) -> bool {
    let lint = ALL.iter().find(|lint| lint.code == problem.code);
    let is_shellcheck = problem.code == shellcheck::LINT.code;
    problem.code == name
        || lint.is_some_and(|lint| lint.name == name)
        || (is_shellcheck && problem.message.split(':').next() == Some(name))
}

/// What lints look at.
struct Look<'a> {
    document: &'a Document,
    /// The scripts of all steps, cut into commands.
    scripts: Vec<Script<'a>>,
    /// Nothing of the document was left out for being wrong, and no name is mistyped.
    is_whole: bool,
}

impl<'a> Look<'a> {
    fn steps(&self) -> impl Iterator<Item = (&'a Phase, &'a Step)> {
        let phases = self.document.phases.iter();
        phases.flat_map(|phase| phase.steps.iter().map(move |step| (phase, step)))
    }
}

/// What all lints but `shellcheck` and `allow` find.
pub(crate) fn check(document: &Document, is_whole: bool) -> Vec<Diagnostic> {
    let look = Look {
        document,
        scripts: script::all(document),
        is_whole,
    };
    let mut problems = Problems::new(document.file());
    for lint in ALL {
        (lint.check)(&look, &mut problems);
    }
    problems.sorted()
}

/// For lints that something else than [`check`] runs.
const fn elsewhere(_: &Look<'_>, _: &mut Problems) {}

#[cfg(test)]
mod tests {
    use goldsmith_core::diagnostic::SourceFile;

    use super::*;
    use crate::validate::{Rules, validate};

    /// Codes found in steps, or in a document without its version.
    pub(super) fn codes(text: &str) -> Vec<String> {
        let text = if text.lines().any(|line| line.starts_with("- ")) {
            let indented: String = text.lines().map(|line| format!("      {line}\n")).collect();
            format!(
                "schemaVersion: 1.0\nparameters:\n  - Password: {{type: string}}\nphases:\n  - name: build\n    steps:\n{indented}"
            )
        } else if text.contains("schemaVersion") {
            text.to_owned()
        } else {
            format!("schemaVersion: 1.0\n{text}")
        };
        let rules = Rules {
            has_lints: true,
            ..Rules::default()
        };
        let found = validate(&SourceFile::new("x.yaml", text.clone()), rules);
        assert!(!found.has_errors(), "{text}\n{:#?}", found.problems);
        let codes = found.problems.iter().map(|problem| problem.code.to_owned());
        codes.collect()
    }

    /// Whether a lint finds something in the steps.
    #[track_caller]
    pub(super) fn check(lint: &Lint, text: &str, expected: usize) {
        let found = codes(text).iter().filter(|code| *code == lint.code).count();
        assert_eq!(found, expected, "{}: {text}", lint.name);
    }

    /// A script as a step.
    pub(super) fn bash(script: &str) -> String {
        let lines: String = script
            .lines()
            .map(|line| format!("        {line}\n"))
            .collect();
        format!("- name: Run\n  action: ExecuteBash\n  inputs:\n    commands:\n      - |\n{lines}")
    }

    #[test]
    fn examples_show_what_they_say() {
        assert!(ALL.is_sorted_by_key(|lint| lint.code));
        for lint in ALL {
            assert!(
                !lint.why.is_empty() && !lint.summary.ends_with('.'),
                "{}",
                lint.name
            );
            // Another program finds these.
            if lint.code == shellcheck::LINT.code || lint.code == document_size::LINT.code {
                continue;
            }
            check(lint, lint.example, 1);
            check(lint, lint.better, 0);
        }
    }

    #[test]
    fn codes_are_used_once() {
        let mut all: Vec<&str> = ALL.iter().map(|lint| lint.code).collect();
        all.extend(crate::code::ALL.iter().map(|code| code.code));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
