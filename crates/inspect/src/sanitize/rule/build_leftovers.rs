//! `build-leftovers`: nothing that only the build needed.
//!
//! What keeps services from starting in a sandbox would keep them from starting on the
//! machine; marks of containers change how programs behave.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "build-leftovers",
    summary: "nothing that only the build needed",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["mmdebstrap", "goldsmith"],
    paths: &[
        delete("/usr/sbin/policy-rc.d"),
        delete("/{.dockerenv,.containerenv,run/.containerenv,run/systemd/container}"),
        delete("/etc/apt/apt.conf.d/99{mmdebstrap,goldsmith}*"),
        delete("/etc/dpkg/dpkg.cfg.d/99{mmdebstrap,goldsmith}*"),
        delete("/{,usr/}sbin/start-stop-daemon.REAL"),
        delete("/**/.goldsmith-*"),
        delete("/{run,var/lib}/goldsmith"),
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
                ("/usr/sbin/policy-rc.d", "x"),
                ("/.dockerenv", "x"),
                ("/etc/apt/apt.conf.d/99goldsmith", "x"),
                ("/etc/.goldsmith-sanitize", "x"),
                ("/run/goldsmith/step-1.sh", "x"),
            ],
            &[
                ("/usr/sbin/policy", "kept"),
                ("/etc/systemd/system/goldsmith-grow.service", "kept"),
            ],
        );
    }
}
