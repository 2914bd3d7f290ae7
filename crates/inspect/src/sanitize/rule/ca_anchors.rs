//! `ca-anchors`: certificate authorities added by hand are named.
//!
//! Whoever owns such an authority can pose as any server towards every copy.

use super::{Action, Family, Rule, warn};

pub(super) static RULE: Rule = Rule {
    id: "ca-anchors",
    summary: "certificate authorities added by hand are named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["virt-sysprep"],
    paths: &[
        warn(
            "/usr/local/share/ca-certificates/**",
            "extra certificate authority",
        ),
        warn(
            "/etc/{pki/ca-trust/source/anchors,ca-certificates/trust-source/anchors}/*",
            "extra certificate authority",
        ),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check_report;

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[("/usr/local/share/ca-certificates/corp/proxy.crt", "x")],
            &[("/usr/local/share/ca-certs/a.crt", "kept")],
        );
    }
}
