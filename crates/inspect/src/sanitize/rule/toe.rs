//! `toe`: nothing left of the tool that ran the build.
//!
//! Work folders of other builders: EC2 Image Builder, Packer, Ansible.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "toe",
    summary: "nothing left of the tool that ran the build",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["ec2-image-builder"],
    paths: &[
        delete("/{,tmp/,var/tmp/,opt/,var/lib/amazon/}TOE_*"),
        delete("~/TOE_*"),
        delete("~/.ansible{,_async,.cfg~}"),
        delete("~/packer*"),
        delete("/{tmp,var/tmp}/{packer,script_}*"),
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
                ("/opt/TOE_2024-01-01/console.log", "x"),
                ("/root/.ansible/tmp/x", "x"),
                ("/home/ann/packer-run/x.sh", "x"),
            ],
            &[("/root/.ansible.cfg", "kept")],
        );
    }
}
