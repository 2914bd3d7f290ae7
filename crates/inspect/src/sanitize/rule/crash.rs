//! `crash`: no memory image of a crashed program.
//!
//! A core file holds whatever the program held, secrets too.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "crash",
    summary: "no memory image of a crashed program",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep"],
    paths: &[
        delete("/var/crash/*"),
        delete("/var/lib/systemd/{coredump,pstore}/*"),
        delete("/var/spool/abrt/*"),
        delete("/var/log/dump/*"),
        delete("/{,root/,var/}{core,vmcore}"),
        delete("/{,root/}core.*"),
        delete("/{root,home,srv,opt,var}/**/vmcore*"),
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
                ("/var/crash/_usr_bin_x.0.crash", "x"),
                ("/var/lib/systemd/coredump/core.x.zst", "x"),
                ("/core.123", "x"),
            ],
            &[("/root/corelist", "kept"), ("/usr/share/core", "kept")],
        );
    }
}
