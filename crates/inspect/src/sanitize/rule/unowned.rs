//! `unowned`: files that no package brought are listed, so that drift can be seen.
//!
//! What package scripts make in every system (byte code, caches, the account files) is
//! left out, and so are links: they say nothing about who changed what.

use super::{Action, Family, Found, Kind, Rule, Search, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unowned",
    summary: "files under /etc, /opt and /usr that no package brought are listed",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["goldsmith"],
    paths: &[],
    code: Some(|search, found| {
        find(search, found);
        Ok(())
    }),
};

fn find(search: &Search<'_>, found: &mut Found) {
    if !search.snapshot.system().lists_files() {
        return;
    }
    for folder in ["/etc", "/opt", "/usr"] {
        for node in search.snapshot.beneath(folder) {
            if node.kind == Kind::File && !search.snapshot.is_owned(node) && !is_made(&node.path) {
                found.report(Severity::Info, &node.path, None, "");
            }
        }
    }
}

/// In `/etc` of every Debian system, made by scripts of packages.
const MADE: &[&str] = &[
    "apparmor.d/local/sbin.dhclient",
    "apt/sources.list",
    "ca-certificates.conf",
    "default/locale",
    "environment",
    "fstab",
    "group",
    "gshadow",
    "hostname",
    "hosts",
    "hosts.allow",
    "hosts.deny",
    "initramfs-tools/modules",
    "inputrc",
    "ld.so.cache",
    "locale.conf",
    "locale.gen",
    "machine-id",
    "modules",
    "motd",
    "network/interfaces",
    "networks",
    "nsswitch.conf",
    "passwd",
    "profile",
    "python3/debian_config",
    "security/opasswd",
    "shadow",
    "shells",
    "ssl/certs/ca-certificates.crt",
    "subgid",
    "subuid",
    "timezone",
];

fn is_made(path: &str) -> bool {
    const ENDINGS: &[&str] = &[".pyc", ".cache", "/locale-archive", "/mimeinfo.cache"];
    const FOLDERS: &[&str] = &[
        "/usr/lib/modules/",
        "/usr/share/mime/",
        "/usr/share/info/dir",
    ];
    path.strip_prefix("/etc/")
        .is_some_and(|inner| MADE.contains(&inner) || inner.starts_with("pam.d/common-"))
        || ENDINGS.iter().any(|end| path.ends_with(end))
        || FOLDERS.iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check_report;

    #[test]
    fn lists() {
        check_report(
            &super::RULE,
            &[
                ("/usr/local/bin/mine", "x"),
                ("/opt/app/run", "x"),
                ("/etc/mine", "x"),
            ],
            &[
                (
                    "/var/lib/dpkg/info/p.list",
                    "/usr/bin/p\n/usr/lib/systemd/systemd\n/usr/lib/os-release\n\
                     /etc/ssh/sshd_config\n",
                ),
                ("/usr/bin/p", "x"),
                ("/usr/lib/python3/a.pyc", "x"),
            ],
        );
    }
}
