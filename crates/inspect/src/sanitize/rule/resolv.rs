//! `resolv`: no name servers of the build network. A link belongs to a resolver and stays.

use super::{Action, Change, Family, Found, Kind, Rule, Search, delete};

pub(super) static RULE: Rule = Rule {
    id: "resolv",
    summary: "no name servers of the build network",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["waagent-deprovision", "gce-image-cleanup", "eks-ami"],
    paths: &[delete("/run/{systemd/resolve,resolvconf}/*")],
    code: Some(|search, found| {
        find(search, found);
        Ok(())
    }),
};

fn find(search: &Search<'_>, found: &mut Found) {
    match search.snapshot.get("/etc/resolv.conf") {
        Some(node) if node.kind == Kind::Link => found.keep(&node.path, "a link to a resolver's"),
        Some(node) => found.change(node, node.size, Change::Delete),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check;

    #[test]
    fn removes_a_file_and_keeps_a_link() {
        check(
            &super::RULE,
            &[("/etc/resolv.conf", "nameserver 10.0.0.1\n")],
            &[],
        );
        check(
            &super::RULE,
            &[("/run/systemd/resolve/stub-resolv.conf", "x")],
            &[(
                "/etc/resolv.conf",
                "-> ../run/systemd/resolve/stub-resolv.conf",
            )],
        );
    }
}
