//! The kernel's own defences.

use goldsmith_core::finding::Severity::{High, Low, Medium};

use super::Category::Two;
use super::{Check, Need, check};
use crate::harden::kind::Test::PackagesAbsent;
use crate::harden::kind::Test::{All, Any, Config, Sysctl, TextPresent, UnitsOff};
use crate::harden::kind::config::Source;
use crate::harden::want::Want::{AtLeast, Is};

const FIX: &str = "set it in a file in /etc/sysctl.d";

const COREDUMP: Source = Source {
    of: &["/usr/lib/systemd/systemd-coredump"],
    files: &["/etc/systemd/coredump.conf"],
    folders: &[
        "/etc/systemd/coredump.conf.d",
        "/usr/lib/systemd/coredump.conf.d",
    ],
    defaults: &[("Storage", "external"), ("ProcessSizeMax", "2G")],
};

pub(super) const TABLE: &[Check] = &[
    check(
        "aslr",
        "addresses are shuffled",
        High,
        Sysctl(&[("kernel.randomize_va_space", Is("2"))]),
    )
    .why("an exploit has to guess where things are")
    .fix(FIX)
    .cis(1, "1.5.1", "1.5.1", "1.5.1")
    .stig(Two, "213020", "213070"),
    check(
        "ptrace",
        "programs do not look into others",
        Medium,
        Sysctl(&[("kernel.yama.ptrace_scope", AtLeast(1))]),
    )
    .why("a program that was broken into reads no keys out of its neighbours")
    .fix(FIX)
    .cis(1, "1.5.2", "1.5.2", "1.5.2")
    .stig(Two, "", "213080"),
    check(
        "core-dumps-suid",
        "no core of a program with the rights of another",
        Medium,
        Sysctl(&[("fs.suid_dumpable", Is("0"))]),
    )
    .why("a core holds what the program held")
    .fix(FIX)
    .cis(1, "1.5.3", "1.5.3", "1.5.3"),
    check(
        "core-dumps-limit",
        "core files are off by default",
        Low,
        TextPresent(
            &["/etc/security/limits.{conf,d/*}"],
            r"^\*\s+hard\s+core\s+0\b",
        ),
    )
    .why("a core holds what the program held")
    .fix("write `* hard core 0` to a file in /etc/security/limits.d")
    .cis(1, "1.5.3", "1.5.3", "1.5.3")
    .stig(Two, "", "213095"),
    check(
        "core-dumps-stored",
        "systemd stores no core",
        Low,
        All(&[
            Config(&COREDUMP, "Storage", Is("none")),
            Config(&COREDUMP, "ProcessSizeMax", Is("0")),
        ]),
    )
    .why("a core holds what the program held")
    .fix("set `Storage=none` and `ProcessSizeMax=0` in /etc/systemd/coredump.conf")
    .cis(1, "1.5.3", "1.5.4", "1.5.4")
    .stig(Two, "", "213085-090"),
    check(
        "dmesg",
        "the kernel's log is root's",
        Low,
        Sysctl(&[("kernel.dmesg_restrict", Is("1"))]),
    )
    .why("it holds addresses that an exploit needs")
    .fix(FIX)
    .stig(Two, "213010", "213010"),
    check(
        "kernel-pointers",
        "the kernel's addresses are hidden",
        Low,
        Sysctl(&[("kernel.kptr_restrict", AtLeast(1))]),
    )
    .why("an exploit has to guess where things are")
    .fix(FIX)
    .stig(Two, "", "213025"),
    check(
        "bpf",
        "only root loads BPF programs",
        Medium,
        Sysctl(&[("kernel.unprivileged_bpf_disabled", AtLeast(1))]),
    )
    .why("the verifier has had many holes")
    .fix(FIX)
    .stig(Two, "", "213075"),
    check(
        "kexec",
        "no other kernel can be started",
        Low,
        Sysctl(&[("kernel.kexec_load_disabled", Is("1"))]),
    )
    .why("it gets around secure boot")
    .fix(FIX)
    .stig(Two, "", "213020"),
    check(
        "perf-events",
        "only root watches the whole system's performance",
        Low,
        Sysctl(&[("kernel.perf_event_paranoid", AtLeast(2))]),
    )
    .why("it tells what other programs do")
    .fix(FIX)
    .stig(Two, "", "213015"),
    check(
        "protected-links",
        "links in shared folders cannot trick others",
        Medium,
        Sysctl(&[
            ("fs.protected_symlinks", Is("1")),
            ("fs.protected_hardlinks", Is("1")),
        ]),
    )
    .why("a program of root writes where somebody else's link leads")
    .fix(FIX)
    .stig(Two, "", "213030-035"),
    check(
        "kdump-off",
        "no memory image of a crashed kernel is kept",
        Low,
        UnitsOff(&["kdump.service", "kdump-tools.service"]),
    )
    .why("it holds every secret of the machine")
    .fix("disable the unit")
    .stig(Two, "213015", "213115"),
    check(
        "prelink-absent",
        "prelink is not installed",
        Low,
        PackagesAbsent(&["prelink"]),
    )
    .why("it undoes the shuffling of addresses")
    .fix("remove the package")
    .cis(1, "1.5.4", "", ""),
    check(
        "error-reporting-off",
        "reports of crashes go nowhere",
        Low,
        Any(&[PackagesAbsent(&["apport"]), UnitsOff(&["apport.service"])]),
    )
    .why("a report holds memory of the program")
    .fix("disable `apport.service`")
    .cis(1, "1.5.5", "", "")
    .needs(&[Need::Distribution(&["debian", "ubuntu"])]),
];
