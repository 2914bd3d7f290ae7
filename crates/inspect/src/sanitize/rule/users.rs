//! `users`: no account of the build; accounts for people are named.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "users",
    summary: "no account and key of a build tool; accounts for people are named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["virt-sysprep", "waagent-deprovision"],
    paths: &[],
    code: Some(find),
};

const BUILD_ACCOUNTS: &[&str] = &["packer", "vagrant", "builder", "ec2-build", "goldsmith"];
/// The first bytes of the key whose private half everybody has.
const VAGRANT_KEY: &str = "AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr";

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for account in search.snapshot.accounts() {
        if BUILD_ACCOUNTS.contains(&account.name.as_str()) {
            let note = "an account of a build tool";
            found.report(Severity::Fail, "/etc/passwd", Some(&account.name), note);
        } else if (1000..=60000).contains(&account.uid) {
            let note = "an account for a person";
            found.report(Severity::Warn, "/etc/passwd", Some(&account.name), note);
        } else if account.uid == 0 && account.name != "root" {
            let note = "a second root";
            found.report(Severity::Fail, "/etc/passwd", Some(&account.name), note);
        }
    }
    for (node, text) in search.snapshot.foreign_texts("~/.ssh/authorized_keys*")? {
        if text.contains(VAGRANT_KEY) {
            let note = "vagrant's key: everybody has its private half";
            found.report(Severity::Fail, &node.path, None, note);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{RULE, VAGRANT_KEY};
    use crate::sanitize::testing::{Tree, check_report};
    use crate::sanitize::{Keep, Settings};

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\npacker:x:999:1::/h:/bin/sh\n\
                          ann:x:1000:1::/home/ann:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n";

    #[test]
    fn names() {
        let key = format!("ssh-rsa {VAGRANT_KEY}xyz vagrant\n");
        let found = check_report(
            &RULE,
            &[
                ("/etc/passwd", PASSWD),
                ("/root/.ssh/authorized_keys", &key),
            ],
            &[("/home/ann/.ssh/authorized_keys", "ssh-rsa AAAA ann\n")],
        );
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn one_account_may_be_kept() {
        let tree = Tree::clean();
        tree.put(&[("/etc/passwd", PASSWD)]);
        let settings = Settings {
            keep: vec![Keep {
                rule: "users".to_owned(),
                path: "/etc/passwd".to_owned(),
                entry: Some("ann".to_owned()),
                reason: "the operator".to_owned(),
            }],
            ..Settings::default()
        };
        let found = tree.find(&RULE, &settings);
        assert_eq!(found.findings.len(), 2);
        assert_eq!(found.kept[0].reason, "the operator");
    }
}
