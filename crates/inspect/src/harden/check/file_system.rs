//! Mount points and their options.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::Two;
use super::{Check, check};
use crate::harden::kind::Test::{MountOptions, OwnMount};

const OWN: &str =
    "what fills it up does not fill up the root file system, and options can be set on it";
const OPTIONS: &str =
    "nobody leaves a program, a device or a program with the rights of another there";
const FIX: &str = "add a row to /etc/fstab, or a mount unit, with these options";

pub(super) const TABLE: &[Check] = &[
    check(
        "mount-tmp",
        "/tmp is a mount of its own",
        Medium,
        OwnMount("/tmp"),
    )
    .why(OWN)
    .fix("enable systemd's tmp.mount")
    .cis(1, "1.1.2.1.1", "1.1.2.1.1", "1.1.2.1.1")
    .stig(Two, "", "231015"),
    check(
        "mount-tmp-options",
        "/tmp has nodev, nosuid, noexec",
        Medium,
        MountOptions("/tmp", &["nodev", "nosuid", "noexec"]),
    )
    .why(OPTIONS)
    .fix(FIX)
    .cis(1, "1.1.2.1.2-4", "1.1.2.1.2-4", "1.1.2.1.2-4")
    .stig(Two, "", "231125-135"),
    check(
        "mount-shm-options",
        "/dev/shm has nodev, nosuid, noexec",
        Medium,
        MountOptions("/dev/shm", &["nodev", "nosuid", "noexec"]),
    )
    .why(OPTIONS)
    .fix("add `tmpfs /dev/shm tmpfs nodev,nosuid,noexec 0 0` to /etc/fstab")
    .cis(1, "1.1.2.2.1-4", "1.1.2.2.1-4", "1.1.8.1-4")
    .stig(Two, "", "231110-120"),
    check(
        "mount-home",
        "/home is a mount of its own",
        Low,
        OwnMount("/home"),
    )
    .why(OWN)
    .fix(FIX)
    .cis(2, "1.1.2.3.1", "1.1.2.3.1", "1.1.7.1")
    .stig(Two, "", "231010"),
    check(
        "mount-home-options",
        "/home has nodev, nosuid",
        Medium,
        MountOptions("/home", &["nodev", "nosuid"]),
    )
    .why(OPTIONS)
    .fix(FIX)
    .cis(1, "1.1.2.3.2-3", "1.1.2.3.2-3", "1.1.7.2-3")
    .stig(Two, "", "231045-050"),
    check(
        "mount-var",
        "/var is a mount of its own",
        Low,
        OwnMount("/var"),
    )
    .why(OWN)
    .fix(FIX)
    .cis(2, "1.1.2.4.1", "1.1.2.4.1", "1.1.3.1")
    .stig(Two, "", "231020"),
    check(
        "mount-var-options",
        "/var has nodev, nosuid",
        Low,
        MountOptions("/var", &["nodev", "nosuid"]),
    )
    .why(OPTIONS)
    .fix(FIX)
    .cis(1, "1.1.2.4.2-3", "1.1.2.4.2-3", "1.1.3.2-3"),
    check(
        "mount-var-tmp",
        "/var/tmp is a mount of its own",
        Low,
        OwnMount("/var/tmp"),
    )
    .why(OWN)
    .fix(FIX)
    .cis(2, "1.1.2.5.1", "1.1.2.5.1", "1.1.4.1")
    .stig(Two, "", "231035"),
    check(
        "mount-var-tmp-options",
        "/var/tmp has nodev, nosuid, noexec",
        Medium,
        MountOptions("/var/tmp", &["nodev", "nosuid", "noexec"]),
    )
    .why(OPTIONS)
    .fix(FIX)
    .cis(1, "1.1.2.5.2-4", "1.1.2.5.2-4", "1.1.4.2-4")
    .stig(Two, "", "231180"),
    check(
        "mount-var-log",
        "/var/log is a mount of its own",
        Low,
        OwnMount("/var/log"),
    )
    .why(OWN)
    .fix(FIX)
    .cis(2, "1.1.2.6.1", "1.1.2.6.1", "1.1.5.1")
    .stig(Two, "", "231025"),
    check(
        "mount-var-log-audit",
        "/var/log/audit is a mount of its own",
        Low,
        OwnMount("/var/log/audit"),
    )
    .why("the audit daemon stops the machine when it cannot write")
    .fix(FIX)
    .cis(2, "1.1.2.7.1", "1.1.2.7.1", "1.1.6.1")
    .stig(Two, "", "231030"),
];
