//! `cron`: no waiting `at` job; other jobs that no package brought are named.
//!
//! A crontab may be what the image is for: it is named, and a person decides.

use super::{Action, Family, Rule, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "cron",
    summary: "no waiting `at` job; other jobs that no package brought are named",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["virt-sysprep"],
    paths: &[
        delete("/var/spool/cron/{atjobs,atspool}/**"),
        delete("/var/spool/at/**"),
        warn(
            "/var/spool/cron/{crontabs/*,tabs/*,root}",
            "crontab of a user",
        ),
        warn(
            "/etc/cron.{d,hourly,daily,weekly,monthly}/*",
            "no package brought this job",
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
                ("/var/spool/cron/atjobs/a0001", "x"),
                ("/var/spool/cron/atjobs/.SEQ", "x"),
            ],
            &[("/etc/crontab", "kept")],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[
                ("/var/spool/cron/crontabs/root", "x"),
                ("/etc/cron.d/mine", "x"),
            ],
            &[("/etc/cron.dx/a", "kept")],
        );
    }
}
