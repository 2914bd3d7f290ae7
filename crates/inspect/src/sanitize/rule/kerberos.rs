//! `kerberos`: no Kerberos key.
//!
//! A host key makes every copy the same host to the realm.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "kerberos",
    summary: "no Kerberos key",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep"],
    paths: &[
        delete("/etc/krb5.keytab"),
        delete("/var/kerberos/krb5kdc/**"),
        delete("/{var/lib,etc}/krb5kdc/{principal*,stash,.k5.*}"),
        delete("/tmp/krb5cc*"),
        delete("/var/lib/sss/secrets/**"),
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
                ("/etc/krb5.keytab", "x"),
                ("/var/lib/krb5kdc/principal", "x"),
            ],
            &[
                ("/etc/krb5.conf", "kept"),
                ("/etc/krb5kdc/kdc.conf", "kept"),
            ],
        );
    }
}
