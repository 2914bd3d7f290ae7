//! Rules of the audit daemon, as `augenrules` puts them together.
//!
//! ```text
//! -w /etc/passwd -p wa -k identity                     watch of a file
//! -a always,exit -F path=/etc/passwd -F perm=wa        the same
//! -a always,exit -F arch=b64 -S adjtimex,settimeofday  calls of the kernel
//! -e 2                                                 no change until the next boot
//! ```

use super::{Outcome, Ran, Wrong};
use crate::harden::facts::{Facts, rows};

/// Something that must be recorded.
#[derive(Debug, Clone, Copy)]
pub(in crate::harden) enum Rule {
    /// Writes and changes of attributes of a file or of what is in a folder.
    Watch(&'static str),
    /// Calls by programs of 64 bits.
    Calls(&'static [&'static str]),
    /// The last rule forbids changes.
    Immutable,
}

const FOLDER: &str = "/etc/audit/rules.d";

pub(super) fn run(facts: &Facts<'_>, rules: &[Rule]) -> Ran {
    let snapshot = facts.snapshot;
    if snapshot.resolve("/usr/sbin/auditd").is_none() {
        return Ok(Outcome::skip("no audit daemon"));
    }
    let mut lines: Vec<Vec<String>> = Vec::new();
    for (_, text) in facts.texts(&["/etc/audit/rules.d/*.rules"])? {
        lines.extend(rows(&text).map(|row| row.split_whitespace().map(str::to_owned).collect()));
    }
    let mut wrong = Vec::new();
    for rule in rules {
        let (holds, text) = match rule {
            Rule::Watch(path) => (
                lines.iter().any(|line| watches(line, path)),
                format!("changes of `{path}` are not recorded"),
            ),
            Rule::Calls(calls) => {
                let missing: Vec<&str> = calls
                    .iter()
                    .copied()
                    .filter(|call| !lines.iter().any(|line| records(line, call)))
                    .collect();
                (
                    missing.is_empty(),
                    format!("calls of `{}` are not recorded", missing.join("`, `")),
                )
            }
            Rule::Immutable => {
                let last = lines
                    .iter()
                    .rfind(|line| line.first().is_some_and(|word| word == "-e"));
                (
                    last.is_some_and(|line| line.get(1).is_some_and(|word| word == "2")),
                    "rules can be changed while the system runs".to_owned(),
                )
            }
        };
        if !holds {
            wrong.push(Wrong::file(FOLDER, text));
        }
    }
    Ok(Outcome::of(wrong))
}

fn after<'l>(line: &'l [String], option: &str) -> Vec<&'l str> {
    let pairs = line.windows(2).filter(|pair| pair[0] == option);
    pairs.map(|pair| pair[1].as_str()).collect()
}

fn watches(line: &[String], path: &str) -> bool {
    let fields = after(line, "-F");
    let field = |name: &str| fields.iter().find_map(|field| field.strip_prefix(name));
    let place = after(line, "-w")
        .first()
        .copied()
        .or_else(|| field("path="))
        .or_else(|| field("dir="));
    let perms = after(line, "-p")
        .first()
        .copied()
        .or_else(|| field("perm="))
        .unwrap_or("rwxa");
    place.is_some_and(|place| place.trim_end_matches('/') == path.trim_end_matches('/'))
        && perms.contains('w')
        && perms.contains('a')
}

fn records(line: &[String], call: &str) -> bool {
    let is_rule = after(line, "-a")
        .iter()
        .any(|list| list.contains("always") && list.contains("exit"));
    let is_64 = after(line, "-F").contains(&"arch=b64");
    is_rule
        && is_64
        && after(line, "-S")
            .iter()
            .any(|calls| calls.split(',').any(|one| one == call))
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};

    #[test]
    fn rules() {
        let test = Test::Audit(&[
            Rule::Watch("/etc/passwd"),
            Rule::Calls(&["adjtimex", "settimeofday"]),
            Rule::Immutable,
        ]);
        skips(&test, &[]);
        let daemon = ("/usr/sbin/auditd", "x");
        fails(&test, &[daemon]);
        let time = "-a always,exit -F arch=b64 -S adjtimex,settimeofday -k time\n";
        for watch in [
            "-w /etc/passwd -p wa -k identity\n",
            "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa\n",
        ] {
            let rules = format!("{watch}{time}");
            passes(
                &test,
                &[
                    daemon,
                    ("/etc/audit/rules.d/50-a.rules", &rules),
                    ("/etc/audit/rules.d/99-f.rules", "-e 2\n"),
                ],
            );
            fails(&test, &[daemon, ("/etc/audit/rules.d/50-a.rules", &rules)]);
        }
        fails(
            &test,
            &[
                daemon,
                (
                    "/etc/audit/rules.d/50-a.rules",
                    "-w /etc/passwd -p r\n-e 2\n",
                ),
            ],
        );
    }
}
