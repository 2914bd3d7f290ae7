//! `ifcfg`: network configuration bound to one machine goes or is named.
//!
//! What `ifcfg` files say of the hardware goes: the configuration then fits every copy. Fixed
//! addresses may be meant.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "ifcfg",
    summary: "no hardware address in `ifcfg` files; fixed addresses in network configuration are named",
    families: &[Family::All],
    actions: &[Action::Modify, Action::Check],
    references: &["virt-sysprep", "kubernetes-image-builder", "bento"],
    paths: &[],
    code: Some(find),
};

/// First word of a row, and what it says.
const WORDS: &[(&str, &str)] = &[
    ("address", "a fixed address"),
    ("addresses", "a fixed address"),
    ("hwaddress", "a hardware address"),
    ("macaddress", "a hardware address"),
    ("ipaddr", "a fixed address"),
];

const FILES: &str = "/etc/{network/interfaces,network/interfaces.d/*,netplan/*.yaml,systemd/network/*,sysconfig/network-scripts/ifcfg-*}";

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for node in search
        .snapshot
        .select("/etc/sysconfig/network-scripts/ifcfg-*")
    {
        let note = "rows of one machine's hardware";
        super::drop_lines(search, found, &node.path, note, |line| {
            let line = line.trim_start();
            ["HWADDR=", "UUID=", "MACADDR="]
                .iter()
                .any(|key| line.starts_with(key))
        })?;
    }
    for (node, text) in search.snapshot.foreign_texts(FILES)? {
        for line in text.lines() {
            let line = line.trim_start().to_ascii_lowercase();
            let word = line.split([' ', '\t', ':', '=']).next().unwrap_or_default();
            if let Some((word, note)) = WORDS.iter().find(|(known, _)| *known == word) {
                found.report(Severity::Warn, &node.path, Some(word), *note);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn hardware_goes() {
        check(
            &super::RULE,
            &[(
                "/etc/sysconfig/network-scripts/ifcfg-eth0",
                "DEVICE=eth0\nHWADDR=00:11:22:33:44:55\nUUID=1-2\nBOOTPROTO=dhcp\n",
            )],
            &[(
                "/etc/sysconfig/network-scripts/ifcfg-eth1",
                "DEVICE=eth1\nBOOTPROTO=dhcp\n",
            )],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[
                (
                    "/etc/network/interfaces",
                    "iface a inet static\n  address 10.0.0.2/24\n",
                ),
                (
                    "/etc/systemd/network/1.network",
                    "[Match]\nMACAddress=00:11\n",
                ),
                (
                    "/etc/netplan/1.yaml",
                    "network:\n  addresses: [10.0.0.2/24]\n",
                ),
            ],
            &[("/etc/network/interfaces.d/dhcp", "iface a inet dhcp\n")],
        );
    }
}
