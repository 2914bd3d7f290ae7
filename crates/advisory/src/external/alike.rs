//! Which rule of the SCAP Security Guide asks for the same as which of our hardening checks.
//!
//! Source: the rules of `ssg-debian12-ds.xml` (`ComplianceAsCode` 0.1.76), without the part of their
//! names that all have. Several may be one check of ours, which looks at more at once.

/// What all names of rules begin with.
const PREFIX: &str = "xccdf_org.ssgproject.content_rule_";

const ALIKE: &[(&str, &str)] = &[
    ("accounts_no_uid_except_zero", "only-root"),
    ("disable_host_auth", "ssh-host-based"),
    ("ensure_logrotate_activated", "log-rotation"),
    ("file_groupowner_etc_group", "passwd-mode"),
    ("file_groupowner_etc_gshadow", "shadow-mode"),
    ("file_groupowner_etc_passwd", "passwd-mode"),
    ("file_groupowner_etc_shadow", "shadow-mode"),
    ("file_owner_etc_group", "passwd-mode"),
    ("file_owner_etc_gshadow", "shadow-mode"),
    ("file_owner_etc_passwd", "passwd-mode"),
    ("file_owner_etc_shadow", "shadow-mode"),
    ("file_permissions_etc_group", "passwd-mode"),
    ("file_permissions_etc_gshadow", "shadow-mode"),
    ("file_permissions_etc_passwd", "passwd-mode"),
    ("file_permissions_etc_shadow", "shadow-mode"),
    ("no_empty_passwords", "no-empty-passwords"),
    ("package_audit_installed", "audit-installed"),
    ("package_cron_installed", "cron-on"),
    ("package_inetutils-telnetd_removed", "server-telnet"),
    ("package_nis_removed", "client-nis"),
    ("package_rsyslog_installed", "syslog-on"),
    ("package_telnetd-ssl_removed", "server-telnet"),
    ("package_telnetd_removed", "server-telnet"),
    ("partition_for_home", "mount-home"),
    ("partition_for_tmp", "mount-tmp"),
    ("partition_for_var", "mount-var"),
    ("partition_for_var_log", "mount-var-log"),
    ("partition_for_var_log_audit", "mount-var-log-audit"),
    ("partition_for_var_tmp", "mount-var-tmp"),
    ("rsyslog_files_permissions", "syslog-mode"),
    ("service_auditd_enabled", "audit-enabled"),
    ("service_cron_enabled", "cron-on"),
    ("service_ntp_enabled", "time-on"),
    ("service_rsyslog_enabled", "syslog-on"),
    ("sshd_disable_empty_passwords", "ssh-empty-passwords"),
    ("sshd_disable_root_login", "ssh-root"),
    ("sshd_do_not_permit_user_env", "ssh-environment"),
    ("sshd_set_idle_timeout", "ssh-alive"),
    ("sshd_set_keepalive", "ssh-alive"),
    ("sysctl_fs_protected_hardlinks", "protected-links"),
    ("sysctl_fs_protected_symlinks", "protected-links"),
    ("sysctl_fs_suid_dumpable", "core-dumps-suid"),
    ("sysctl_kernel_dmesg_restrict", "dmesg"),
    ("sysctl_kernel_kptr_restrict", "kernel-pointers"),
    ("sysctl_kernel_randomize_va_space", "aslr"),
    ("sysctl_kernel_yama_ptrace_scope", "ptrace"),
    ("sysctl_net_ipv4_ip_forward", "ip-forward"),
];

/// The name of a rule without what all names begin with.
pub(super) fn short(rule: &str) -> &str {
    rule.strip_prefix(PREFIX).unwrap_or(rule)
}

/// The check of ours that asks for the same.
pub(super) fn check(rule: &str) -> Option<&'static str> {
    let found = ALIKE.binary_search_by(|(name, _)| name.cmp(&short(rule)));
    found.ok().map(|at| ALIKE[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found() {
        assert!(ALIKE.is_sorted_by(|a, b| a.0 < b.0));
        let whole = format!("{PREFIX}sshd_disable_root_login");
        assert_eq!(check(&whole), Some("ssh-root"));
        assert_eq!(check("package_telnetd_removed"), Some("server-telnet"));
        assert_eq!(check("no_such_rule"), None);
    }
}
