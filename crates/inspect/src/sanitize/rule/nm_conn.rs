//! `nm-conn`: no network profile of the build machine.
//!
//! Profiles bind to one machine's hardware address and may hold Wi-Fi and VPN secrets.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "nm-conn",
    summary: "no network profile of the build machine",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep", "kubernetes-image-builder"],
    paths: &[
        delete("/etc/NetworkManager/system-connections/*"),
        delete("/run/NetworkManager/system-connections/*"),
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
            &[(
                "/etc/NetworkManager/system-connections/office.nmconnection",
                "x",
            )],
            &[("/etc/NetworkManager/NetworkManager.conf", "kept")],
        );
    }
}
