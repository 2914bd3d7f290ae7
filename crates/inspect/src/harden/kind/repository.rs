//! Package archives: only signed ones.

use super::{Outcome, Ran, Wrong};
use crate::harden::facts::{Facts, rows};

/// What must hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::harden) enum Rule {
    /// Nothing turns the check of signatures off.
    Signed,
    /// Every archive names the key it is signed with.
    NamedKey,
}

pub(super) fn run(facts: &Facts<'_>, rule: Rule) -> Ran {
    let mut wrong = Vec::new();
    let apt = facts.texts(&["/etc/apt/sources.list{,.d/*.list,.d/*.sources}"])?;
    let yum = facts.texts(&["/etc/yum.repos.d/*.repo", "/etc/{yum,dnf/dnf}.conf"])?;
    if apt.is_empty() && yum.is_empty() {
        return Ok(Outcome::skip("no package archive is configured"));
    }
    for (path, text) in &apt {
        let is_stanza = path.ends_with(".sources");
        match rule {
            Rule::Signed => {
                let bad = |row: &&str| {
                    let row = row.to_ascii_lowercase().replace(' ', "");
                    [
                        "trusted=yes",
                        "allow-insecure=yes",
                        "trusted:yes",
                        "allow-insecure:yes",
                    ]
                    .iter()
                    .any(|word| row.contains(word))
                };
                wrong.extend(
                    rows(text)
                        .filter(bad)
                        .map(|_| Wrong::file(path, "an archive is taken without a signature")),
                );
            }
            Rule::NamedKey if is_stanza => {
                for stanza in text
                    .split("\n\n")
                    .filter(|stanza| rows(stanza).any(|row| row.starts_with("URIs:")))
                {
                    if !rows(stanza).any(|row| row.to_ascii_lowercase().starts_with("signed-by:")) {
                        wrong.push(Wrong::file(path, "an archive without `Signed-By`"));
                    }
                }
            }
            Rule::NamedKey => {
                let archives = rows(text).filter(|row| row.starts_with("deb"));
                let bad = archives.filter(|row| !row.contains("signed-by="));
                wrong.extend(bad.map(|_| Wrong::file(path, "an archive without `signed-by`")));
            }
        }
    }
    if matches!(rule, Rule::Signed) {
        for (path, text) in facts.texts(&["/etc/apt/apt.conf{,.d/*}"])? {
            let bad = |row: &&str| {
                let row = row.to_ascii_lowercase();
                (row.contains("allowunauthenticated") || row.contains("allowinsecurerepositories"))
                    && (row.contains("true") || row.contains("\"1\"") || row.contains("yes"))
            };
            wrong.extend(
                rows(&text)
                    .filter(bad)
                    .map(|_| Wrong::file(&path, "archives without a signature are let in")),
            );
        }
        for (path, text) in &yum {
            let bad = rows(text).filter(|row| {
                ["gpgcheck=0", "gpgcheck=false", "gpgcheck=no"]
                    .contains(&row.replace(' ', "").to_ascii_lowercase().as_str())
            });
            wrong.extend(bad.map(|_| {
                Wrong::entry(
                    path,
                    Some("gpgcheck"),
                    "an archive is taken without a signature",
                )
            }));
        }
    }
    wrong.dedup();
    Ok(Outcome::of(wrong))
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};

    #[test]
    fn signatures() {
        let signed = Test::Repository(Rule::Signed);
        let named = Test::Repository(Rule::NamedKey);
        skips(&signed, &[]);
        let list = |row: &'static str| [("/etc/apt/sources.list.d/a.list", row)];
        passes(&signed, &list("deb http://mirror/debian bookworm main\n"));
        fails(&named, &list("deb http://mirror/debian bookworm main\n"));
        passes(
            &named,
            &list("deb [signed-by=/usr/share/keyrings/a.gpg] http://mirror bookworm main\n"),
        );
        fails(
            &signed,
            &list("deb [ trusted=yes ] http://mirror bookworm main\n"),
        );
        let stanza = (
            "/etc/apt/sources.list.d/a.sources",
            "Types: deb\nURIs: http://mirror\nSuites: bookworm\n",
        );
        fails(&named, &[stanza]);
        fails(
            &signed,
            &[
                stanza,
                (
                    "/etc/apt/apt.conf.d/99x",
                    "APT::Get::AllowUnauthenticated \"true\";\n",
                ),
            ],
        );
        fails(
            &signed,
            &[("/etc/yum.repos.d/a.repo", "[a]\ngpgcheck = 0\n")],
        );
    }
}
