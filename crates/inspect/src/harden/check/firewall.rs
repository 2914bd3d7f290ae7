//! The packet filter.

use goldsmith_core::finding::Severity::{High, Low, Medium};

use super::Category::Two;
use super::{Check, Need, check};
use crate::harden::kind::Test::{Firewall, PackageAny, UnitsOne};
use crate::harden::kind::firewall::Rule;

const NFTABLES: &[Need] = &[
    Need::Path(&["/usr/sbin/nft"]),
    Need::NoPath(&["/usr/sbin/ufw", "/usr/sbin/firewalld"]),
];
const FIX: &str = "write it to /etc/nftables.conf and enable `nftables.service`";

pub(super) const TABLE: &[Check] = &[
    check(
        "firewall-installed",
        "a packet filter is installed",
        High,
        PackageAny(&[
            "nftables",
            "ufw",
            "firewalld",
            "iptables-persistent",
            "iptables-services",
        ]),
    )
    .why("a service that starts to listen by mistake is not open to everybody")
    .fix("install `nftables`")
    .cis(1, "4.3.1", "4.1.1", "3.4.1.1")
    .stig(Two, "251010", "251010"),
    check(
        "firewall-one",
        "exactly one packet filter is on",
        High,
        UnitsOne(&[
            &["nftables.service"],
            &["ufw.service"],
            &["firewalld.service"],
            &["netfilter-persistent.service", "iptables.service"],
        ]),
    )
    .why("two undo each other's rules, none filters nothing")
    .fix("enable `nftables.service`")
    .cis(1, "4.1.1, 4.3.9", "4.1.2", "3.4.1.2")
    .stig(Two, "251020", "251015"),
    check(
        "firewall-table",
        "nftables has a table",
        Medium,
        Firewall(Rule::Table),
    )
    .why("without one nothing is filtered")
    .fix(FIX)
    .cis(1, "4.3.4", "4.3.1", "3.4.2.2")
    .needs(NFTABLES),
    check(
        "firewall-chains",
        "base chains look at what comes in, goes through and goes out",
        Medium,
        Firewall(Rule::Chains),
    )
    .why("what no chain looks at is let through")
    .fix(FIX)
    .cis(1, "4.3.5", "4.3.1", "3.4.2.3")
    .needs(NFTABLES),
    check(
        "firewall-loopback",
        "the machine may speak to itself",
        Low,
        Firewall(Rule::Loopback),
    )
    .why("programs rely on it")
    .fix("add `iif lo accept`")
    .cis(1, "4.3.6", "4.3.4", "3.4.2.4")
    .needs(NFTABLES),
    check(
        "firewall-default-drop",
        "what no rule lets in stays out",
        High,
        Firewall(Rule::DropByDefault),
    )
    .why("what was forgotten is closed")
    .fix("give the chains of input and forward `policy drop`")
    .cis(1, "4.3.8", "4.3.3", "3.4.2.7")
    .needs(NFTABLES),
];
