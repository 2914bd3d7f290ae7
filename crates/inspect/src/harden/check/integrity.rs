//! Changed files are noticed.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::{Three, Two};
use super::{Check, Need, check};
use crate::harden::kind::Test::{Any, PackageAny, TextPresent, UnitAny};

const AIDE: &[Need] = &[Need::Path(&["/usr/bin/aide", "/usr/sbin/aide"])];

pub(super) const TABLE: &[Check] = &[
    check(
        "aide-installed",
        "something watches the files of the system",
        Medium,
        PackageAny(&["aide", "tripwire", "samhain", "wazuh-agent", "osquery"]),
    )
    .why("a changed program is noticed")
    .fix("install `aide` and have its database made at first boot")
    .cis(1, "6.3.1", "6.1.1", "1.3.1")
    .stig(Two, "651010", "651010"),
    check(
        "aide-scheduled",
        "files are looked at every day",
        Low,
        Any(&[
            UnitAny(&[
                "dailyaidecheck.timer",
                "aidecheck.timer",
                "aide-check.timer",
            ]),
            TextPresent(&["/etc/cron.{d,daily}/*", "/etc/crontab"], r"\baide\b"),
        ]),
    )
    .why("a changed program is noticed soon")
    .fix("enable `dailyaidecheck.timer`")
    .cis(1, "6.3.2", "6.1.2", "1.3.2")
    .stig(Two, "651015", "651015")
    .needs(AIDE),
    check(
        "aide-audit-tools",
        "the audit's tools are watched as well",
        Low,
        TextPresent(
            &["/etc/aide{.conf,/aide.conf,/aide.conf.d/*}"],
            r"/sbin/auditctl\b.*sha512",
        ),
    )
    .why("a changed tool shows what it is told to")
    .fix("add `/usr/sbin/auditctl p+i+n+u+g+s+b+acl+xattrs+sha512` and the other tools")
    .cis(1, "6.3.3", "6.1.3", "1.3.3")
    .stig(Three, "651030", "651025")
    .needs(AIDE),
];
