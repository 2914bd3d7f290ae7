//! `preset-net`: firewall and access rules with addresses of the build network are named.

use std::net::Ipv4Addr;

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "preset-net",
    summary: "firewall and access rules with private addresses are named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["virt-sysprep"],
    paths: &[],
    code: Some(find),
};

const FILES: &str = "/etc/{iptables/rules.v4,nftables.conf,nftables.d/*,hosts.allow,hosts.deny,firewalld/zones/*.xml}";

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for (node, text) in search.snapshot.foreign_texts(FILES)? {
        let rules = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        let private = rules
            .flat_map(|line| line.split(|c: char| !c.is_ascii_digit() && c != '.'))
            .filter_map(|word| word.parse::<Ipv4Addr>().ok())
            // A whole private network is a policy, one host in it is the build's.
            .find(|address| address.is_private() && address.octets()[3] != 0);
        if private.is_some() {
            let note = "an address of a private network";
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
                ("/etc/nftables.conf", "ip saddr 192.168.7.4 accept\n"),
                ("/etc/hosts.allow", "sshd: 10.1.2.3\n"),
            ],
            &[(
                "/etc/iptables/rules.v4",
                "-A INPUT -s 10.0.0.0/8 -j DROP\n# 10.1.1.1\n",
            )],
        );
    }
}
