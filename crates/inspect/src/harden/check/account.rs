//! Accounts and sessions.

use goldsmith_core::finding::Severity::{Critical, High, Low, Medium};

use super::Category::{One, Two};
use super::{Check, check};
use crate::harden::kind::Test::{Account, All, Any, Config, TextAbsent, TextPresent};
use crate::harden::kind::account::Rule;
use crate::harden::kind::config::Source;
use crate::harden::want::Want::MaskAtLeast;

const LOGIN: Source = Source {
    of: &["/etc/login.defs"],
    files: &["/etc/login.defs"],
    folders: &[],
    defaults: &[],
};
const PROFILE: &[&str] = &[
    "/etc/profile",
    "/etc/profile.d/*.sh",
    "/etc/bash.bashrc",
    "/etc/bashrc",
];

pub(super) const TABLE: &[Check] = &[
    check(
        "no-empty-passwords",
        "every account needs a password",
        Critical,
        Account(Rule::NoEmptyPassword),
    )
    .why("anybody gets in")
    .fix("`passwd -l` the account")
    .cis(1, "7.2.2", "7.2.2", "6.2.2")
    .stig(One, "611065", "611025"),
    check(
        "passwords-shadowed",
        "hashes of passwords are in shadow",
        High,
        Account(Rule::Shadowed),
    )
    .why("everybody reads /etc/passwd")
    .fix("`pwconv`")
    .cis(1, "7.2.1", "7.2.1", "6.2.1"),
    check(
        "password-hashes",
        "passwords have strong hashes",
        Medium,
        Account(Rule::StrongHashes),
    )
    .why("who reads the hashes guesses slowly")
    .fix("set the password again")
    .cis(1, "5.4.1.4", "5.4.1.4", "4.5.4")
    .stig(Two, "611070", "611140"),
    check(
        "only-root",
        "only root is root",
        High,
        Account(Rule::OnlyRoot),
    )
    .why("who became root can be told")
    .fix("give the account a number of its own")
    .cis(1, "5.4.2.1-3", "5.4.2.1-3", "6.2.9")
    .stig(One, "", "411100"),
    check(
        "root-locked",
        "root has no password",
        Medium,
        Account(Rule::RootLocked),
    )
    .why("who became root can be told; all copies of the image would share it")
    .fix("`passwd -l root`")
    .cis(1, "5.4.2.4", "5.4.2.4", "")
    .stig(Two, "411010", ""),
    check(
        "system-accounts",
        "accounts of services have no shell and no password",
        Medium,
        Account(Rule::SystemAccountsClosed),
    )
    .why("a service that was broken into is no login")
    .fix("`usermod -s /usr/sbin/nologin -L` the account")
    .cis(1, "5.4.2.7-8", "5.4.2.7-8", "4.6.2")
    .stig(Two, "", "411035"),
    check(
        "unique-accounts",
        "no account, group or number is there twice",
        Medium,
        Account(Rule::Unique),
    )
    .why("who owns a file is clear")
    .fix("rename or renumber it")
    .cis(1, "7.2.5-8", "7.2.4-7", "6.2.4-7")
    .stig(Two, "411015", "411030"),
    check(
        "groups-exist",
        "the groups of all accounts exist",
        Low,
        Account(Rule::GroupsExist),
    )
    .why("a group that is made later would own their files")
    .fix("`groupadd` it")
    .cis(1, "7.2.3", "7.2.3", "6.2.3")
    .stig(Two, "", "411045"),
    check(
        "shadow-group-empty",
        "nobody is in the group `shadow`",
        Medium,
        Account(Rule::ShadowGroupEmpty),
    )
    .why("its members read the hashes of passwords")
    .fix("`gpasswd -d` them")
    .cis(1, "7.2.4", "", ""),
    check(
        "homes-exist",
        "people's homes are there and theirs",
        Low,
        Account(Rule::HomesExist),
    )
    .why("without one a login ends in `/`")
    .fix("make it, `chown` it")
    .cis(1, "7.2.9", "7.2.8", "6.2.10")
    .stig(Two, "", "411065"),
    check(
        "homes-closed",
        "people's homes are closed to others",
        Medium,
        Account(Rule::HomesClosed),
    )
    .why("keys lie there")
    .fix("`chmod 0750` it")
    .cis(1, "7.2.9", "7.2.8", "6.2.11")
    .stig(Two, "", "232050"),
    check(
        "no-trust-files",
        "no `.rhosts`, `.netrc`, `.forward`",
        Medium,
        Account(Rule::NoTrustFiles),
    )
    .why("they let others in, or hold a password in clear")
    .fix("remove them")
    .cis(1, "7.2.10", "7.2.9", "6.2.12")
    .stig(One, "", "252070-075"),
    check(
        "umask",
        "new files are closed to others",
        Low,
        All(&[
            Config(&LOGIN, "UMASK", MaskAtLeast(0o027)),
            TextAbsent(
                &[
                    "/etc/profile",
                    "/etc/profile.d/*.sh",
                    "/etc/bash.bashrc",
                    "/etc/bashrc",
                ],
                r"^umask\s+0?[0-7][0145][0-6]\b",
            ),
        ]),
    )
    .why("what nobody thought of is not for everybody")
    .fix("set `UMASK 027` in /etc/login.defs")
    .cis(1, "5.4.3.3", "5.4.3.3", "4.6.5")
    .stig(Two, "412035", "412055-070"),
    check(
        "shell-timeout",
        "a shell that is left ends",
        Low,
        Any(&[TextPresent(
            PROFILE,
            r"\bTMOUT=([1-9]|[1-9]\d|[1-8]\d\d|900)\b",
        )]),
    )
    .why("a terminal that was left is no way in")
    .fix("write `readonly TMOUT=900; export TMOUT` to /etc/profile.d")
    .cis(1, "5.4.3.2", "5.4.3.2", "4.6.3")
    .stig(Two, "412030", "412035"),
];
