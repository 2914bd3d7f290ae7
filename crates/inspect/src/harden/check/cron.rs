//! cron and at.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::Two;
use super::{Check, Need, check};
use crate::harden::kind::Test::{Any, Mode, TextPresent, UnitAny};
use crate::harden::kind::mode::Owner;

const CRON: &[Need] = &[Need::Path(&["/usr/sbin/cron", "/usr/sbin/crond"])];
const AT: &[Need] = &[Need::Path(&["/usr/bin/at"])];
const WHY: &str = "who writes there runs commands as root; who reads it learns what root runs";

pub(super) const TABLE: &[Check] = &[
    check(
        "cron-on",
        "cron is on",
        Low,
        UnitAny(&["cron.service", "crond.service"]),
    )
    .why("what was planned happens")
    .fix("enable `cron.service`")
    .cis(1, "2.4.1.1", "2.4.1.1", "4.1.1")
    .needs(CRON),
    check(
        "crontab-mode",
        "the crontab of the system is root's alone",
        Medium,
        Mode(&["/etc/crontab"], 0o600, Owner::Root),
    )
    .why(WHY)
    .fix("`chmod 0600 /etc/crontab`")
    .cis(1, "2.4.1.2", "2.4.1.2", "4.1.2")
    .stig(Two, "", "232265")
    .needs(CRON),
    check(
        "cron-folders-mode",
        "cron's folders are root's alone",
        Medium,
        Mode(
            &["/etc/cron.{hourly,daily,weekly,monthly,d}"],
            0o700,
            Owner::Root,
        ),
    )
    .why(WHY)
    .fix("`chmod 0700` them")
    .cis(1, "2.4.1.3-7", "2.4.1.3-7", "4.1.3-7")
    .stig(Two, "", "232040")
    .needs(CRON),
    check(
        "cron-allow",
        "who may use cron is listed",
        Low,
        Any(&[Mode(&["/etc/cron.allow"], 0o640, Owner::RootOr("crontab"))]),
    )
    .why("nobody else plans commands")
    .fix("write `root` to /etc/cron.allow, `chmod 0640`, remove /etc/cron.deny")
    .cis(1, "2.4.1.8", "2.4.1.8", "4.1.8")
    .needs(&[
        Need::Path(&["/usr/sbin/cron", "/usr/sbin/crond"]),
        Need::Path(&["/etc/cron.allow", "/usr/sbin/cron", "/usr/sbin/crond"]),
    ]),
    check(
        "cron-allow-there",
        "cron has a list of who may use it",
        Low,
        TextPresent(&["/etc/cron.allow"], r"^[a-z_]"),
    )
    .why("without one everybody may")
    .fix("write `root` to /etc/cron.allow")
    .cis(1, "2.4.1.8", "2.4.1.8", "4.1.8")
    .needs(CRON),
    check(
        "at-allow-there",
        "at has a list of who may use it",
        Low,
        TextPresent(&["/etc/at.allow"], r"^[a-z_]"),
    )
    .why("without one everybody may")
    .fix("write `root` to /etc/at.allow, remove /etc/at.deny")
    .cis(1, "2.4.2.1", "2.4.2.1", "4.2.1")
    .needs(AT),
];
