//! Ways to root.

use goldsmith_core::finding::Severity::{High, Low, Medium};

use super::Category::Two;
use super::{Check, check};
use crate::harden::kind::Test::{PackageAny, Pam, SudoAbsent, SudoDefault};
use crate::harden::kind::pam::Wanted;
use crate::harden::kind::sudo::Default::{Flag, Value};
use crate::harden::want::Want::{Anything, AtMostOrZero};

const SU: Wanted = Wanted {
    services: &["su"],
    kind: "auth",
    modules: &["pam_wheel.so"],
    before: None,
    arguments: &[("use_uid", Anything)],
    without: &[],
    file: None,
};

pub(super) const TABLE: &[Check] = &[
    check("sudo-installed", "sudo is installed", Low, PackageAny(&["sudo", "sudo-ldap"])).why("who did what as root can be told").fix("install `sudo`").cis(1, "5.2.1", "5.2.1", "4.3.1").stig(Two, "432010", "432010"),
    check("sudo-pty", "sudo runs commands in a terminal of their own", Low, SudoDefault(Flag("use_pty"))).why("a program that stays behind cannot write to the user's terminal").fix("add `Defaults use_pty`").cis(1, "5.2.2", "5.2.2", "4.3.2"),
    check("sudo-log", "sudo writes a log of its own", Low, SudoDefault(Value("logfile", Anything, None))).why("who did what as root can be told").fix("add `Defaults logfile=\"/var/log/sudo.log\"`").cis(1, "5.2.3", "5.2.3", "4.3.3"),
    check("sudo-password", "sudo asks for a password", High, SudoAbsent(&["NOPASSWD"])).why("a program of the user is not a program of root; waive it for the cloud's user, with the reason").fix("take `NOPASSWD` out of /etc/sudoers.d").cis(2, "5.2.4", "5.2.4", "4.3.4").stig(Two, "432010", "611085"),
    check("sudo-authenticate", "sudo's question cannot be turned off", High, SudoAbsent(&["!authenticate"])).why("a program of the user is not a program of root").fix("take `!authenticate` out of /etc/sudoers.d").cis(1, "5.2.5", "5.2.5", "4.3.4").stig(Two, "432011", "432025"),
    check("sudo-timeout", "sudo asks again after a quarter of an hour", Low, SudoDefault(Value("timestamp_timeout", AtMostOrZero(15), Some("15")))).why("a terminal that was left is no way to root").fix("add `Defaults timestamp_timeout=15`").cis(1, "5.2.6", "5.2.6", "4.3.5").stig(Two, "432011", "432015"),
    check("su-group", "only a group may use su", Medium, Pam(&SU)).why("a known password of root is not enough").fix("add `auth required pam_wheel.so use_uid` to /etc/pam.d/su").cis(1, "5.2.7", "5.2.7", "4.3.6").stig(Two, "", "432035"),
];
