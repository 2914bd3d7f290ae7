//! What the machine says before a login.

use goldsmith_core::finding::Severity::Low;

use super::Category::Two;
use super::{Check, check};
use crate::harden::kind::Test::{All, Mode, TextAbsent, TextPresent};
use crate::harden::kind::mode::Owner;

const SYSTEM: &str = r"\\[mrsvSR]|(?i)\b(debian|ubuntu|red hat|amazon linux|gnu/linux)\b";
const WHY: &str = "who knocks need not know what answers";
const MODE_FIX: &str = "`chmod 0644`, `chown root:root`";

pub(super) const TABLE: &[Check] = &[
    check(
        "motd-plain",
        "the message of the day does not name the system",
        Low,
        TextAbsent(&["/etc/motd"], SYSTEM),
    )
    .why(WHY)
    .fix("write another text to /etc/motd")
    .cis(1, "1.6.1", "1.7.1", "1.7.1"),
    check(
        "issue-plain",
        "the greeting at the console does not name the system",
        Low,
        TextAbsent(&["/etc/issue"], SYSTEM),
    )
    .why(WHY)
    .fix("write another text to /etc/issue")
    .cis(1, "1.6.2", "1.7.2", "1.7.2"),
    check(
        "issue-net-plain",
        "the greeting over the network does not name the system",
        Low,
        TextAbsent(&["/etc/issue.net"], SYSTEM),
    )
    .why(WHY)
    .fix("write another text to /etc/issue.net")
    .cis(1, "1.6.3", "1.7.3", "1.7.3"),
    check(
        "banner-text",
        "a notice says who may log in",
        Low,
        All(&[
            TextPresent(
                &["/etc/issue", "/etc/issue.d/*"],
                r"(?i)authori[sz]ed|private|monitored",
            ),
            TextPresent(&["/etc/issue.net"], r"(?i)authori[sz]ed|private|monitored"),
        ]),
    )
    .why("who goes on has been told")
    .fix("write a notice to /etc/issue and /etc/issue.net")
    .stig(Two, "255020", "211020"),
    check(
        "motd-mode",
        "the message of the day is only written by root",
        Low,
        Mode(&["/etc/motd"], 0o644, Owner::Root),
    )
    .why("a changed one misleads")
    .fix(MODE_FIX)
    .cis(1, "1.6.4", "1.7.4", "1.7.4"),
    check(
        "issue-mode",
        "the greetings are only written by root",
        Low,
        Mode(&["/etc/issue{,.net}"], 0o644, Owner::Root),
    )
    .why("a changed one misleads")
    .fix(MODE_FIX)
    .cis(1, "1.6.5-6", "1.7.5-6", "1.7.5-6"),
];
