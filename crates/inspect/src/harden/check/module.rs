//! Kernel modules that a server does not need.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::Two;
use super::{Check, check};
use crate::harden::kind::Test::ModulesBlocked;

const WHY: &str = "a parser in the kernel that nobody uses is only of use to an attacker";
const FIX: &str =
    "write `install NAME /bin/false` and `blacklist NAME` to a file in /etc/modprobe.d";

pub(super) const TABLE: &[Check] = &[
    check(
        "module-cramfs",
        "the file system cramfs cannot be loaded",
        Low,
        ModulesBlocked(&["cramfs"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(1, "1.1.1.1", "1.1.1.1", "1.1.1.3")
    .stig(Two, "", "231195"),
    check(
        "module-freevxfs",
        "the file system freevxfs cannot be loaded",
        Low,
        ModulesBlocked(&["freevxfs"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(1, "1.1.1.2", "1.1.1.2", "1.1.1.4"),
    check(
        "module-hfs",
        "the file system hfs cannot be loaded",
        Low,
        ModulesBlocked(&["hfs"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(1, "1.1.1.3", "1.1.1.3", "1.1.1.5"),
    check(
        "module-hfsplus",
        "the file system hfsplus cannot be loaded",
        Low,
        ModulesBlocked(&["hfsplus"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(1, "1.1.1.4", "1.1.1.4", "1.1.1.6"),
    check(
        "module-jffs2",
        "the file system jffs2 cannot be loaded",
        Low,
        ModulesBlocked(&["jffs2"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(1, "1.1.1.5", "1.1.1.5", "1.1.1.7"),
    check(
        "module-squashfs",
        "the file system squashfs cannot be loaded",
        Low,
        ModulesBlocked(&["squashfs"]),
    )
    .why("as the others; not where snap packages are used")
    .fix(FIX)
    .cis(2, "1.1.1.7", "1.1.1.6", "1.1.1.1")
    .needs(&[super::Need::NoPath(&["/usr/bin/snap"])]),
    check(
        "module-udf",
        "the file system udf cannot be loaded",
        Low,
        ModulesBlocked(&["udf"]),
    )
    .why("as the others; not on Azure, which hands over settings on a udf disk")
    .fix(FIX)
    .cis(2, "1.1.1.8", "1.1.1.7", "1.1.1.2")
    .needs(&[super::Need::NoPath(&["/usr/sbin/waagent"])]),
    check(
        "module-usb-storage",
        "USB storage cannot be loaded",
        Medium,
        ModulesBlocked(&["usb-storage"]),
    )
    .why("a disk that somebody plugs in carries data in and out")
    .fix(FIX)
    .cis(1, "1.1.1.9", "1.1.1.8", "1.1.9")
    .stig(Two, "291010", "291010"),
    check(
        "module-dccp",
        "the protocol DCCP cannot be loaded",
        Low,
        ModulesBlocked(&["dccp"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(2, "3.2.1", "3.2.1", "3.1.2"),
    check(
        "module-tipc",
        "the protocol TIPC cannot be loaded",
        Low,
        ModulesBlocked(&["tipc"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(2, "3.2.2", "3.2.2", "3.1.3")
    .stig(Two, "", "213065"),
    check(
        "module-rds",
        "the protocol RDS cannot be loaded",
        Low,
        ModulesBlocked(&["rds"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(2, "3.2.3", "3.2.3", "3.1.4"),
    check(
        "module-sctp",
        "the protocol SCTP cannot be loaded",
        Low,
        ModulesBlocked(&["sctp"]),
    )
    .why(WHY)
    .fix(FIX)
    .cis(2, "3.2.4", "3.2.4", "3.1.5")
    .stig(Two, "", "213060"),
];
