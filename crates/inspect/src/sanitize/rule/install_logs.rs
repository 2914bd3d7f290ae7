//! `install-logs`: no log of the installation, nor answers given to an installer.
//!
//! Answers hold password hashes, logs hold addresses and times: two builds of one lock
//! would differ.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "install-logs",
    summary: "no log of the installation, nor answers given to an installer",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "virt-sysprep",
        "gce-image-cleanup",
        "kubernetes-image-builder",
        "mmdebstrap",
    ],
    paths: &[
        delete("/root/{*-ks.cfg,install.log*,anaconda-*,preseed.cfg}"),
        delete("/var/log/{anaconda,installer,apt/*}"),
        delete("/var/log/{bootstrap,dpkg,alternatives,fontconfig,eipp}.log*"),
        delete("/autoinst*"),
        delete("/var/log/unattended-upgrades/**"),
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
                ("/var/log/dpkg.log", "x"),
                ("/var/log/apt/history.log", "x"),
                ("/var/log/installer/cdebconf/questions.dat", "x"),
                ("/root/anaconda-ks.cfg", "x"),
            ],
            &[("/root/tasks.cfg", "kept")],
        );
    }
}
