//! `pkg-id`: no identity, credential or proxy in the configuration of package tools.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "pkg-id",
    summary: "no credentials of package repositories; proxies and survey ids are named",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["virt-sysprep", "goldsmith"],
    paths: &[
        delete("/var/lib/ubuntu-advantage/private/**"),
        delete("/etc/apt/auth.conf{,.d/*}"),
        delete("/var/lib/yum/uuid"),
        delete("/var/lib/rpm/__db.*"),
        delete("/usr/lib/sysimage/rpm/__db.*"),
        delete("/var/lib/dnf/repos/*/countme"),
    ],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    let apt = "/etc/apt/{sources.list,sources.list.d/*,apt.conf,apt.conf.d/*}";
    let others = "/etc/{yum.conf,dnf/dnf.conf,yum.repos.d/*,zypp/zypp.conf,zypp/repos.d/*,apk/repositories,sysconfig/proxy}";
    let mut texts = snapshot.foreign_texts(apt)?;
    texts.extend(snapshot.foreign_texts(others)?);
    for (node, text) in texts {
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with('#') || line.starts_with("//") {
                continue;
            }
            let row = format!("line {}", number + 1);
            if super::has_credentials(line) {
                let note = "credentials in an address";
                found.report(Severity::Fail, &node.path, Some(&row), note);
            } else if line.to_ascii_lowercase().contains("proxy") && line.contains("://") {
                let note = "a proxy of the build network";
                found.report(Severity::Warn, &node.path, Some(&row), note);
            }
        }
    }
    for (node, text) in snapshot.foreign_texts("/etc/popularity-contest.conf")? {
        if text
            .lines()
            .any(|l| l.starts_with("MY_HOSTID=") && l.len() > 12)
        {
            let note = "all copies are one host to the survey";
            found.report(Severity::Warn, &node.path, Some("MY_HOSTID"), note);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sanitize::Severity;
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/etc/apt/auth.conf.d/corp.conf", "machine x login y"),
                ("/etc/apt/auth.conf", "x"),
                ("/var/lib/yum/uuid", "x"),
                ("/var/lib/rpm/__db.001", "x"),
                ("/var/lib/dnf/repos/fedora/countme", "x"),
            ],
            &[(
                "/etc/apt/sources.list",
                "# http://a:b@c/\ndeb http://mirror/debian bookworm main\n",
            )],
        );
    }

    #[test]
    fn names_without_the_secret() {
        let found = check_report(
            &super::RULE,
            &[
                (
                    "/etc/apt/sources.list.d/corp.list",
                    "deb https://ann:geheim@repo/ x main\n",
                ),
                (
                    "/etc/apt/apt.conf.d/80proxy",
                    "Acquire::http::Proxy \"http://10.0.0.1:3128\";\n",
                ),
                (
                    "/etc/yum.repos.d/corp.repo",
                    "[a]\nproxy = http://10.0.0.1:3128\n",
                ),
                ("/etc/popularity-contest.conf", "MY_HOSTID=\"0123456789\"\n"),
            ],
            &[],
        );
        assert!(!format!("{found:?}").contains("geheim"));
        assert_eq!(
            found
                .iter()
                .filter(|f| f.severity == Severity::Fail)
                .count(),
            1
        );
    }
}
