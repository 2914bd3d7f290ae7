//! `udev-net`: no rule that names network cards by hardware address.
//!
//! Rules of that kind give the second machine's card another name.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "udev-net",
    summary: "no rule that names network cards by hardware address",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "virt-sysprep",
        "gce-image-cleanup",
        "kubernetes-image-builder",
    ],
    paths: &[
        delete("/etc/udev/rules.d/70-persistent-{net,cd}.rules"),
        delete("/{usr/,}lib/udev/rules.d/75-persistent-net-generator.rules"),
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
            &[("/etc/udev/rules.d/70-persistent-net.rules", "x")],
            &[("/etc/udev/rules.d/80-local.rules", "kept")],
        );
    }
}
