//! The audit daemon and its rules.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::{Three, Two};
use super::{Check, check};
use crate::harden::kind::Test::{All, Audit, Config, KernelWord, Mode, PackageAny, UnitAny};
use crate::harden::kind::audit::Rule::{Calls, Immutable, Watch};
use crate::harden::kind::config::Source;
use crate::harden::kind::mode::Owner;
use crate::harden::want::Want::{Anything, AtLeast, Is, OneOf};

const AUDITD: Source = Source {
    of: &["/usr/sbin/auditd"],
    files: &["/etc/audit/auditd.conf"],
    folders: &[],
    defaults: &[],
};
const FIX: &str = "add the rule to a file in /etc/audit/rules.d";
const CONFIG: &str = "set it in /etc/audit/auditd.conf";

pub(super) const TABLE: &[Check] = &[
    check(
        "audit-installed",
        "the audit daemon is installed",
        Medium,
        PackageAny(&["auditd", "audit"]),
    )
    .why("who did what can be told afterwards")
    .fix("install `auditd`")
    .cis(2, "6.2.1.1", "6.3.1.1", "5.2.1.1")
    .stig(Two, "653010", "653010"),
    check(
        "audit-enabled",
        "the audit daemon is on",
        Medium,
        UnitAny(&["auditd.service"]),
    )
    .why("who did what can be told afterwards")
    .fix("enable `auditd.service`")
    .cis(2, "6.2.1.2", "6.3.1.4", "5.2.1.4")
    .stig(Two, "653015", "653015"),
    check(
        "audit-boot",
        "what happens before the audit daemon starts is recorded",
        Low,
        KernelWord("audit=1"),
    )
    .why("early services are recorded too")
    .fix("add `audit=1` to GRUB_CMDLINE_LINUX")
    .cis(2, "6.2.1.3", "6.3.1.2", "5.2.1.2")
    .stig(Two, "212015", "212055"),
    check(
        "audit-backlog",
        "early records are not lost",
        Low,
        KernelWord("audit_backlog_limit"),
    )
    .why("the default queue is too short for a boot")
    .fix("add `audit_backlog_limit=8192` to GRUB_CMDLINE_LINUX")
    .cis(2, "6.2.1.4", "6.3.1.3", "5.2.1.3")
    .stig(Three, "", "653120"),
    check(
        "audit-log-size",
        "the size of audit logs is set",
        Low,
        Config(&AUDITD, "max_log_file", AtLeast(1)),
    )
    .why("logs are as long as the policy says")
    .fix(CONFIG)
    .cis(2, "6.2.2.1", "6.3.2.1", "5.2.2.1"),
    check(
        "audit-log-kept",
        "audit logs are not deleted by themselves",
        Low,
        Config(&AUDITD, "max_log_file_action", Is("keep_logs")),
    )
    .why("who did it cannot have the record rolled away")
    .fix(CONFIG)
    .cis(2, "6.2.2.2", "6.3.2.2", "5.2.2.2"),
    check(
        "audit-full",
        "a full disk does not end the audit unseen",
        Low,
        All(&[
            Config(
                &AUDITD,
                "disk_full_action",
                OneOf(&["halt", "single", "syslog"]),
            ),
            Config(
                &AUDITD,
                "disk_error_action",
                OneOf(&["halt", "single", "syslog"]),
            ),
        ]),
    )
    .why("what is not recorded is noticed")
    .fix(CONFIG)
    .cis(2, "6.2.2.3", "6.3.2.3", "5.2.2.3"),
    check(
        "audit-space-left",
        "somebody is told when audit logs fill the disk",
        Low,
        All(&[
            Config(
                &AUDITD,
                "space_left_action",
                OneOf(&["email", "exec", "single", "halt", "syslog"]),
            ),
            Config(
                &AUDITD,
                "admin_space_left_action",
                OneOf(&["single", "halt", "email", "exec", "syslog"]),
            ),
            Config(&AUDITD, "action_mail_acct", Anything),
        ]),
    )
    .why("there is time to make room")
    .fix(CONFIG)
    .cis(2, "6.2.2.4", "6.3.2.4", "5.2.2.3")
    .stig(Three, "653040", "653040"),
    check(
        "audit-time",
        "changes of the clock are recorded",
        Low,
        Audit(&[
            Calls(&["adjtimex", "settimeofday", "clock_settime"]),
            Watch("/etc/localtime"),
        ]),
    )
    .why("a wrong clock hides what happened when")
    .fix(FIX)
    .cis(2, "6.2.3.4", "6.3.3.4", "5.2.3.4"),
    check(
        "audit-hostname",
        "changes of names and networks are recorded",
        Low,
        Audit(&[
            Calls(&["sethostname", "setdomainname"]),
            Watch("/etc/hosts"),
            Watch("/etc/issue"),
        ]),
    )
    .why("a machine that poses as another is noticed")
    .fix(FIX)
    .cis(2, "6.2.3.5", "6.3.3.5", "5.2.3.5"),
    check(
        "audit-identity",
        "changes of accounts are recorded",
        Medium,
        Audit(&[
            Watch("/etc/passwd"),
            Watch("/etc/shadow"),
            Watch("/etc/group"),
            Watch("/etc/gshadow"),
            Watch("/etc/security/opasswd"),
        ]),
    )
    .why("a new way in is noticed")
    .fix(FIX)
    .cis(2, "6.2.3.8", "6.3.3.8", "5.2.3.8")
    .stig(Two, "654130-150", "654225-245"),
    check(
        "audit-sudoers",
        "changes of sudo's rules are recorded",
        Medium,
        Audit(&[Watch("/etc/sudoers"), Watch("/etc/sudoers.d")]),
    )
    .why("a new way to root is noticed")
    .fix(FIX)
    .cis(2, "6.2.3.1", "6.3.3.1", "5.2.3.1")
    .stig(Two, "654220", "654215-220"),
    check(
        "audit-logins",
        "logins and sessions are recorded",
        Medium,
        Audit(&[Watch("/var/log/lastlog"), Watch("/var/run/faillock")]),
    )
    .why("who was there can be told")
    .fix(FIX)
    .cis(2, "6.2.3.12", "6.3.3.12", "5.2.3.12")
    .stig(Two, "654210", "654250-255"),
    check(
        "audit-sessions",
        "the tables of sessions are recorded",
        Low,
        Audit(&[
            Watch("/var/run/utmp"),
            Watch("/var/log/wtmp"),
            Watch("/var/log/btmp"),
        ]),
    )
    .why("who was there can be told")
    .fix(FIX)
    .cis(2, "6.2.3.11", "6.3.3.11", "5.2.3.11")
    .stig(Two, "654205, 654215", ""),
    check(
        "audit-permissions",
        "changes of permissions are recorded",
        Low,
        Audit(&[Calls(&[
            "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "setxattr",
        ])]),
    )
    .why("a file that is opened to others is noticed")
    .fix(FIX)
    .cis(2, "6.2.3.9", "6.3.3.9", "5.2.3.9")
    .stig(Two, "654155-160", "654015"),
    check(
        "audit-denied",
        "denied access to files is recorded",
        Low,
        Audit(&[Calls(&["open", "openat", "creat", "truncate"])]),
    )
    .why("somebody tries what they may not")
    .fix(FIX)
    .cis(2, "6.2.3.7", "6.3.3.7", "5.2.3.7")
    .stig(Two, "654165", "654070"),
    check(
        "audit-mounts",
        "mounts are recorded",
        Low,
        Audit(&[Calls(&["mount"])]),
    )
    .why("data is carried in and out")
    .fix(FIX)
    .cis(2, "6.2.3.10", "6.3.3.10", "5.2.3.10"),
    check(
        "audit-modules",
        "loading of kernel modules is recorded",
        Low,
        Audit(&[Calls(&["init_module", "finit_module", "delete_module"])]),
    )
    .why("a module may do anything")
    .fix(FIX)
    .cis(2, "6.2.3.19", "6.3.3.19", "5.2.3.19")
    .stig(Two, "654170-175", "654075-080"),
    check(
        "audit-immutable",
        "audit rules stay as they are until the next boot",
        Low,
        Audit(&[Immutable]),
    )
    .why("who got in cannot turn the record off unseen")
    .fix("write `-e 2` to /etc/audit/rules.d/99-finalize.rules")
    .cis(2, "6.2.3.20", "6.3.3.20", "5.2.3.20")
    .stig(Two, "", "654275"),
    check(
        "audit-config-modes",
        "the audit's configuration is root's",
        Low,
        Mode(
            &["/etc/audit/{auditd.conf,audit.rules,rules.d/*.rules}"],
            0o640,
            Owner::Root,
        ),
    )
    .why("nobody reads what is looked at")
    .fix("`chmod 0640`")
    .cis(2, "6.2.4.5", "6.3.4.5", "5.2.4.5")
    .stig(Two, "653065", "653110"),
    check(
        "audit-tool-modes",
        "the audit's tools are root's",
        Low,
        Mode(
            &["/usr/sbin/{auditctl,aureport,ausearch,autrace,auditd,augenrules}"],
            0o755,
            Owner::Root,
        ),
    )
    .why("a changed tool shows what it is told to")
    .fix("`chmod 0755`")
    .cis(2, "6.2.4.8", "6.3.4.8", "5.2.4.8")
    .stig(Two, "232035", "232035"),
];
