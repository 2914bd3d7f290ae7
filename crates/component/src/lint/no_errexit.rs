//! Scripts that go on after a command has failed.

use super::shell::{Command, Link};
use super::{Lint, Look};
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1001",
    name: "no-errexit",
    summary: "a script of several commands without `set -e`",
    why: "The commands of a step are one script, and its result is that of its last command: when one before \
          it fails, the step still succeeds, and the image is made without what that command was to do. Begin with \
          `set -e` (better `set -euo pipefail`), or join the commands with `&&`.",
    example: "- name: Install\n  action: ExecuteBash\n  inputs:\n    commands:\n      - apt-get install --yes nginx\n      - systemctl enable nginx\n",
    better: "- name: Install\n  action: ExecuteBash\n  inputs:\n    commands:\n      - set -euo pipefail\n      - apt-get install --yes nginx\n      - systemctl enable nginx\n",
    check,
};

/// Commands whose failure means nothing, or that do not fail.
const HARMLESS: [&str; 24] = [
    ":", "break", "continue", "date", "declare", "echo", "exit", "export", "local", "printf",
    "pwd", "readonly", "return", "set", "shift", "shopt", "sleep", "sync", "trap", "true",
    "typeset", "umask", "unset", "whoami",
];

fn check(look: &Look<'_>, problems: &mut Problems) {
    for script in &look.scripts {
        if script.commands.iter().any(ends_on_failure) {
            continue;
        }
        let lists: Vec<&[Command]> = script.lists().collect();
        let unnoticed = lists.iter().enumerate().find(|(at, list)| {
            let next = lists[at + 1..].iter().find(|next| follows(list, next));
            can_fail(list) && next.is_some_and(|next| !asks_for_result(next))
        });
        if let Some((_, list)) = unnoticed {
            let message = format!("`{}` goes on when a command fails", script.step.name.value);
            let first = list.iter().find(|c| is_weighty(c)).unwrap_or(&list[0]);
            let at = script.place(first.range());
            let label = "its failure goes unnoticed";
            let problem = problems.warning(LINT.code, &at, message, label);
            let advice = "begin the script with `set -e`: there is none by default";
            problem.notes.push(advice.to_owned());
        }
    }
}

/// `set -e`, `set -euo pipefail`, `set -o errexit`, `trap ... ERR`.
fn ends_on_failure(command: &Command) -> bool {
    let mut words = command.words.iter().skip(1).map(|word| word.text.as_str());
    match command.name() {
        "set" => words.any(|word| {
            let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            word == "errexit" || letters.is_some_and(|letters| letters.contains('e'))
        }),
        "trap" => words.any(|word| word == "ERR"),
        _ => false,
    }
}

/// Whether a failure of the list would be one, and nothing in it looks at it.
fn can_fail(list: &[Command]) -> bool {
    let is_handled = list.iter().any(|command| {
        command.is_tested || command.link == Link::Or || command.link == Link::Background
    });
    !is_handled && list.iter().any(is_weighty)
}

fn is_weighty(command: &Command) -> bool {
    let values = || {
        command
            .assignments
            .iter()
            .chain(command.words.iter().skip(1))
    };
    let has_substitution =
        || values().any(|word| word.text.contains("$(") || word.text.contains('`'));
    match command.name() {
        "" | "export" | "local" | "declare" | "readonly" | "typeset" => has_substitution(),
        // Before `&&` they ask, and to fail is an answer.
        "test" | "[" | "[[" => command.link != Link::And,
        name => !HARMLESS.contains(&name),
    }
}

/// Whether one list can run after the other: not when they stand in two branches of one `if`.
fn follows(list: &[Command], next: &[Command]) -> bool {
    let (Some(first), Some(second)) = (list.last(), next.first()) else {
        return false;
    };
    let apart = first
        .branches
        .iter()
        .zip(&second.branches)
        .find(|(a, b)| a != b);
    apart.is_none_or(|((one, _), (other, _))| one != other)
}

/// The command that follows looks at `$?`.
fn asks_for_result(list: &[Command]) -> bool {
    list.iter().any(|command| {
        let words = command.assignments.iter().chain(&command.words);
        words.clone().any(|word| word.text.contains("$?"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bash, check};
    use super::LINT;

    #[test]
    fn scripts() {
        for (script, expected) in [
            ("a\nb", 1),
            ("a; b", 1),
            ("a && b\nc", 1),
            ("x=$(a)\nb", 1),
            ("a\necho done", 1),
            ("if a; then b; c; fi", 1),
            ("[ -f x ]\nb", 1),
            ("set -x\na\nb", 1),
            ("set --\na\nb", 1),
            ("cat <<E\nx\nE\nb", 1),
            ("a", 0),
            ("a && b", 0),
            ("a || exit 1\nb", 0),
            ("echo a\nb", 0),
            ("x=1\nexport Y=2\nb", 0),
            ("set -e\na\nb", 0),
            ("a\nset -uexo pipefail\nb", 0),
            ("set -o errexit\na\nb", 0),
            ("trap 'exit 1' ERR\na\nb", 0),
            ("if a; then b; else c; fi", 0),
            ("case x in a) b;; *) c;; esac", 0),
            ("a\nif [ $? -ne 0 ]; then exit 1; fi", 0),
            ("[ -f x ] && y=1\nb", 0),
            ("while a; do b; done", 0),
        ] {
            check(&LINT, &bash(script), expected);
        }
    }
}
