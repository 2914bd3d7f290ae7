//! Checks that need a running machine: what a boot test asks the guest.
//!
//! Each is one shell command that a guest runs as root; it passes when the command ends with 0, and
//! what the command prints says what is wrong.

use goldsmith_core::finding::{Finding, Kind, Place, Severity};

use super::check::Profile;

/// A question to a running machine.
#[derive(Debug, Clone, Copy)]
pub struct GuestCheck {
    /// A stable name.
    pub id: &'static str,
    /// What holds in a machine that passes.
    pub title: &'static str,
    /// How bad it is when it does not.
    pub severity: Severity,
    /// What to do.
    pub remediation: &'static str,
    /// For `/bin/sh`, as root.
    pub command: &'static str,
    /// What asks for it.
    pub profiles: &'static [Profile],
    /// Numbers of benchmarks.
    pub references: &'static [&'static str],
}

use Profile::{Cis1, Cis2, StigHigh, StigMedium};

/// Every one.
pub const GUEST_CHECKS: &[GuestCheck] = &[
    GuestCheck {
        id: "guest-aslr",
        title: "addresses are shuffled",
        severity: Severity::High,
        remediation: "set `kernel.randomize_va_space = 2` in /etc/sysctl.d",
        command: "v=$(cat /proc/sys/kernel/randomize_va_space); [ \"$v\" = 2 ] || { echo \"kernel.randomize_va_space is $v\"; exit 1; }",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 1.5.1"],
    },
    GuestCheck {
        id: "guest-apparmor-enforcing",
        title: "AppArmor's profiles are loaded and enforcing",
        severity: Severity::Medium,
        remediation: "boot with `apparmor=1 security=apparmor` and install profiles",
        command: "[ \"$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)\" = Y ] || { echo 'AppArmor is off'; exit 1; }; n=$(grep -c '(enforce)' /sys/kernel/security/apparmor/profiles); [ \"$n\" -gt 0 ] || { echo 'no profile enforces'; exit 1; }",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 1.3.1.3", "CIS Debian 12 1.3.1.4"],
    },
    GuestCheck {
        id: "guest-selinux-enforcing",
        title: "SELinux is enforcing, where there is SELinux",
        severity: Severity::Medium,
        remediation: "set `SELINUX=enforcing` in /etc/selinux/config",
        command: "[ ! -e /sys/fs/selinux/enforce ] || [ \"$(cat /sys/fs/selinux/enforce)\" = 1 ] || { echo 'SELinux is permissive'; exit 1; }",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS RHEL 9 1.3.1.4"],
    },
    GuestCheck {
        id: "guest-modules",
        title: "no module of an unused file system or protocol is loaded",
        severity: Severity::Low,
        remediation: "forbid them in /etc/modprobe.d with `install NAME /bin/false`",
        command: "bad=$(cut -d' ' -f1 /proc/modules | grep -Ex 'cramfs|freevxfs|hfs|hfsplus|jffs2|usb_storage|dccp|tipc|rds|sctp'); [ -z \"$bad\" ] || { echo $bad; exit 1; }",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 1.1.1", "CIS Debian 12 3.2"],
    },
    GuestCheck {
        id: "guest-shm-options",
        title: "/dev/shm is mounted with nodev, nosuid, noexec",
        severity: Severity::Low,
        remediation: "mount it with these options by /etc/fstab",
        command: "o=$(awk '$2 == \"/dev/shm\" { print $4 }' /proc/mounts); for w in nodev nosuid noexec; do case \",$o,\" in *,$w,*) ;; *) echo \"/dev/shm without $w\"; exit 1 ;; esac; done",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 1.1.2.2.2-4"],
    },
    GuestCheck {
        id: "guest-ports",
        title: "nothing but ssh listens on other addresses than the loopback",
        severity: Severity::High,
        remediation: "take the service out, or have it listen on the loopback",
        command: "bad=$(ss -Hltn | awk '{ print $4 }' | grep -Ev '^(127\\.|\\[::1\\]|\\[::ffff:127\\.)' | sed 's/.*://' | grep -vx 22 | sort -un); [ -z \"$bad\" ] || { echo ports $bad; exit 1; }",
        profiles: &[Cis1, Cis2],
        references: &["CIS Debian 12 2.1.22"],
    },
    GuestCheck {
        id: "guest-firewall",
        title: "a packet filter is loaded that drops what no rule lets in",
        severity: Severity::High,
        remediation: "write the rules to /etc/nftables.conf and enable `nftables.service`",
        command: "nft list ruleset 2>/dev/null | grep -q 'hook input .*policy drop' || iptables -S INPUT 2>/dev/null | grep -qx -- '-P INPUT DROP' || { echo 'input is open'; exit 1; }",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 4.3.8"],
    },
    GuestCheck {
        id: "guest-audit-rules",
        title: "the kernel has rules for the audit",
        severity: Severity::Medium,
        remediation: "put them in /etc/audit/rules.d and enable `auditd.service`",
        command: "n=$(auditctl -l 2>/dev/null | grep -c '^-'); [ \"$n\" -gt 0 ] || { echo 'no audit rule is loaded'; exit 1; }",
        profiles: &[Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 6.2.3"],
    },
    GuestCheck {
        id: "guest-audit-immutable",
        title: "the kernel's audit rules cannot be changed",
        severity: Severity::Low,
        remediation: "end the rules with `-e 2`",
        command: "auditctl -s 2>/dev/null | grep -qx 'enabled 2' || { echo 'audit rules can be changed'; exit 1; }",
        profiles: &[Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 6.2.3.20"],
    },
    GuestCheck {
        id: "guest-sshd",
        title: "sshd refuses root and empty passwords",
        severity: Severity::High,
        remediation: "set `PermitRootLogin no` and `PermitEmptyPasswords no`",
        command: "command -v sshd >/dev/null || exit 0; c=$(sshd -T 2>&1) || { echo \"$c\"; exit 1; }; echo \"$c\" | grep -qx 'permitrootlogin no' && echo \"$c\" | grep -qx 'permitemptypasswords no' || { echo \"$c\" | grep -E '^permit(root|empty)'; exit 1; }",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 5.1.19", "CIS Debian 12 5.1.20"],
    },
    GuestCheck {
        id: "guest-clock",
        title: "the clock is kept",
        severity: Severity::Medium,
        remediation: "enable one time service",
        command: "systemctl is-active --quiet systemd-timesyncd chrony chronyd ntp ntpsec || systemctl is-active systemd-timesyncd chrony chronyd ntp ntpsec 2>/dev/null | grep -qx active || { echo 'no time service runs'; exit 1; }",
        profiles: &[Cis1, Cis2, StigMedium, StigHigh],
        references: &["CIS Debian 12 2.3.1.1"],
    },
];

/// Those of a profile.
pub fn of(profile: Profile) -> impl Iterator<Item = &'static GuestCheck> {
    GUEST_CHECKS
        .iter()
        .filter(move |check| check.profiles.contains(&profile))
}

impl GuestCheck {
    /// The finding that a machine does not pass it; `said`: what the command printed.
    pub fn finding(&self, profile: Profile, said: &str) -> Finding {
        Finding {
            kind: Kind::Hardening,
            id: self.id.to_owned(),
            severity: self.severity,
            place: Place::Image,
            title: format!("not so: {}", self.title),
            fix: Some(self.remediation.to_owned()),
            references: self.references.iter().map(|it| (*it).to_owned()).collect(),
            facts: vec![
                ("found", said.to_owned()),
                ("profile", profile.word().to_owned()),
            ],
        }
    }
}

/// Whether one of this name is asked of a machine, which a scan of its disk says nothing of.
pub fn is_one(id: &str) -> bool {
    GUEST_CHECKS.iter().any(|check| check.id == id)
}

#[cfg(test)]
mod tests {
    use super::GUEST_CHECKS;

    /// A command that the shell cannot read would fail on every machine.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the shell is the oracle here")]
    fn commands_are_shell() {
        for check in GUEST_CHECKS {
            let status = std::process::Command::new("/bin/sh")
                .args(["-n", "-c", check.command])
                .status()
                .unwrap();
            assert!(status.success(), "{}", check.id);
            assert!(
                !check.profiles.is_empty() && !check.references.is_empty(),
                "{}",
                check.id
            );
        }
    }
}
