//! Downloads that are taken as they come.

use super::fetch::{self, Fetch, fetch, input, is_verification};
use super::script::Script;
use super::shell::Command;
use super::{Lint, Look};
use crate::condition::{Condition, Operator};
use crate::document::{Entry, Inputs};
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1005",
    name: "unpinned-download",
    summary: "a download that nothing is held against",
    why: "The same document makes another image tomorrow, and whoever can change the file on the server is root in \
          it. Give `WebDownload` a `checksum` and its `algorithm`; in a script check a digest (`sha256sum --check`) or \
          a signature (`gpg --verify`) of what was fetched.",
    example: "- name: Fetch\n  action: ExecuteBash\n  inputs:\n    commands:\n      - curl -fsSLo /opt/agent.tar.gz https://downloads.example.org/agent-1.2.tar.gz\n",
    better: "- name: Fetch\n  action: ExecuteBash\n  inputs:\n    commands:\n      - set -euo pipefail\n      - curl -fsSLo /opt/agent.tar.gz https://downloads.example.org/agent-1.2.tar.gz\n      - echo 'f0b5c2c2211c8d67ed15e75e656c7862d086e9245420892a7de62cd9ec582a06  /opt/agent.tar.gz' | sha256sum --check\n",
    check,
};

/// Programs that unpack or install what comes in.
const UNPACKERS: [&str; 8] = [
    "tar", "bsdtar", "cpio", "unzip", "dpkg", "rpm", "rpm2cpio", "install",
];

fn check(look: &Look<'_>, problems: &mut Problems) {
    for script in &look.scripts {
        if !script.commands.iter().any(is_verification) {
            in_script(look, script, problems);
        }
    }
    for (_, step) in look.steps() {
        let Inputs::Entries(entries) = &step.inputs else {
            continue;
        };
        if step.action.value.name == "WebDownload" {
            for entry in entries {
                in_entry(look, entry, problems);
            }
        }
    }
}

fn in_script(look: &Look<'_>, script: &Script<'_>, problems: &mut Problems) {
    for pipeline in script.pipelines() {
        let found = pipeline.iter().enumerate().find(|(at, command)| {
            let unpacks = |next: &Command| UNPACKERS.contains(&next.program_name());
            fetch(command).is_some_and(|fetch| {
                let is_kept = fetch.is_saved || pipeline[at + 1..].iter().any(unpacks);
                is_kept && !fetch.is_other && !is_own(&fetch)
            })
        });
        let Some((_, command)) = found else { continue };
        let words = command.words.iter();
        let is_tested = words
            .filter(|word| !word.text.starts_with('-'))
            .any(|word| has_digest_test(look, &word.text));
        if is_tested {
            continue;
        }
        let message = format!(
            "`{}` fetches something that nothing is held against",
            command.program_name()
        );
        let at = script.place(command.range());
        let label = "check a digest or a signature of it";
        problems.warning(LINT.code, &at, message, label);
    }
}

fn is_own(fetch: &Fetch<'_>) -> bool {
    let hosts = fetch.urls.iter().map(|url| fetch::host(&url.text));
    let mut known = hosts.flatten();
    known.next().is_some_and(|host| fetch::is_own(&host))
}

fn in_entry(look: &Look<'_>, entry: &Entry, problems: &mut Problems) {
    let Some(source) = input(entry, "source") else {
        return;
    };
    let checksum = input(entry, "checksum");
    let algorithm = input(entry, "algorithm");
    let destination = input(entry, "destination");
    if destination.is_some_and(|path| has_digest_test(look, &path.value)) {
        return;
    }
    match (checksum, algorithm) {
        (Some(_), Some(_)) => {}
        (Some(text), None) | (None, Some(text)) => {
            let (is, other) = match checksum {
                Some(_) => ("checksum", "algorithm"),
                None => ("algorithm", "checksum"),
            };
            let message = format!("`{is}` without `{other}` checks nothing");
            let label = format!("add `{other}`");
            problems.warning(LINT.code, &text.range, message, &*label);
        }
        (None, None) => {
            let message = "a download that nothing is held against";
            let label = "add `checksum` and `algorithm`";
            problems.warning(LINT.code, &source.range, message, label);
        }
    }
}

/// Whether a condition of the document looks at the digest of a file.
fn has_digest_test(look: &Look<'_>, path: &str) -> bool {
    let is_test = |condition: &Condition| {
        condition.tests().into_iter().any(|test| {
            let second = test.second.as_ref();
            matches!(test.operator, Operator::Hash(_))
                && second.is_some_and(|second| second.value == path)
        })
    };
    look.steps().any(|(_, step)| {
        let asserted = match &step.inputs {
            Inputs::Condition(condition) => is_test(condition),
            Inputs::Entries(_) => false,
        };
        asserted
            || step
                .condition
                .as_ref()
                .is_some_and(|asked| is_test(&asked.condition))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bash, check};
    use super::LINT;

    #[test]
    fn scripts() {
        for (script, expected) in [
            ("curl -fsSLO https://a.example/x", 1),
            ("wget https://a.example/x && tar xf x", 1),
            ("curl -fsSL https://a.example/x | tar xz -C /opt", 1),
            ("curl -s https://a.example/version", 0),
            ("curl -O http://169.254.169.254/latest/user-data", 0),
            (
                "curl -O https://a.example/x\necho 'abc  x' | sha256sum -c",
                0,
            ),
            (
                "wget https://a.example/x https://a.example/x.asc\ngpg --verify x.asc",
                0,
            ),
            ("wget https://a.example/x\ngpg --import x", 1),
            ("curl -fsSL https://a.example/key | gpg --dearmor -o /k", 0),
            ("curl -T x https://a.example/x -o log", 0),
        ] {
            check(&LINT, &bash(script), expected);
        }
    }

    #[test]
    fn conditions_may_check() {
        let script = bash("curl -o /x https://a.example/x");
        let digest = "0".repeat(64);
        let assert = format!(
            "- name: Check\n  action: Assert\n  inputs: {{fileSHA256Equals: '{digest}', path: /x}}\n"
        );
        check(&LINT, &format!("{script}{assert}"), 0);
    }
}
