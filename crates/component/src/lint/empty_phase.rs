//! Phases without steps.

use super::{Lint, Look};
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1002",
    name: "empty-phase",
    summary: "a phase without steps",
    why: "A run of this phase does nothing and succeeds, so that a selection of phases which was to check \
          something checks nothing. Give it steps or take it out.",
    example: "phases:\n  - name: build\n    steps: []\n",
    better: "phases:\n  - name: build\n    steps:\n      - name: Hello\n        action: ExecuteBash\n        inputs: {commands: [hostname]}\n",
    check,
};

fn check(look: &Look<'_>, problems: &mut Problems) {
    let unread = |name: &str| look.document.unread.iter().any(|step| step.phase == name);
    for phase in &look.document.phases {
        if phase.steps.is_empty() && !unread(&phase.name.value) && !phase.name.value.is_empty() {
            let message = format!("the phase `{}` has no steps", phase.name.value);
            let label = "a run of it succeeds without doing anything";
            problems.warning(LINT.code, &phase.name.range, message, label);
        }
    }
}
