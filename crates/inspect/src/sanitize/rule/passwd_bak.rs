//! `passwd-bak`: no backup copies of the account files.
//!
//! A password taken out of `/etc/shadow` is still in its backup.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "passwd-bak",
    summary: "no backup copies of the account files",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep"],
    paths: &[
        delete("/etc/{passwd,shadow,group,gshadow,subuid,subgid}-"),
        delete(
            "/etc/{passwd,shadow,group,gshadow,subuid,subgid}.{pacsave,rpmsave,dpkg-old,ucf-old,org,bak,orig}",
        ),
        delete("/var/backups/**"),
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
                ("/etc/shadow-", "x"),
                ("/etc/passwd.org", "x"),
                ("/var/backups/shadow.bak", "x"),
            ],
            &[("/etc/subuid", "kept")],
        );
    }
}
