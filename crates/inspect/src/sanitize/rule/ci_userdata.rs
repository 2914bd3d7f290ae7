//! `ci-userdata`: no user data of an instance.
//!
//! User data is where passwords and tokens are handed to an instance. Copies outside of
//! cloud-init's folder are named, as only a person knows what they are.

use super::{Action, Family, Rule, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "ci-userdata",
    summary: "no user data of an instance",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["cloud-init-clean"],
    paths: &[
        delete("/var/lib/cloud/**/{user-data*,vendor-data*,vendor_data*,cloud-config.txt}"),
        warn(
            "/{root,home,srv,opt,var/backups}/**/{user-data,vendor-data}*",
            "looks like user data of an instance",
        ),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/var/lib/cloud/instances/i-1/user-data.txt", "x"),
                ("/var/lib/cloud/a/b/cloud-config.txt", "x"),
            ],
            &[("/var/lib/cloud/scripts/per-boot/run", "kept")],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[("/root/user-data.yaml", "x")],
            &[("/root/userdata", "kept")],
        );
    }
}
