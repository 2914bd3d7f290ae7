//! `containers`: no identity of a container engine; content is named.
//!
//! Images pulled on purpose are a common reason to build an image, so content is named and
//! stays.

use super::{Action, Family, Rule, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "containers",
    summary: "no identity of a container engine; content is named",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["goldsmith"],
    paths: &[
        delete("/etc/docker/key.json"),
        delete("/var/lib/docker/engine-id"),
        delete("/var/lib/docker/{containers,network,swarm,tmp}/**"),
        delete("/var/lib/{containers,containerd}/tmp*"),
        warn(
            "/var/lib/{docker,containerd,containers}/*",
            "content of a container engine",
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
                ("/etc/docker/key.json", "x"),
                ("/var/lib/docker/engine-id", "x"),
            ],
            &[("/etc/docker/daemon.json", "kept")],
        );
    }

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[(
                "/var/lib/containerd/io.containerd.content.v1.content/blob",
                "x",
            )],
            &[("/var/lib/container", "kept")],
        );
    }
}
