//! `dpkg-state`: no backup copies, locks and scratch files of dpkg and debconf.
//!
//! They differ between two builds of one lock and say nothing. `extended_states` stays: it
//! is what `apt-get autoremove` goes by, and a function of what was installed.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "dpkg-state",
    summary: "no backup copies, locks and scratch files of dpkg and debconf",
    families: &[Family::Deb],
    actions: &[Action::Delete],
    references: &["mmdebstrap", "reproducible-builds"],
    paths: &[
        delete("/var/lib/dpkg/*-old"),
        delete("/var/cache/debconf/*-old"),
        delete("/var/lib/dpkg/{available,lock,lock-frontend,triggers/Lock}"),
        delete("/var/lib/apt/daily_lock"),
        delete("/etc/.pwd.lock"),
        delete("/etc/apt/apt.conf.d/01autoremove-kernels"),
        delete("/var/lib/dkms/**/make.log"),
        delete("/var/lib/dkms/mok.*"),
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
                ("/var/lib/dpkg/status-old", "x"),
                ("/var/cache/debconf/config.dat-old", "x"),
                ("/var/lib/dpkg/lock", "x"),
                ("/etc/.pwd.lock", "x"),
            ],
            &[
                ("/var/lib/dpkg/status", "kept"),
                ("/var/cache/debconf/config.dat", "kept"),
                ("/var/lib/apt/extended_states", "kept"),
            ],
        );
    }
}
