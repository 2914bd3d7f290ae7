//! `acct`: no process accounting.
//!
//! Names of commands and users of the machine the image was made on.

use super::{Action, Family, Rule, delete, truncate};

pub(super) static RULE: Rule = Rule {
    id: "acct",
    summary: "no process accounting",
    families: &[Family::All],
    actions: &[Action::Truncate, Action::Delete],
    references: &["virt-sysprep", "ec2-image-builder"],
    paths: &[
        truncate("/var/{log/account,account}/pacct"),
        delete("/var/{log/account,account}/pacct.*"),
        delete("/var/log/{sa,sysstat}/sa*"),
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
                ("/var/log/account/pacct", "x"),
                ("/var/log/account/pacct.1.gz", "x"),
                ("/var/log/sysstat/sa07", "x"),
            ],
            &[("/var/log/account/readme", "kept")],
        );
    }
}
