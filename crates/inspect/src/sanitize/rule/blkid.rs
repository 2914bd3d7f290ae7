//! `blkid`: no cache of block devices.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "blkid",
    summary: "no cache of block devices",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep"],
    paths: &[
        delete("/run/blkid/*"),
        delete("/etc/blkid.tab*"),
        delete("/etc/blkid/*"),
        delete("/dev/.blkid.tab*"),
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
            &[("/etc/blkid.tab", "x"), ("/run/blkid/blkid.tab", "x")],
            &[("/etc/blkid.conf", "kept")],
        );
    }
}
