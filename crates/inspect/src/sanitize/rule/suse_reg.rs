//! `suse-reg`: no registration at SUSE's customer center.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "suse-reg",
    summary: "no registration at SUSE's customer center",
    families: &[Family::Suse],
    actions: &[Action::Delete],
    references: &["goldsmith"],
    paths: &[
        delete("/etc/zypp/credentials.d/*"),
        delete("/etc/zypp/credentials.cat"),
        delete("/etc/SUSEConnect"),
        delete("/var/lib/{cloudregister,suseconnect}/*"),
        delete("/etc/zypp/{services.d,repos.d}/{SCC,SMT,RMT,SUSEConnect}*"),
        delete("/var/lib/zypp/AnonymousUniqueId"),
        delete("~/.curlrc.susecloud"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &RULE,
            &[
                ("/etc/zypp/credentials.d/SCCcredentials", "x"),
                ("/etc/SUSEConnect", "x"),
                ("/var/lib/zypp/AnonymousUniqueId", "x"),
                ("/etc/zypp/services.d/SCC_SLES.service", "x"),
            ],
            &[
                ("/etc/zypp/zypp.conf", "x"),
                ("/etc/zypp/repos.d/own.repo", "x"),
            ],
        );
    }
}
