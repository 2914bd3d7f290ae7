//! The boot loader and mandatory access control.

use goldsmith_core::finding::Severity::{High, Medium};

use super::Category::{One, Two};
use super::{Check, Need, check};
use crate::harden::kind::Test::{
    All, Config, KernelWord, KernelWordsAbsent, Mode, PackageAny, TextAbsent, TextPresent, UnitAny,
};
use crate::harden::kind::config::Source;
use crate::harden::kind::mode::Owner;
use crate::harden::want::Want;

const GRUB: &[&str] = &[
    "/boot/{grub,grub2}/grub.cfg",
    "/boot/{grub,grub2}/user.cfg",
    "/boot/efi/EFI/*/grub.cfg",
    "/boot/grub/custom.cfg",
];
const DEBIAN: &[Need] = &[Need::Distribution(&["debian", "ubuntu"])];
const RED_HAT: &[Need] = &[Need::Distribution(&[
    "rhel",
    "centos",
    "almalinux",
    "rocky",
    "amzn",
    "fedora",
    "ol",
])];

const SELINUX: Source = Source {
    of: &[],
    files: &["/etc/selinux/config"],
    folders: &[],
    defaults: &[],
};

pub(super) const TABLE: &[Check] = &[
    check(
        "grub-password",
        "the boot loader asks for a password before it is changed",
        Medium,
        TextPresent(GRUB, r"^(set superusers=|GRUB2_PASSWORD=)"),
    )
    .why("who stands at the console can start a shell of root; waive it where nobody does")
    .fix("set `superusers` and a `password_pbkdf2` in /etc/grub.d")
    .cis(1, "1.4.1", "1.4.1", "")
    .stig(One, "212010", "212010")
    .needs(&[Need::Path(&["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"])]),
    check(
        "grub-mode",
        "the boot loader's configuration is root's alone",
        Medium,
        Mode(
            &[
                "/boot/{grub,grub2}/grub.cfg",
                "/boot/{grub,grub2}/{user,custom}.cfg",
            ],
            0o600,
            Owner::Root,
        ),
    )
    .why("it may hold hashes of passwords")
    .fix("`chmod 0600 /boot/grub/grub.cfg`")
    .cis(1, "1.4.2", "1.4.2", "1.4.1"),
    check(
        "apparmor-installed",
        "AppArmor is installed",
        Medium,
        PackageAny(&["apparmor"]),
    )
    .why("programs do what their profile lets them, whatever goes wrong in them")
    .fix("install `apparmor`")
    .cis(1, "1.3.1.1", "", "")
    .stig(Two, "431010", "")
    .needs(DEBIAN),
    check(
        "apparmor-boot",
        "AppArmor is on from the start",
        Medium,
        All(&[
            UnitAny(&["apparmor.service"]),
            KernelWordsAbsent(&["apparmor=0", "security=none"]),
        ]),
    )
    .why("a profile that is not loaded confines nothing")
    .fix("enable `apparmor.service`; take `apparmor=0` off the kernel's command line")
    .cis(1, "1.3.1.2", "", "")
    .stig(Two, "431010", "")
    .needs(DEBIAN),
    check(
        "apparmor-kernel-line",
        "AppArmor is asked for on the kernel's command line",
        Medium,
        All(&[KernelWord("apparmor=1"), KernelWord("security=apparmor")]),
    )
    .why("a default may change")
    .fix("add `apparmor=1 security=apparmor` to GRUB_CMDLINE_LINUX")
    .cis(1, "1.3.1.2", "", "")
    .needs(DEBIAN),
    check(
        "apparmor-not-off",
        "no profile of AppArmor is turned off",
        Medium,
        TextAbsent(
            &["/etc/apparmor.d/*"],
            r"flags=\([^)]*\b(complain|unconfined)\b",
        ),
    )
    .why("a profile in complain mode confines nothing")
    .fix("`aa-enforce` the profile")
    .cis(2, "1.3.1.3-4", "", "")
    .stig(Two, "431015", "")
    .needs(&[Need::Path(&["/etc/apparmor.d"])]),
    check(
        "selinux-enforcing",
        "SELinux is enforcing",
        High,
        All(&[
            Config(&SELINUX, "SELINUX", Want::Is("enforcing")),
            KernelWordsAbsent(&["selinux=0", "enforcing=0"]),
        ]),
    )
    .why("programs do what the policy lets them, whatever goes wrong in them")
    .fix("set `SELINUX=enforcing` in /etc/selinux/config")
    .cis(1, "", "1.3.1.5", "1.6.1.5")
    .stig(One, "", "431010")
    .needs(RED_HAT),
    check(
        "selinux-targeted",
        "SELinux has the targeted policy",
        Medium,
        Config(&SELINUX, "SELINUXTYPE", Want::OneOf(&["targeted", "mls"])),
    )
    .why("it is the one that is looked after")
    .fix("set `SELINUXTYPE=targeted`")
    .cis(1, "", "1.3.1.3", "1.6.1.3")
    .stig(Two, "", "431015")
    .needs(RED_HAT),
];
