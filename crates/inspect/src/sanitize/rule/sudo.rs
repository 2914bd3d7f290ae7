//! `sudo`: ways to become root without a password are named.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "sudo",
    summary: "no sudo rule of a build account; rules without a password are named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["ec2-image-builder", "goldsmith"],
    paths: &[],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for (node, text) in search.snapshot.foreign_texts("/etc/sudoers{,.d/*}")? {
        for line in text.lines() {
            let line = line.trim_start();
            if line.starts_with('#') {
                continue;
            }
            let who = line.split_whitespace().next().unwrap_or_default();
            if ["packer", "vagrant", "builder"].contains(&who) {
                let note = "a rule of a build account";
                found.report(Severity::Fail, &node.path, Some(who), note);
            } else if line.contains("NOPASSWD:") || line.contains("!authenticate") {
                let note = "root without a password";
                found.report(Severity::Warn, &node.path, Some(who), note);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check_report;

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[
                ("/etc/sudoers.d/p", "packer ALL=(ALL) ALL\n"),
                ("/etc/sudoers.d/q", "ann ALL=(ALL) NOPASSWD: ALL\n"),
                ("/etc/sudoers.d/r", "Defaults:bob !authenticate\n"),
            ],
            &[(
                "/etc/sudoers.d/README",
                "# NOPASSWD: is named\n%sudo ALL=(ALL:ALL) ALL\n",
            )],
        );
    }
}
