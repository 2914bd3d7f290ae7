//! Scripts from the network, run as they come.

use super::fetch::fetch;
use super::shell::Command;
use super::{Lint, Look};
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1006",
    name: "pipe-to-shell",
    summary: "a script from the network that is run as it comes",
    why: "Whoever can change what the server sends is root in the image, and a connection that breaks in the middle \
          runs half of the script. Fetch it into a file, check its digest, then run it.",
    example: "- name: Install\n  action: ExecuteBash\n  inputs:\n    commands:\n      - curl -fsSL https://get.example.org/install.sh | sh\n",
    better: "- name: Install\n  action: ExecuteBash\n  inputs:\n    commands:\n      - set -euo pipefail\n      - curl -fsSLo /tmp/install.sh https://get.example.org/install.sh\n      - echo 'f0b5c2c2211c8d67ed15e75e656c7862d086e9245420892a7de62cd9ec582a06  /tmp/install.sh' | sha256sum --check\n      - sh /tmp/install.sh\n",
    check,
};

const SHELLS: [&str; 12] = [
    "sh", "bash", "dash", "ksh", "zsh", "ash", "python", "python3", "perl", "ruby", "node", "php",
];
/// Programs that run the text of an argument.
const RUNNERS: [&str; 9] = [
    "sh", "bash", "dash", "ksh", "zsh", "ash", "eval", "source", ".",
];

fn check(look: &Look<'_>, problems: &mut Problems) {
    for script in &look.scripts {
        for pipeline in script.pipelines() {
            let found = pipeline.iter().enumerate().find(|(at, command)| {
                let is_run = |next: &Command| SHELLS.contains(&next.program_name());
                let is_piped = fetch(command).is_some() && pipeline[at + 1..].iter().any(is_run);
                is_piped || runs_substitution(command)
            });
            if let Some((at, first)) = found {
                let last = pipeline[at..].last().unwrap_or(first);
                let place = script.place(first.range().start..last.range().end);
                let message = "a script from the network is run as it comes";
                let label = "fetch it into a file, check its digest, then run it";
                problems.warning(LINT.code, &place, message, label);
            }
        }
    }
}

/// `bash -c "$(curl ...)"`, `bash <(curl ...)`, `eval "$(wget ...)"`.
fn runs_substitution(command: &Command) -> bool {
    let name = command.program_name();
    RUNNERS.contains(&name)
        && command.program().iter().skip(1).any(|word| {
            ["$(", "<(", "`"].iter().any(|open| {
                word.text.split(open).skip(1).any(|inner| {
                    let program = inner.split_whitespace().next();
                    program.is_some_and(|program| matches!(program, "curl" | "wget"))
                })
            })
        })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bash, check};
    use super::LINT;

    #[test]
    fn scripts() {
        for (script, expected) in [
            ("curl -s https://a.example | bash", 1),
            ("wget -qO- https://a.example | sudo -E bash -s -- -y", 1),
            ("curl -s https://a.example | tee log | python3 -", 1),
            ("bash -c \"$(curl -fsSL https://a.example)\"", 1),
            ("bash <(curl -s https://a.example)", 1),
            ("eval \"$(wget -qO- https://a.example)\"", 1),
            ("source <( curl -s https://a.example )", 1),
            ("curl -s https://a.example | jq .", 0),
            ("bash -c \"$(cat x)\"", 0),
            ("echo \"$(curl -s https://a.example)\"", 0),
            ("cat x | bash", 0),
        ] {
            check(&LINT, &bash(script), expected);
        }
    }
}
