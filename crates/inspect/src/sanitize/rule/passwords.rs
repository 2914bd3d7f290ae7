//! `passwords`: nobody can log in with a password that all copies share.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "passwords",
    summary: "no usable password; root is locked",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["aws-shared-ami", "waagent-deprovision"],
    paths: &[],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for path in ["/etc/shadow", "/etc/passwd", "/etc/gshadow"] {
        let text = search.snapshot.text(path)?.unwrap_or_default();
        for line in text.lines() {
            let mut fields = line.split(':');
            let name = fields.next().unwrap_or_default();
            if let Some(note) = fields.next().and_then(|hash| problem(hash, path)) {
                found.report(Severity::Fail, path, Some(name), note);
            }
        }
    }
    Ok(())
}

/// What is wrong with the second field of a row.
fn problem(hash: &str, path: &str) -> Option<&'static str> {
    // `x` in passwd: the password is in shadow. An empty field in gshadow is no password.
    if hash == "x" || path == "/etc/gshadow" && hash.is_empty() {
        return None;
    }
    if hash.is_empty() {
        return Some("no password is asked for");
    }
    if hash.starts_with(['!', '*']) {
        return None;
    }
    Some(
        match hash.strip_prefix('$').and_then(|h| h.split('$').next()) {
            None => "a usable password with the weak DES hash",
            Some("1" | "md5") => "a usable password with the weak MD5 hash",
            Some(_) => "a usable password",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{RULE, problem};
    use crate::sanitize::testing::check_report;

    #[test]
    fn names_accounts_never_hashes() {
        let found = check_report(
            &RULE,
            &[
                (
                    "/etc/shadow",
                    "root::1::::::\nann:$y$j9T$geheim:1::::::\nbob:!:1::::::\n",
                ),
                ("/etc/passwd", "root:$1$a$b:0:0:root:/root:/bin/sh\n"),
            ],
            &[("/etc/gshadow", "root:*::\nadm:!::\nusers:::\n")],
        );
        assert_eq!(found.len(), 3);
        assert!(!format!("{found:?}").contains("geheim"));
    }

    #[test]
    fn fields() {
        for (hash, bad) in [
            ("*", false),
            ("!$6$a$b", false),
            ("!*", false),
            ("x", false),
            ("", true),
            ("$6$a$b", true),
            ("ab0123456789.", true),
        ] {
            assert_eq!(problem(hash, "/etc/shadow").is_some(), bad, "{hash}");
        }
    }
}
