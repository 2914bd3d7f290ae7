//! Failures that are ignored without a word.

use super::allow::Lines;
use super::{Lint, Look};
use crate::document::OnFailure;
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1007",
    name: "ignored-failure",
    summary: "`onFailure: Ignore` without a reason",
    why: "The run succeeds whatever the step did. Whoever reads the document next cannot tell whether that was meant \
          or was to get a build through. Say why in a comment on the line or above it, or above the step.",
    example: "- name: Cleanup\n  action: ExecuteBash\n  onFailure: Ignore\n  inputs:\n    commands: [apt-get clean]\n",
    better: "- name: Cleanup\n  action: ExecuteBash\n  onFailure: Ignore # saves space, no more\n  inputs:\n    commands: [apt-get clean]\n",
    check,
};

fn check(look: &Look<'_>, problems: &mut Problems) {
    let ignored = |on_failure| on_failure == OnFailure::Ignore;
    if !look.steps().any(|(_, step)| ignored(step.on_failure)) {
        return;
    }
    let lines = Lines::new(look.document.file().text());
    for (_, step) in look.steps().filter(|(_, step)| ignored(step.on_failure)) {
        let places = [step.on_failure_at.start, step.range.start];
        let has_reason = places.iter().any(|at| {
            let line = lines.at(*at);
            lines.has_comment(line) || lines.is_comment_above(line)
        });
        if !has_reason {
            let message = format!(
                "failures of `{}` are ignored without a reason",
                step.name.value
            );
            let label = "say why in a comment";
            problems.warning(LINT.code, &step.on_failure_at, message, label);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::LINT;

    #[test]
    fn comments_are_reasons() {
        for (text, expected) in [
            ("- name: A\n  action: Reboot\n  onFailure: Ignore\n", 1),
            (
                "- name: A\n  action: Reboot\n  # why\n  onFailure: Ignore\n",
                0,
            ),
            (
                "- name: A # why\n  action: Reboot\n  onFailure: Ignore\n",
                0,
            ),
            ("- {name: A, action: Reboot, onFailure: Ignore} # why\n", 0),
            (
                "- {name: B, action: Reboot}\n# why\n- {name: A, action: Reboot, onFailure: Ignore}\n",
                0,
            ),
            (
                "- name: A\n  action: Reboot # what\n  onFailure: Ignore\n",
                1,
            ),
            ("- name: A\n  action: Reboot\n  onFailure: Ignore #\n", 1),
            ("- name: 'a#b'\n  action: Reboot\n  onFailure: Ignore\n", 1),
            ("- name: A\n  action: Reboot\n  onFailure: Continue\n", 0),
        ] {
            check(&LINT, text, expected);
        }
    }
}
