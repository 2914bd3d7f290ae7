//! `ssh-user`: no key, known host or agent setting in any home.
//!
//! Whoever holds the private half of a forgotten key can enter every copy. All homes of
//! passwd, not just `/home/*`.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "ssh-user",
    summary: "no key, known host or agent setting in any home",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "virt-sysprep",
        "ec2-image-builder",
        "aws-shared-ami",
        "kubernetes-image-builder",
        "eks-ami",
    ],
    paths: &[delete(
        "~/.ssh/{authorized_keys*,id_*,identity,known_hosts*,config,agent*,environment}",
    )],
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
                ("/root/.ssh/authorized_keys", "x"),
                ("/home/ann/.ssh/id_ed25519", "x"),
                ("/srv/www/.ssh/known_hosts", "x"),
            ],
            &[
                ("/home/ann/.ssh/rc", "kept"),
                ("/srv/other/.ssh/id_rsa", "kept"),
            ],
        );
    }
}
