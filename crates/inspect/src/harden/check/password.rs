//! Passwords: how good, how long, how often.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::{Three, Two};
use super::{Check, check};
use crate::harden::kind::Test::{Account, All, Any, Config, PackageAny, Pam};
use crate::harden::kind::account::Rule::Shadow;
use crate::harden::kind::config::Source;
use crate::harden::kind::pam::Wanted;
use crate::harden::want::Want::{Anything, AtLeast, AtMost, AtMostOrZero, Is, OneOf};

const QUALITY: Source = Source {
    of: &[
        "/etc/security/pwquality.conf",
        "/usr/lib/x86_64-linux-gnu/security/pam_pwquality.so",
        "/usr/lib/aarch64-linux-gnu/security/pam_pwquality.so",
        "/usr/lib64/security/pam_pwquality.so",
    ],
    files: &["/etc/security/pwquality.conf"],
    folders: &["/etc/security/pwquality.conf.d"],
    defaults: &[
        ("minlen", "8"),
        ("dictcheck", "1"),
        ("enforcing", "1"),
        ("difok", "1"),
    ],
};
const LOGIN: Source = Source {
    of: &["/etc/login.defs"],
    files: &["/etc/login.defs"],
    folders: &[],
    defaults: &[],
};
const USERADD: Source = Source {
    of: &["/usr/sbin/useradd"],
    files: &["/etc/default/useradd"],
    folders: &[],
    defaults: &[("INACTIVE", "-1")],
};
const FAILLOCK: Source = Source {
    of: &["/usr/sbin/faillock", "/etc/security/faillock.conf"],
    files: &["/etc/security/faillock.conf"],
    folders: &[],
    defaults: &[("deny", "3"), ("unlock_time", "600")],
};
const STACK: &[&str] = &["common-password", "system-auth"];

const PAM_QUALITY: Wanted = Wanted {
    services: STACK,
    kind: "password",
    modules: &["pam_pwquality.so"],
    before: Some("pam_unix.so"),
    arguments: &[],
    without: &[],
    file: None,
};
const PAM_FAILLOCK: Wanted = Wanted {
    services: &["common-auth", "system-auth"],
    kind: "auth",
    modules: &["pam_faillock.so"],
    before: Some("pam_unix.so"),
    arguments: &[],
    without: &[],
    file: None,
};
const PAM_DENY: Wanted = Wanted {
    arguments: &[("deny", AtMost(5))],
    ..PAM_FAILLOCK
};
const PAM_UNLOCK: Wanted = Wanted {
    arguments: &[("unlock_time", AtLeast(900))],
    ..PAM_FAILLOCK
};
const PAM_HISTORY: Wanted = Wanted {
    services: STACK,
    kind: "password",
    modules: &["pam_pwhistory.so"],
    before: Some("pam_unix.so"),
    arguments: &[("remember", AtLeast(24))],
    without: &[],
    file: Some("/etc/security/pwhistory.conf"),
};
const PAM_HASH: Wanted = Wanted {
    services: STACK,
    kind: "password",
    modules: &["pam_unix.so"],
    before: None,
    arguments: &[],
    without: &["md5", "bigcrypt", "sha256", "nullok"],
    file: None,
};
const PAM_NULLOK: Wanted = Wanted {
    services: &["common-auth", "system-auth"],
    kind: "auth",
    modules: &["pam_unix.so"],
    before: None,
    arguments: &[],
    without: &["nullok", "nullok_secure"],
    file: None,
};

const QUALITY_FIX: &str = "set it in /etc/security/pwquality.conf";
const AGE: &str = "a password that leaked does not work for ever";

pub(super) const TABLE: &[Check] = &[
    check(
        "quality-installed",
        "passwords are checked when they are set",
        Medium,
        PackageAny(&["libpam-pwquality", "libpwquality"]),
    )
    .why("weak ones can be guessed")
    .fix("install `libpam-pwquality`")
    .cis(1, "5.3.1.3", "5.3.1.3", "4.5.1")
    .stig(Two, "215010", "215025"),
    check(
        "quality-stack",
        "PAM checks new passwords",
        Medium,
        Pam(&PAM_QUALITY),
    )
    .why("weak ones can be guessed")
    .fix("add `pam_pwquality.so` to the password stack")
    .cis(1, "5.3.2.3", "5.3.2.3", "4.5.1")
    .stig(Two, "611045", "611040"),
    check(
        "quality-length",
        "passwords have 14 letters",
        Medium,
        Config(&QUALITY, "minlen", AtLeast(14)),
    )
    .why("short ones can be guessed")
    .fix(QUALITY_FIX)
    .cis(1, "5.3.3.2.2", "5.3.3.2.2", "4.5.1")
    .stig(Two, "611035", "611090"),
    check(
        "quality-classes",
        "passwords have several kinds of letters",
        Low,
        Any(&[
            Config(&QUALITY, "minclass", AtLeast(4)),
            All(&[
                Config(&QUALITY, "dcredit", AtMostOrZero(-1)),
                Config(&QUALITY, "ucredit", AtMostOrZero(-1)),
                Config(&QUALITY, "lcredit", AtMostOrZero(-1)),
                Config(&QUALITY, "ocredit", AtMostOrZero(-1)),
            ]),
            Config(&QUALITY, "minclass", Is("4")),
        ]),
    )
    .why("simple ones can be guessed")
    .fix("set `minclass = 4` in /etc/security/pwquality.conf")
    .cis(1, "5.3.3.2.3", "5.3.3.2.3", "4.5.1")
    .stig(Three, "611010-025", "611065-110"),
    check(
        "quality-difference",
        "a new password is not the old one",
        Low,
        Config(&QUALITY, "difok", AtLeast(2)),
    )
    .why("who knows the old one guesses the new")
    .fix(QUALITY_FIX)
    .cis(1, "5.3.3.2.1", "5.3.3.2.1", "")
    .stig(Three, "611040", "611115"),
    check(
        "quality-repeats",
        "no letter three times in a row",
        Low,
        Config(&QUALITY, "maxrepeat", AtMost(3)),
    )
    .why("simple ones can be guessed")
    .fix(QUALITY_FIX)
    .cis(1, "5.3.3.2.4", "5.3.3.2.4", "")
    .stig(Two, "", "611125"),
    check(
        "quality-dictionary",
        "no word of a dictionary",
        Low,
        Config(&QUALITY, "dictcheck", AtLeast(1)),
    )
    .why("words can be guessed")
    .fix(QUALITY_FIX)
    .cis(1, "5.3.3.2.6", "5.3.3.2.6", "")
    .stig(Two, "611030", "611105"),
    check(
        "quality-root",
        "root's passwords are checked as well",
        Low,
        Config(&QUALITY, "enforce_for_root", Anything),
    )
    .why("the most powerful one is no weaker")
    .fix("write `enforce_for_root` to /etc/security/pwquality.conf")
    .cis(1, "5.3.3.2.8", "5.3.3.2.7", "")
    .stig(Two, "611045", "611060"),
    check(
        "lockout-stack",
        "PAM counts failed logins",
        Medium,
        Pam(&PAM_FAILLOCK),
    )
    .why("guessing ends after a few tries")
    .fix("add `pam_faillock.so` to the auth stack, before and after `pam_unix.so`")
    .cis(1, "5.3.2.2", "5.3.2.2", "4.5.2")
    .stig(Three, "411045", "611035"),
    check(
        "lockout-tries",
        "five failed logins lock an account",
        Medium,
        All(&[
            Pam(&PAM_FAILLOCK),
            Any(&[Pam(&PAM_DENY), Config(&FAILLOCK, "deny", AtMost(5))]),
        ]),
    )
    .why("guessing ends after a few tries")
    .fix("set `deny = 5` in /etc/security/faillock.conf")
    .cis(1, "5.3.3.1.1", "5.3.3.1.1", "4.5.2")
    .stig(Three, "411045", "411075"),
    check(
        "lockout-time",
        "an account is locked for a quarter of an hour",
        Medium,
        All(&[
            Pam(&PAM_FAILLOCK),
            Any(&[
                Pam(&PAM_UNLOCK),
                Config(&FAILLOCK, "unlock_time", AtLeast(900)),
                Config(&FAILLOCK, "unlock_time", OneOf(&["0", "never"])),
            ]),
        ]),
    )
    .why("guessing takes years")
    .fix("set `unlock_time = 900` in /etc/security/faillock.conf")
    .cis(1, "5.3.3.1.2", "5.3.3.1.2", "4.5.2")
    .stig(Three, "411045", "411090"),
    check(
        "password-history",
        "no old password comes back",
        Low,
        Pam(&PAM_HISTORY),
    )
    .why("a password that leaked does not come back")
    .fix("add `pam_pwhistory.so remember=24` to the password stack")
    .cis(1, "5.3.3.3.1", "5.3.3.3.1", "4.5.3"),
    check(
        "password-hash",
        "new passwords are hashed by a slow function",
        Medium,
        All(&[
            Config(&LOGIN, "ENCRYPT_METHOD", OneOf(&["YESCRYPT", "SHA512"])),
            Pam(&PAM_HASH),
        ]),
    )
    .why("who reads the hashes guesses slowly")
    .fix("set `ENCRYPT_METHOD YESCRYPT` in /etc/login.defs")
    .cis(1, "5.4.1.4, 5.3.3.4.3", "5.4.1.4", "4.5.4")
    .stig(Two, "611070", "611140"),
    check(
        "password-nullok",
        "PAM lets nobody in without a password",
        Medium,
        Pam(&PAM_NULLOK),
    )
    .why("an account without one is open")
    .fix("take `nullok` off `pam_unix.so`")
    .cis(1, "5.3.3.4.1", "5.3.3.4.1", "")
    .stig(Two, "611060", "611025"),
    check(
        "password-max-age",
        "passwords last a year at most",
        Low,
        All(&[
            Config(&LOGIN, "PASS_MAX_DAYS", AtMost(365)),
            Account(Shadow(4, "the longest age", AtMost(365))),
        ]),
    )
    .why(AGE)
    .fix("set `PASS_MAX_DAYS 365` in /etc/login.defs")
    .cis(1, "5.4.1.1", "5.4.1.1", "4.6.1.1")
    .stig(Three, "411030", "411010"),
    check(
        "password-min-age",
        "a new password lasts a day",
        Low,
        All(&[
            Config(&LOGIN, "PASS_MIN_DAYS", AtLeast(1)),
            Account(Shadow(3, "the shortest age", AtLeast(1))),
        ]),
    )
    .why("the history cannot be run through")
    .fix("set `PASS_MIN_DAYS 1` in /etc/login.defs")
    .cis(2, "5.4.1.2", "5.4.1.2", "4.6.1.2")
    .stig(Three, "411025", "611075"),
    check(
        "password-warning",
        "people are told a week before",
        Low,
        All(&[
            Config(&LOGIN, "PASS_WARN_AGE", AtLeast(7)),
            Account(Shadow(5, "the warning", AtLeast(7))),
        ]),
    )
    .why("nobody is locked out by surprise")
    .fix("set `PASS_WARN_AGE 7` in /etc/login.defs")
    .cis(1, "5.4.1.3", "5.4.1.3", "4.6.1.3"),
    check(
        "password-inactive",
        "accounts that nobody uses are locked",
        Low,
        Config(&USERADD, "INACTIVE", AtMostOrZero(45)),
    )
    .why("nobody notices when they are misused")
    .fix("`useradd -D -f 45`")
    .cis(1, "5.4.1.5", "5.4.1.5", "4.6.1.4")
    .stig(Two, "411035", "411050"),
];
