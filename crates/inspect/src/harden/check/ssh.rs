//! The ssh server, by its effective settings.

use goldsmith_core::finding::Severity::{High, Low, Medium};

use super::Category::{One, Two};
use super::{Check, check};
use crate::harden::kind::Test::{Any, Mode, Sshd, SshdAny};
use crate::harden::kind::mode::Owner;
use crate::harden::want::Want::{Anything, AtLeast, AtMost, Is, OneOf, Triple, Without};

const FIX: &str = "set it in a file in /etc/ssh/sshd_config.d that comes before others";
const WEAK_CIPHERS: &[&str] = &[
    "3des-cbc",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "arcfour",
    "arcfour128",
    "arcfour256",
    "blowfish-cbc",
    "cast128-cbc",
    "rijndael-cbc@lysator.liu.se",
];
const WEAK_MACS: &[&str] = &[
    "hmac-md5",
    "hmac-md5-96",
    "hmac-ripemd160",
    "hmac-sha1",
    "hmac-sha1-96",
    "umac-64@openssh.com",
    "hmac-md5-etm@openssh.com",
    "hmac-md5-96-etm@openssh.com",
    "hmac-ripemd160-etm@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha1-96-etm@openssh.com",
    "umac-64-etm@openssh.com",
];
const WEAK_KEX: &[&str] = &[
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group-exchange-sha1",
];

pub(super) const TABLE: &[Check] = &[
    check(
        "sshd-config-mode",
        "sshd's configuration is root's alone",
        Medium,
        Mode(
            &["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"],
            0o600,
            Owner::Root,
        ),
    )
    .why("who changes it lets others in")
    .fix("`chmod 0600` them")
    .cis(1, "5.1.1", "5.1.1", "4.2.1")
    .stig(Two, "", "255115"),
    check(
        "ssh-key-modes",
        "private host keys are root's",
        High,
        Mode(
            &["/etc/ssh/ssh_host_*_key"],
            0o640,
            Owner::RootOr("ssh_keys"),
        ),
    )
    .why("who reads one poses as the machine")
    .fix("have them made at first boot; `chmod 0600`")
    .cis(1, "5.1.2", "5.1.2", "4.2.2")
    .stig(Two, "", "255120"),
    check(
        "ssh-pub-key-modes",
        "public host keys are only written by root",
        Low,
        Mode(&["/etc/ssh/ssh_host_*_key.pub"], 0o644, Owner::Root),
    )
    .why("a changed one misleads")
    .fix("`chmod 0644`")
    .cis(1, "5.1.3", "5.1.3", "4.2.3")
    .stig(Two, "", "255125"),
    check(
        "ssh-who",
        "who may log in over ssh is listed",
        Low,
        SshdAny(&["AllowUsers", "AllowGroups", "DenyUsers", "DenyGroups"]),
    )
    .why("a new account is not a new way in")
    .fix("set `AllowGroups`")
    .cis(1, "5.1.4", "5.1.7", "4.2.4"),
    check(
        "ssh-banner",
        "a notice is shown before the login",
        Low,
        Sshd(&[("Banner", Anything)]),
    )
    .why("who goes on has been told")
    .fix("set `Banner /etc/issue.net`")
    .cis(1, "5.1.5", "5.1.8", "4.2.15")
    .stig(Two, "255020", "255025"),
    check(
        "ssh-ciphers",
        "only strong ciphers",
        Medium,
        Sshd(&[("Ciphers", Without(WEAK_CIPHERS))]),
    )
    .why("weak ones can be broken")
    .fix(FIX)
    .cis(1, "5.1.6", "5.1.4", "1.9")
    .stig(Two, "255050", "672030"),
    check(
        "ssh-alive",
        "dead sessions end",
        Low,
        Sshd(&[
            ("ClientAliveInterval", AtLeast(1)),
            ("ClientAliveCountMax", AtLeast(1)),
        ]),
    )
    .why("nobody takes over a session that was left")
    .fix("set `ClientAliveInterval 15`, `ClientAliveCountMax 3`")
    .cis(1, "5.1.7", "5.1.9", "4.2.20")
    .stig(Two, "255030-035", "255095-100"),
    check(
        "ssh-forwarding",
        "nothing is forwarded through ssh",
        Medium,
        Any(&[
            Sshd(&[("DisableForwarding", Is("yes"))]),
            Sshd(&[
                ("X11Forwarding", Is("no")),
                ("AllowTcpForwarding", Is("no")),
            ]),
        ]),
    )
    .why("a login is no way around the packet filter")
    .fix("set `DisableForwarding yes`")
    .cis(2, "5.1.8", "5.1.10", "4.2.13")
    .stig(Two, "", ""),
    check(
        "ssh-x11",
        "no X11 through ssh",
        Medium,
        Any(&[
            Sshd(&[("X11Forwarding", Is("no"))]),
            Sshd(&[("DisableForwarding", Is("yes"))]),
        ]),
    )
    .why("the server reads the keyboard of who logs in")
    .fix("set `X11Forwarding no`")
    .cis(1, "5.1.8", "5.1.10", "4.2.12")
    .stig(One, "255040", "255155"),
    check(
        "ssh-host-based",
        "no login because of the host it comes from",
        High,
        Sshd(&[("HostbasedAuthentication", Is("no"))]),
    )
    .why("who takes over one machine has them all")
    .fix(FIX)
    .cis(1, "5.1.10", "5.1.12", "4.2.8")
    .stig(Two, "", "255080"),
    check(
        "ssh-rhosts",
        "no `.rhosts`",
        Medium,
        Sshd(&[("IgnoreRhosts", Is("yes"))]),
    )
    .why("users do not decide who gets in")
    .fix(FIX)
    .cis(1, "5.1.11", "5.1.13", "4.2.10")
    .stig(Two, "", "255145"),
    check(
        "ssh-environment",
        "users do not set the server's environment",
        Medium,
        Sshd(&[("PermitUserEnvironment", Is("no"))]),
    )
    .why("it gets around restrictions")
    .fix(FIX)
    .cis(1, "5.1.21", "5.1.21", "4.2.11")
    .stig(One, "255025", "255085"),
    check(
        "ssh-kex",
        "only strong key exchange",
        Medium,
        Sshd(&[("KexAlgorithms", Without(WEAK_KEX))]),
    )
    .why("weak ones can be broken")
    .fix(FIX)
    .cis(1, "5.1.12", "5.1.5", "1.9")
    .stig(Two, "255060", ""),
    check(
        "ssh-grace",
        "a login takes at most a minute",
        Low,
        Sshd(&[("LoginGraceTime", AtMost(60))]),
    )
    .why("half-open logins do not fill the server")
    .fix("set `LoginGraceTime 60`")
    .cis(1, "5.1.13", "5.1.14", "4.2.19"),
    check(
        "ssh-log-level",
        "logins are logged",
        Low,
        Sshd(&[("LogLevel", OneOf(&["INFO", "VERBOSE"]))]),
    )
    .why("who was there can be told")
    .fix("set `LogLevel VERBOSE`")
    .cis(1, "5.1.14", "5.1.15", "4.2.5")
    .stig(Two, "", "255030"),
    check(
        "ssh-macs",
        "only strong message authentication",
        Medium,
        Sshd(&[("MACs", Without(WEAK_MACS))]),
    )
    .why("weak ones can be broken")
    .fix("set `MACs -hmac-sha1*,umac-64*`")
    .cis(1, "5.1.15", "5.1.6", "1.9")
    .stig(Two, "255055", ""),
    check(
        "ssh-tries",
        "few tries a connection",
        Low,
        Sshd(&[("MaxAuthTries", AtMost(4))]),
    )
    .why("guessing takes longer")
    .fix("set `MaxAuthTries 4`")
    .cis(1, "5.1.16", "5.1.16", "4.2.16"),
    check(
        "ssh-sessions",
        "few sessions a connection",
        Low,
        Sshd(&[("MaxSessions", AtMost(10))]),
    )
    .why("one client does not fill the server")
    .fix("set `MaxSessions 10`")
    .cis(1, "5.1.17", "5.1.18", "4.2.18"),
    check(
        "ssh-startups",
        "few logins at the same time",
        Low,
        Sshd(&[("MaxStartups", Triple(10, 30, 60))]),
    )
    .why("half-open logins do not fill the server")
    .fix("set `MaxStartups 10:30:60`")
    .cis(1, "5.1.18", "5.1.17", "4.2.17"),
    check(
        "ssh-empty-passwords",
        "no login without a password",
        High,
        Sshd(&[("PermitEmptyPasswords", Is("no"))]),
    )
    .why("anybody gets in")
    .fix(FIX)
    .cis(1, "5.1.19", "5.1.19", "4.2.9")
    .stig(One, "255025", "255040"),
    check(
        "ssh-passwords",
        "no login by password",
        Medium,
        Sshd(&[("PasswordAuthentication", Is("no"))]),
    )
    .why("keys cannot be guessed; what clouds expect")
    .fix("set `PasswordAuthentication no`")
    .cis(2, "", "", ""),
    check(
        "ssh-root",
        "root does not log in over ssh",
        High,
        Sshd(&[("PermitRootLogin", Is("no"))]),
    )
    .why("who became root can be told")
    .fix("set `PermitRootLogin no`")
    .cis(1, "5.1.20", "5.1.20", "4.2.7")
    .stig(Two, "", "255045"),
    check(
        "ssh-pam",
        "sshd asks PAM",
        Medium,
        Sshd(&[("UsePAM", Is("yes"))]),
    )
    .why("locked accounts and limits count for ssh too")
    .fix("set `UsePAM yes`")
    .cis(1, "5.1.22", "5.1.22", "4.2.6")
    .stig(One, "255065", "255050"),
];
