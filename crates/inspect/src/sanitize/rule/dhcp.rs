//! `dhcp`: no lease and no DHCP identity.
//!
//! Two copies with one DUID get one address. The folders stay: the clients do not make
//! them.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "dhcp",
    summary: "no lease and no DHCP identity",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "virt-sysprep",
        "waagent-deprovision",
        "ec2-image-builder",
        "eks-ami",
    ],
    paths: &[
        delete("/var/lib/{dhcp,dhclient,dhcpcd,dhcpcd5,dhcpd,dhcp3}/**"),
        delete("/var/lib/NetworkManager/{*.lease,*-*.conf,secret_key,seen-bssids,timestamps}"),
        delete("/run/systemd/netif/**"),
        delete("/var/lib/systemd/network/**"),
        delete("/etc/dhcpcd.{duid,secret}"),
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
                ("/var/lib/dhcp/dhclient.ens3.leases", "x"),
                ("/var/lib/NetworkManager/secret_key", "x"),
                ("/etc/dhcpcd.duid", "x"),
            ],
            &[
                ("/etc/dhcp/dhclient.conf", "kept"),
                ("/var/lib/NetworkManager/NetworkManager.state", "kept"),
            ],
        );
    }
}
