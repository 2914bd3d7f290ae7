//! Logs.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::Two;
use super::{Check, Need, check};
use crate::harden::kind::Test::{Any, Config, Mode, PackageAny, TextPresent, UnitAny, UnitsOff};
use crate::harden::kind::config::Source;
use crate::harden::kind::mode::Owner;
use crate::harden::want::Want::{Is, OneOf};

const JOURNAL: Source = Source {
    of: &["/usr/lib/systemd/systemd-journald"],
    files: &[
        "/etc/systemd/journald.conf",
        "/usr/lib/systemd/journald.conf",
    ],
    folders: &[
        "/etc/systemd/journald.conf.d",
        "/usr/lib/systemd/journald.conf.d",
    ],
    defaults: &[
        ("Compress", "yes"),
        ("Storage", "auto"),
        ("ForwardToSyslog", "no"),
    ],
};
const RSYSLOG: &[Need] = &[Need::Path(&["/usr/sbin/rsyslogd"])];

pub(super) const TABLE: &[Check] = &[
    check("journal-persistent", "the journal outlives a boot", Medium, Config(&JOURNAL, "Storage", Is("persistent"))).why("what happened before a crash can be told").fix("set `Storage=persistent` in /etc/systemd/journald.conf.d").cis(1, "6.1.2.4", "6.2.2.4", "5.1.2.4"),
    check("journal-compressed", "the journal is compressed", Low, Config(&JOURNAL, "Compress", OneOf(&["yes", "true", "1"]))).why("more of it is kept").fix("set `Compress=yes`").cis(1, "6.1.2.3", "6.2.2.3", "5.1.2.3"),
    check("journal-remote-off", "no logs are taken from other machines", Low, UnitsOff(&["systemd-journal-remote.socket", "systemd-journal-remote.service"])).why("only a log server does").fix("disable `systemd-journal-remote.socket`").cis(1, "6.1.2.1.4", "6.2.2.1.4", "5.1.2.1.4"),
    check("syslog-on", "something keeps the logs", Medium, Any(&[Config(&JOURNAL, "Storage", Is("persistent")), UnitAny(&["rsyslog.service", "syslog-ng.service"])])).why("what happened can be told").fix("make the journal persistent, or enable `rsyslog.service`").cis(1, "6.1.3.1-2", "6.2.3.1-2", "5.1.1.1-2").stig(Two, "652010", "652010-020"),
    check("syslog-mode", "rsyslog's files are not for everybody", Low, TextPresent(&["/etc/rsyslog{.conf,.d/*.conf}"], r"(?i)^\$FileCreateMode\s+0?[0246][04]0\b")).why("logs hold what programs were told").fix("set `$FileCreateMode 0640` in /etc/rsyslog.conf").cis(1, "6.1.3.4", "6.2.3.4", "5.1.1.4").needs(RSYSLOG),
    check("log-modes", "logs are not for everybody", Low, Mode(&["/var/log/{syslog,messages,secure,auth.log,kern.log,daemon.log,user.log,debug,cloud-init.log}", "/var/log/audit", "/var/log/audit/*"], 0o750, Owner::RootAnyGroup)).why("logs hold what programs were told").fix("`chmod` them to 0640, the folder to 0750").cis(1, "6.1.4.1", "6.2.4.1", "5.1.3").stig(Two, "232026", "").needs(&[Need::Path(&["/var/log"])]),
    check("log-rotation", "logs are rotated", Low, PackageAny(&["logrotate"])).why("they do not fill the disk").fix("install `logrotate`").cis(1, "6.1.3.8", "6.2.3.8", "5.1.3").needs(RSYSLOG),
];
