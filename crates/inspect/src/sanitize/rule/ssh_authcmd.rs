//! `ssh-authcmd`: ways into sshd that are not in a home are named.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError, warn};

pub(super) static RULE: Rule = Rule {
    id: "ssh-authcmd",
    summary: "authorized keys outside of homes are named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["goldsmith"],
    paths: &[warn(
        "/etc/ssh/authorized_keys{,.d}/**",
        "authorized keys outside of a home",
    )],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for (node, text) in search
        .snapshot
        .foreign_texts("/etc/ssh/sshd_config{,.d/*.conf}")?
    {
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let key = words.next().unwrap_or_default().to_ascii_lowercase();
            let odd = match key.as_str() {
                "authorizedkeyscommand" => words.next().is_some_and(|w| w != "none"),
                "authorizedkeysfile" => {
                    words.any(|w| !w.trim_start_matches("%h/").starts_with(".ssh/") && w != "none")
                }
                "trustedusercakeys" => true,
                _ => false,
            };
            if odd {
                found.report(
                    Severity::Warn,
                    &node.path,
                    Some(&key),
                    "keys come from elsewhere than a home",
                );
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
                (
                    "/etc/ssh/sshd_config",
                    "AuthorizedKeysCommand /usr/bin/keys\n",
                ),
                (
                    "/etc/ssh/sshd_config.d/a.conf",
                    "AuthorizedKeysFile /etc/keys/%u\n",
                ),
                ("/etc/ssh/authorized_keys.d/ann", "x"),
            ],
            &[(
                "/etc/ssh/sshd_config.d/b.conf",
                "#TrustedUserCAKeys x\nAuthorizedKeysFile .ssh/authorized_keys\n",
            )],
        );
    }
}
