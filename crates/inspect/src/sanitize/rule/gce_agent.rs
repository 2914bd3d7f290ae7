//! `gce-agent`: no state of the Google guest agent.
//!
//! Instance configuration and keys that the guest agent wrote.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "gce-agent",
    summary: "no state of the Google guest agent",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["gce-image-cleanup"],
    paths: &[
        delete("/etc/boto.cfg"),
        delete("/etc/default/instance_configs.cfg{,.distro}"),
        delete("/var/lib/google/*"),
        delete("/etc/google_instance_id"),
        delete("/run/google*"),
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
            &[("/etc/boto.cfg", "x"), ("/var/lib/google/state", "x")],
            &[("/etc/default/grub", "kept")],
        );
    }
}
