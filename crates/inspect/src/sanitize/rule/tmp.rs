//! `tmp`: temporary folders are empty.
//!
//! The folders stay: their mode matters.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "tmp",
    summary: "temporary folders are empty",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "virt-sysprep",
        "ec2-image-builder",
        "kubernetes-image-builder",
    ],
    paths: &[
        delete("/tmp/*"),
        delete("/var/tmp/*"),
        delete("/dev/shm/*"),
        delete("/lost+found/*"),
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
                ("/tmp/build-1/secret", "x"),
                ("/var/tmp/x", "x"),
                ("/tmp/.X11-unix/X0", "x"),
            ],
            &[("/var/tmpfile", "kept")],
        );
    }
}
