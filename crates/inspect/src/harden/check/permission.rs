//! Permissions of the files that everything hangs on, and of all others.

use goldsmith_core::finding::Severity::{High, Low, Medium};

use super::Category::Two;
use super::{Check, check};
use crate::harden::kind::Test::{Mode, Walk};
use crate::harden::kind::mode::Owner;
use crate::harden::kind::walk::Rule;

pub(super) const TABLE: &[Check] = &[
    check(
        "passwd-mode",
        "the lists of accounts and groups are only written by root",
        High,
        Mode(&["/etc/{passwd,passwd-,group,group-}"], 0o644, Owner::Root),
    )
    .why("who writes there is root")
    .fix("`chmod 0644`, `chown root:root`")
    .cis(1, "7.1.1-4", "7.1.1-4", "6.1.1-4")
    .stig(Two, "", "232055-075"),
    check(
        "shadow-mode",
        "hashes of passwords are for nobody to read",
        High,
        Mode(
            &["/etc/{shadow,shadow-,gshadow,gshadow-}"],
            0o640,
            Owner::RootOr("shadow"),
        ),
    )
    .why("who reads them guesses at leisure")
    .fix("`chmod 0640`, `chown root:shadow`")
    .cis(1, "7.1.5-8", "7.1.5-8", "6.1.5-8")
    .stig(Two, "", "232270"),
    check(
        "shells-mode",
        "the list of shells is only written by root",
        Low,
        Mode(&["/etc/shells"], 0o644, Owner::Root),
    )
    .why("a program in it is a login")
    .fix("`chmod 0644`")
    .cis(1, "7.1.9", "7.1.9", ""),
    check(
        "opasswd-mode",
        "old passwords are for nobody to read",
        Medium,
        Mode(&["/etc/security/opasswd{,.old}"], 0o600, Owner::Root),
    )
    .why("people come back to them")
    .fix("`chmod 0600`")
    .cis(1, "7.1.10", "7.1.10", ""),
    check(
        "world-writable",
        "nothing is for everybody to write",
        High,
        Walk(Rule::WorldWritable),
    )
    .why("who changes it acts for others")
    .fix("`chmod o-w` it; a shared folder gets the sticky bit")
    .cis(1, "7.1.11", "7.1.11", "6.1.9, 6.1.12")
    .stig(Two, "232145", "232240-245"),
    check(
        "no-unowned",
        "every file belongs to an account and a group",
        Medium,
        Walk(Rule::Unowned),
    )
    .why("an account that is made later would own it")
    .fix("`chown` it")
    .cis(1, "7.1.12", "7.1.12", "6.1.10-11")
    .stig(Two, "", "232250-255"),
    check(
        "setuid-known",
        "programs with the rights of another belong to packages",
        High,
        Walk(Rule::ForeignSetuid),
    )
    .why("such a program is a way to root that nobody looks after")
    .fix("`chmod u-s,g-s` it, or have a package bring it")
    .cis(1, "7.1.13", "7.1.13", "6.1.13-14"),
    check(
        "program-modes",
        "programs are only written by root",
        High,
        Mode(&["/usr/{bin,sbin}/*"], 0o6755, Owner::RootAnyGroup),
    )
    .why("who changes one acts for everybody")
    .fix("`chmod go-w` it")
    .stig(Two, "232010, 232035", "232010, 232190"),
];
