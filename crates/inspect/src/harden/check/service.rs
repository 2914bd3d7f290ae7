//! Services and programs that a server has no use for, and the clock.

use goldsmith_core::finding::Severity::{High, Low, Medium};

use super::Category::{One, Two};
use super::{Check, check};
use crate::harden::kind::Test::{Any, PackagesAbsent, TextPresent, UnitAny, UnitsOff, UnitsOne};

const CLIENT: &str = "passwords and data go over the network in clear";
const SERVER: &str = "a service that nobody needs is only of use to an attacker";
const FIX: &str = "remove the package";

pub(super) const TABLE: &[Check] = &[
    check(
        "client-telnet",
        "no telnet client",
        Medium,
        PackagesAbsent(&["telnet", "inetutils-telnet"]),
    )
    .why(CLIENT)
    .fix(FIX)
    .cis(1, "2.2.4", "2.2.4", "2.3.3"),
    check(
        "client-rsh",
        "no rsh client",
        Medium,
        PackagesAbsent(&["rsh-client", "rsh", "rsh-redone-client", "inetutils-rsh"]),
    )
    .why(CLIENT)
    .fix(FIX)
    .cis(1, "2.2.2", "", ""),
    check(
        "client-nis",
        "no NIS client",
        Medium,
        PackagesAbsent(&["nis", "ypbind", "ypbind-mt"]),
    )
    .why(CLIENT)
    .fix(FIX)
    .cis(1, "2.2.1", "2.2.3", "2.3.4"),
    check(
        "client-talk",
        "no talk client",
        Low,
        PackagesAbsent(&["talk", "inetutils-talk"]),
    )
    .why(CLIENT)
    .fix(FIX)
    .cis(1, "2.2.3", "", ""),
    check(
        "client-ftp",
        "no FTP client",
        Low,
        PackagesAbsent(&["ftp", "tnftp", "lftp"]),
    )
    .why(CLIENT)
    .fix(FIX)
    .cis(1, "2.2.6", "2.2.1", "2.3.1"),
    check(
        "server-telnet",
        "no telnet server",
        High,
        PackagesAbsent(&[
            "telnetd",
            "inetutils-telnetd",
            "telnet-server",
            "telnetd-ssl",
        ]),
    )
    .why(CLIENT)
    .fix(FIX)
    .stig(One, "215035", "215040"),
    check(
        "server-rsh",
        "no rsh server",
        High,
        PackagesAbsent(&["rsh-server", "rsh-redone-server", "inetutils-inetd"]),
    )
    .why(CLIENT)
    .fix(FIX)
    .stig(One, "215030", "215035"),
    check(
        "server-ftp",
        "no FTP server",
        Medium,
        PackagesAbsent(&["vsftpd", "proftpd-basic", "proftpd-core", "pure-ftpd"]),
    )
    .why(CLIENT)
    .fix("remove the package, or waive it where it is what the image is for")
    .cis(1, "2.1.6", "2.1.7", "2.2.7")
    .stig(One, "", "215015"),
    check(
        "server-tftp",
        "no TFTP server",
        Medium,
        PackagesAbsent(&["tftpd-hpa", "atftpd", "tftp-server"]),
    )
    .why("anybody may read and write")
    .fix(FIX)
    .cis(1, "2.1.16", "2.1.14", "2.2.14"),
    check(
        "server-avahi",
        "no Avahi",
        Medium,
        Any(&[
            PackagesAbsent(&["avahi-daemon", "avahi"]),
            UnitsOff(&["avahi-daemon.service", "avahi-daemon.socket"]),
        ]),
    )
    .why(SERVER)
    .fix(FIX)
    .cis(1, "2.1.2", "2.1.2", "2.2.2"),
    check(
        "server-rpcbind",
        "no rpcbind",
        Medium,
        Any(&[
            PackagesAbsent(&["rpcbind"]),
            UnitsOff(&["rpcbind.service", "rpcbind.socket"]),
        ]),
    )
    .why(SERVER)
    .fix(FIX)
    .cis(1, "2.1.12", "2.1.12", "2.2.17"),
    check(
        "server-xinetd",
        "no xinetd",
        Medium,
        PackagesAbsent(&["xinetd", "openbsd-inetd"]),
    )
    .why(SERVER)
    .fix(FIX)
    .cis(1, "2.1.19", "2.1.19", ""),
    check(
        "server-autofs",
        "nothing is mounted by itself",
        Low,
        Any(&[PackagesAbsent(&["autofs"]), UnitsOff(&["autofs.service"])]),
    )
    .why("a disk that somebody plugs in carries data in and out")
    .fix(FIX)
    .cis(1, "2.1.1", "2.1.1", "")
    .stig(Two, "", "231040"),
    check(
        "server-x11",
        "no X server",
        Low,
        PackagesAbsent(&[
            "xserver-xorg-core",
            "xserver-common",
            "xorg-x11-server-common",
        ]),
    )
    .why(SERVER)
    .fix(FIX)
    .cis(2, "2.1.20", "2.1.20", "2.2.1"),
    check(
        "server-cups",
        "no print server",
        Low,
        Any(&[
            PackagesAbsent(&["cups-daemon", "cups"]),
            UnitsOff(&["cups.service", "cups.socket"]),
        ]),
    )
    .why(SERVER)
    .fix(FIX)
    .cis(1, "2.1.11", "2.1.11", "2.2.3"),
    check(
        "server-nfs",
        "no NFS server",
        Low,
        Any(&[
            PackagesAbsent(&["nfs-kernel-server"]),
            UnitsOff(&["nfs-server.service", "nfs-kernel-server.service"]),
        ]),
    )
    .why(SERVER)
    .fix("remove the package, or waive it where it is what the image is for")
    .cis(1, "2.1.9", "2.1.9", "2.2.16"),
    check(
        "server-samba",
        "no Samba server",
        Low,
        Any(&[
            PackagesAbsent(&["samba"]),
            UnitsOff(&["smbd.service", "smb.service"]),
        ]),
    )
    .why(SERVER)
    .fix("remove the package, or waive it where it is what the image is for")
    .cis(1, "2.1.14", "2.1.14", "2.2.9"),
    check(
        "server-snmp",
        "no SNMP server",
        Low,
        Any(&[
            PackagesAbsent(&["snmpd", "net-snmp"]),
            UnitsOff(&["snmpd.service"]),
        ]),
    )
    .why(CLIENT)
    .fix("remove the package, or waive it where it is what the image is for")
    .cis(1, "2.1.15", "2.1.15", "2.2.11"),
    check(
        "server-rsync",
        "no rsync server",
        Low,
        UnitsOff(&["rsync.service", "rsyncd.service", "rsyncd.socket"]),
    )
    .why(CLIENT)
    .fix("disable `rsync.service`")
    .cis(1, "2.1.13", "2.1.13", "2.2.15"),
    check(
        "time-one-service",
        "exactly one service keeps the clock",
        Medium,
        UnitsOne(&[
            &["systemd-timesyncd.service"],
            &["chrony.service", "chronyd.service"],
            &["ntp.service", "ntpsec.service", "ntpd.service"],
        ]),
    )
    .why("logs of machines whose clocks differ cannot be put together, and certificates fail")
    .fix("enable `chrony.service` or `systemd-timesyncd.service`")
    .cis(1, "2.3.1.1, 2.3.2.2", "2.3.1", "2.1.1")
    .stig(Two, "252015", "252015"),
    check(
        "time-servers",
        "the clock's servers are named",
        Low,
        TextPresent(
            &[
                "/etc/systemd/timesyncd.conf",
                "/{etc,usr/lib}/systemd/timesyncd.conf.d/*.conf",
                "/etc/chrony/chrony.conf",
                "/etc/chrony/{conf.d/*.conf,sources.d/*.sources}",
                "/etc/chrony.conf",
                "/etc/{ntp.conf,ntpsec/ntp.conf}",
            ],
            r"^(server|pool|peer|refclock|NTP=\S|FallbackNTP=\S)",
        ),
    )
    .why("a clock without a server drifts")
    .fix("name a server in /etc/systemd/timesyncd.conf.d or /etc/chrony")
    .cis(1, "2.3.2.1, 2.3.3.1", "2.3.2", "2.1.2")
    .stig(Two, "252010", "252020"),
    check(
        "time-on",
        "the clock's service is on",
        Medium,
        UnitAny(&[
            "systemd-timesyncd.service",
            "chrony.service",
            "chronyd.service",
            "ntp.service",
            "ntpsec.service",
            "ntpd.service",
        ]),
    )
    .why("as above")
    .fix("enable it")
    .cis(1, "2.3.2.2, 2.3.3.3", "2.3.1", "2.1.1"),
];
