//! `backup-files`: no backup copies that editors and package tools leave.
//!
//! They hold what somebody thought was gone. Content under `/srv` is only named.

use super::{Action, Family, Rule, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "backup-files",
    summary: "no backup copies that editors and package tools leave",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["virt-sysprep"],
    paths: &[
        delete(
            "/{etc,root,var}/**/*{~,.bak,.orig,.swp,.swo,.save,.dpkg-old,.dpkg-new,.dpkg-dist,.dpkg-tmp,.ucf-old,.ucf-dist,.ucf-new}",
        ),
        warn(
            "/srv/**/*{~,.bak,.orig,.swp,.save}",
            "looks like a backup copy",
        ),
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
                ("/etc/nginx/nginx.conf~", "x"),
                ("/root/.x.swp", "x"),
                ("/etc/ca-certificates.conf.dpkg-old", "x"),
                ("/var/lib/app/a.bak", "x"),
            ],
            &[("/etc/bak", "kept"), ("/usr/share/x.orig", "kept")],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[("/srv/www/index.html.bak", "x")],
            &[("/srv/www/save", "kept")],
        );
    }
}
