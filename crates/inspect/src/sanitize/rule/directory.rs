//! `directory`: no membership in a directory.
//!
//! Caches and machine accounts of SSSD, Samba, winbind and IPA; their configuration is
//! only named.

use super::{Action, Family, Rule, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "directory",
    summary: "no membership in a directory",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["virt-sysprep"],
    paths: &[
        delete("/var/lib/sss/{db,mc}/**"),
        delete("/var/{lib,cache}/samba/**"),
        delete("/var/lib/ipa-client/**"),
        delete("/etc/ipa/{ca.crt,default.conf,nssdb/**}"),
        delete("/var/lib/realmd/**"),
        warn("/etc/sssd/{sssd.conf,conf.d/*}", "may hold a bind password"),
        warn("/etc/adcli.conf", "names a domain"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/var/lib/sss/db/cache_x.ldb", "x"),
                ("/var/lib/samba/private/secrets.tdb", "x"),
                ("/etc/ipa/ca.crt", "x"),
            ],
            &[("/etc/samba/smb.conf", "kept")],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[("/etc/sssd/sssd.conf", "x")],
            &[("/etc/nsswitch.conf", "kept")],
        );
    }
}
