//! `rhsm`: no registration at Red Hat.
//!
//! Copies with one identity are one system to the subscription service; its certificates are
//! private keys.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "rhsm",
    summary: "no registration at Red Hat",
    families: &[Family::Rhel],
    actions: &[Action::Delete],
    references: &["virt-sysprep", "kubernetes-image-builder"],
    paths: &[
        delete("/etc/pki/{consumer,entitlement,entitlement-host}/*"),
        delete("/etc/rhsm/facts/*"),
        delete("/var/lib/rhsm/{facts,cache,packages,productid.js,*.json}"),
        delete("/var/log/rhsm/*"),
        delete("/etc/sysconfig/rhn/{systemid,osad-auth.conf}"),
        delete("/etc/insights-client/{machine-id,.registered,.unregistered,.lastupload}"),
        delete("/var/lib/insights/*"),
        delete("/etc/pki/rhui/{key,*.key}"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &RULE,
            &[
                ("/etc/pki/consumer/key.pem", "x"),
                ("/etc/pki/entitlement/1-key.pem", "x"),
                ("/etc/rhsm/facts/a.facts", "{}"),
                ("/var/lib/rhsm/productid.js", "{}"),
                ("/etc/sysconfig/rhn/systemid", "x"),
                ("/etc/insights-client/machine-id", "x"),
            ],
            &[
                ("/etc/pki/product/69.pem", "x"),
                ("/etc/rhsm/rhsm.conf", "x"),
            ],
        );
    }
}
