//! `logins`: no record of who logged in.
//!
//! The files stay, empty: login programs do not make them. Counters of failed logins go.

use super::{Action, Family, Rule, delete, truncate};

pub(super) static RULE: Rule = Rule {
    id: "logins",
    summary: "no record of who logged in",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Truncate],
    references: &["virt-sysprep", "kubernetes-image-builder"],
    paths: &[
        delete("/run/faillock/*"),
        delete("/var/lib/{wtmpdb,lastlog}/*"),
        delete("/var/log/{wtmp,btmp,lastlog}.db*"),
        truncate("/var/log/{wtmp,btmp,lastlog,faillog,tallylog}"),
        truncate("/run/utmp"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/var/log/wtmp", "x"),
                ("/var/log/lastlog", "x"),
                ("/run/faillock/ann", "x"),
            ],
            &[("/var/log/wtmpx", "kept")],
        );
    }
}
