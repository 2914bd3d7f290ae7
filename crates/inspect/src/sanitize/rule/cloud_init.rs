//! `cloud-init`: no state of an instance in cloud-init.
//!
//! With it, cloud-init takes a copy for the instance it has already set up, and does
//! nothing.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init",
    summary: "no state of an instance in cloud-init",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "cloud-init-clean",
        "ec2-image-builder",
        "kubernetes-image-builder",
        "eks-ami",
    ],
    paths: &[
        delete("/var/lib/cloud/{instance,instances,data,sem,seed}/*"),
        delete("/var/lib/cloud/instance"),
        delete("/run/cloud-init"),
        delete("/var/log/cloud-init*.log"),
        delete("/etc/cloud/{cloud-init.disabled,ds-identify.cfg}"),
        delete(
            "/etc/cloud/cloud.cfg.d/{99-installer,90-installer-network,subiquity-disable-cloudinit-networking,curtin-preserve-sources}.cfg",
        ),
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
                ("/var/lib/cloud/data/previous-instance-id", "x"),
                ("/var/lib/cloud/sem/config_ssh", "x"),
                ("/var/log/cloud-init-output.log", "x"),
                ("/etc/cloud/cloud.cfg.d/99-installer.cfg", "x"),
            ],
            &[
                ("/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "kept"),
                ("/var/lib/cloud/scripts/per-boot/run", "kept"),
            ],
        );
    }
}
