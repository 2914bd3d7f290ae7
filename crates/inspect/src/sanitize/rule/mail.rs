//! `mail`: no mail and no queue.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "mail",
    summary: "no mail and no queue",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep", "ec2-image-builder"],
    paths: &[
        delete("/var/{spool/mail,mail}/*"),
        delete("/var/spool/exim4/{input,msglog,db,scan}/**"),
        delete(
            "/var/spool/postfix/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,maildrop,saved,trace,pid}/**",
        ),
        delete("/var/lib/postfix/{master.lock,smtp*_scache*}"),
        delete("/var/lib/dovecot/**"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/var/mail/root", "x"),
                ("/var/spool/exim4/input/x-D", "x"),
                ("/var/lib/dovecot/instances", "x"),
            ],
            &[("/var/spool/postfix/etc/hosts", "kept")],
        );
    }
}
