//! `ssh-root`: root login by password and logging to another host are named.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "ssh-root",
    summary: "no root login by password; logging to another host is named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["aws-shared-ami"],
    paths: &[],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    for (node, text) in snapshot.foreign_texts("/etc/ssh/sshd_config{,.d/*.conf}")? {
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let key = words.next().unwrap_or_default().to_ascii_lowercase();
            let value = words.next().unwrap_or_default().to_ascii_lowercase();
            let (severity, note) = match (key.as_str(), value.as_str()) {
                ("permitrootlogin", "yes") => (Severity::Fail, "root may log in by password"),
                ("permitemptypasswords", "yes") => (Severity::Fail, "empty passwords are let in"),
                _ => continue,
            };
            found.report(severity, &node.path, Some(&key), note);
        }
    }
    for (node, text) in snapshot.foreign_texts("/etc/rsyslog{.conf,.d/*}")? {
        let remote = |line: &str| {
            let line = line.trim();
            let target = line.split_whitespace().nth(1).unwrap_or_default();
            !line.starts_with('#') && (target.starts_with('@') || line.contains("omfwd"))
        };
        if text.lines().any(remote) {
            let note = "logs go to another host";
            found.report(Severity::Warn, &node.path, None, note);
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
                ("/etc/ssh/sshd_config", "PermitRootLogin yes\n"),
                ("/etc/rsyslog.d/50-remote.conf", "*.* @@logs.example.com\n"),
            ],
            &[
                (
                    "/etc/ssh/sshd_config.d/a.conf",
                    "#PermitRootLogin yes\nPermitRootLogin no\n",
                ),
                ("/etc/rsyslog.conf", "*.* /var/log/syslog\n# *.* @host\n"),
            ],
        );
    }
}
