//! The network stack.

use goldsmith_core::finding::Severity::{Low, Medium};

use super::Category::Two;
use super::{Check, Need, check};
use crate::harden::kind::Test::{Any, ModulesBlocked, PackagesAbsent, Sysctl, UnitsOff};
use crate::harden::want::Want::{Is, OneOf};

const FIX: &str = "set it in a file in /etc/sysctl.d";
const NO_ROUTER: &[Need] = &[Need::NoPath(&[
    "/usr/bin/dockerd",
    "/usr/sbin/dockerd",
    "/usr/bin/containerd",
    "/usr/bin/podman",
    "/usr/bin/kubelet",
    "/usr/sbin/bird",
    "/usr/lib/frr/zebra",
])];

pub(super) const TABLE: &[Check] = &[
    check(
        "ip-forward",
        "the machine is no router",
        Medium,
        Sysctl(&[
            ("net.ipv4.ip_forward", Is("0")),
            ("net.ipv6.conf.all.forwarding", Is("0")),
        ]),
    )
    .why("it connects networks that are kept apart")
    .fix(FIX)
    .cis(1, "3.3.1", "3.3.1", "3.2.1")
    .stig(Two, "", "254025")
    .needs(NO_ROUTER),
    check(
        "send-redirects",
        "no redirects are sent",
        Low,
        Sysctl(&[
            ("net.ipv4.conf.all.send_redirects", Is("0")),
            ("net.ipv4.conf.default.send_redirects", Is("0")),
        ]),
    )
    .why("only routers have routes to tell of")
    .fix(FIX)
    .cis(1, "3.3.2", "3.3.2", "3.2.2")
    .stig(Two, "", "253065"),
    check(
        "bogus-icmp",
        "bogus ICMP answers are ignored",
        Low,
        Sysctl(&[("net.ipv4.icmp_ignore_bogus_error_responses", Is("1"))]),
    )
    .why("they fill the logs")
    .fix(FIX)
    .cis(1, "3.3.3", "3.3.3", "3.3.6")
    .stig(Two, "", "253060"),
    check(
        "broadcast-echo",
        "pings to everybody are ignored",
        Low,
        Sysctl(&[("net.ipv4.icmp_echo_ignore_broadcasts", Is("1"))]),
    )
    .why("one packet makes many answers")
    .fix(FIX)
    .cis(1, "3.3.4", "3.3.4", "3.3.5")
    .stig(Two, "", "253055"),
    check(
        "accept-redirects",
        "no redirects are followed",
        Medium,
        Sysctl(&[
            ("net.ipv4.conf.all.accept_redirects", Is("0")),
            ("net.ipv4.conf.default.accept_redirects", Is("0")),
            ("net.ipv6.conf.all.accept_redirects", Is("0")),
            ("net.ipv6.conf.default.accept_redirects", Is("0")),
        ]),
    )
    .why("a neighbour leads the traffic over itself")
    .fix(FIX)
    .cis(1, "3.3.5", "3.3.5", "3.3.2")
    .stig(Two, "", "253015, 254015"),
    check(
        "secure-redirects",
        "no redirects of gateways are followed",
        Low,
        Sysctl(&[
            ("net.ipv4.conf.all.secure_redirects", Is("0")),
            ("net.ipv4.conf.default.secure_redirects", Is("0")),
        ]),
    )
    .why("a neighbour poses as the gateway")
    .fix(FIX)
    .cis(1, "3.3.6", "3.3.6", "3.3.3"),
    check(
        "reverse-path",
        "packets come from where they would go back to",
        Medium,
        Sysctl(&[
            ("net.ipv4.conf.all.rp_filter", OneOf(&["1", "2"])),
            ("net.ipv4.conf.default.rp_filter", OneOf(&["1", "2"])),
        ]),
    )
    .why("forged addresses stay outside; 2 where there are several networks")
    .fix(FIX)
    .cis(1, "3.3.7", "3.3.7", "3.3.7")
    .stig(Two, "", "253035"),
    check(
        "source-routing",
        "senders do not choose the route",
        Medium,
        Sysctl(&[
            ("net.ipv4.conf.all.accept_source_route", Is("0")),
            ("net.ipv4.conf.default.accept_source_route", Is("0")),
            ("net.ipv6.conf.all.accept_source_route", Is("0")),
            ("net.ipv6.conf.default.accept_source_route", Is("0")),
        ]),
    )
    .why("it gets around filters")
    .fix(FIX)
    .cis(1, "3.3.8", "3.3.8", "3.3.1")
    .stig(Two, "", "253020"),
    check(
        "martians",
        "impossible addresses are logged",
        Low,
        Sysctl(&[
            ("net.ipv4.conf.all.log_martians", Is("1")),
            ("net.ipv4.conf.default.log_martians", Is("1")),
        ]),
    )
    .why("somebody forges packets")
    .fix(FIX)
    .cis(1, "3.3.9", "3.3.9", "3.3.4")
    .stig(Two, "", "253025"),
    check(
        "syn-cookies",
        "floods of connections do not stop the machine",
        Medium,
        Sysctl(&[("net.ipv4.tcp_syncookies", Is("1"))]),
    )
    .why("the queue of half-open connections cannot be filled")
    .fix(FIX)
    .cis(1, "3.3.10", "3.3.10", "3.3.8")
    .stig(Two, "253010", "253010"),
    check(
        "router-advertisements",
        "IPv6 routers are not believed",
        Low,
        Sysctl(&[
            ("net.ipv6.conf.all.accept_ra", Is("0")),
            ("net.ipv6.conf.default.accept_ra", Is("0")),
        ]),
    )
    .why("a neighbour poses as a router; waive it in clouds that hand out addresses so")
    .fix(FIX)
    .cis(1, "3.3.11", "3.3.11", "3.3.9")
    .stig(Two, "", "254010"),
    check(
        "bluetooth-off",
        "Bluetooth is off",
        Low,
        Any(&[PackagesAbsent(&["bluez"]), UnitsOff(&["bluetooth.service"])]),
    )
    .why("a radio that nobody needs")
    .fix("remove `bluez`, or mask `bluetooth.service`")
    .cis(1, "3.1.3", "3.1.3", "")
    .stig(Two, "", "291035"),
    check(
        "wireless-off",
        "wireless networks are off",
        Low,
        Any(&[
            PackagesAbsent(&["wpasupplicant", "iwd", "wpa_supplicant"]),
            ModulesBlocked(&["cfg80211"]),
        ]),
    )
    .why("a radio that nobody needs")
    .fix("remove the programs for it")
    .cis(1, "3.1.2", "3.1.2", "")
    .stig(Two, "291015", "291040"),
];
