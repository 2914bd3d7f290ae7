//! `cred-secret`: the host's secret for systemd credentials is not shared.
//!
//! The secret that `systemd-creds` seals with: a shared one opens the credentials of every
//! copy. Sealed files cannot be opened without it, so they are named.

use super::{Action, Family, Rule, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "cred-secret",
    summary: "the host's secret for systemd credentials is not shared",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["systemd-building-images"],
    paths: &[
        delete("/var/lib/systemd/credential.secret"),
        warn(
            "/etc/credstore.encrypted/*",
            "sealed with a secret that no copy has",
        ),
        warn(
            "/{etc,var,usr/lib}/**/*.cred",
            "sealed with a secret that no copy has",
        ),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[("/var/lib/systemd/credential.secret", "x")],
            &[("/etc/credstore/plain", "kept")],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[
                ("/etc/credstore.encrypted/token", "x"),
                ("/etc/app/db.cred", "x"),
            ],
            &[("/etc/app/db.credits", "kept")],
        );
    }
}
