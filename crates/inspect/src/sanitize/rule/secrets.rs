//! `secrets`: no credential in any file, wherever it lies and however it is packed.
//!
//! The detectors of [`crate::secret`]. Nothing is removed: a file that holds a secret among other
//! things is wanted for the other things. What other rules look at is left to them.

use goldsmith_core::finding::Severity as Weight;

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};
use crate::secret::{Seen, Trust, look};

pub(super) static RULE: Rule = Rule {
    id: "secrets",
    summary: "no credential in any file that no package brought",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["goldsmith"],
    paths: &[],
    code: Some(find),
};

/// Found by `private-keys` too, in every file that may be a key.
const KEYS: &[&str] = &[
    "private-key",
    "pgp-private-key",
    "putty-private-key",
    "age-secret-key",
];

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    for (at, path, seen) in look(snapshot, Trust::Listed, search.cx)? {
        let node = &snapshot.nodes()[at];
        let Seen::Hit(hit) = seen else {
            continue;
        };
        let is_plain = path == node.path;
        if is_plain
            && KEYS.contains(&hit.detector.id)
            && super::private_keys::SIZES.contains(&node.size)
        {
            continue;
        }
        if let Some(keep) = search.settings.kept_by_any(&node.path) {
            found.keep(&node.path, keep.reason.clone());
            continue;
        }
        let severity = if hit.severity >= Weight::High {
            Severity::Fail
        } else {
            Severity::Warn
        };
        let line = hit
            .line
            .map_or(String::new(), |line| format!(" in line {line}"));
        let inner = if is_plain {
            String::new()
        } else {
            format!(" of `{}`", &path[node.path.len()..])
        };
        let note = format!("{}{line}{inner}", hit.text());
        found.report(severity, &node.path, Some(hit.detector.id), note);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::testing::{Tree, check_report};
    use crate::sanitize::{Keep, Settings};
    use crate::secret::detector::tests::made;

    fn token() -> String {
        format!("da{}{}", "pi", made("0123456789abcdef", 32))
    }

    #[test]
    fn names_without_the_secret() {
        let secret = token();
        let found = check_report(
            &RULE,
            &[
                (
                    "/opt/app/settings.ini",
                    &format!("host = a\ntoken = {secret}\n"),
                ),
                ("/usr/share/doc/a/README", &secret),
            ],
            &[("/opt/app/readme", "token = <your token>\n")],
        );
        assert_eq!(found.len(), 2);
        assert!(found[0].note.ends_with("in line 2"), "{}", found[0].note);
        assert!(!format!("{found:?}").contains(&secret[..8]));
    }

    /// Whoever kept a file by another rule has said so once.
    #[test]
    fn what_another_rule_keeps_stays() {
        let tree = Tree::clean();
        tree.put(&[(
            "/root/.npmrc",
            &format!("//registry/:_authToken={}\n", token()),
        )]);
        let settings = Settings {
            keep: vec![Keep {
                rule: "tool-creds".to_owned(),
                path: "/root/.npmrc".to_owned(),
                entry: None,
                reason: "read-only token".to_owned(),
            }],
            ..Settings::default()
        };
        let found = tree.find(&RULE, &settings);
        assert_eq!((found.findings.len(), found.kept.len()), (0, 1));
    }
}
