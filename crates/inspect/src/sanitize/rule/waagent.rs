//! `waagent`: no state of the Azure agent.
//!
//! What `waagent -deprovision` removes: certificates, the provisioning document and
//! extension state of the machine the image was made on.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "waagent",
    summary: "no state of the Azure agent",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["waagent-deprovision"],
    paths: &[
        delete("/var/lib/waagent/*"),
        delete("/var/log/azure"),
        delete("/var/log/waagent.log*"),
        delete("/{etc,usr/lib}/systemd/system/waagent-network-setup.service"),
        delete(
            "/{etc,usr/lib}/systemd/system/walinuxagent.service.d/{10-Slice,11-CPUAccounting,12-CPUQuota,13-MemoryAccounting}.conf",
        ),
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
                ("/var/lib/waagent/ovf-env.xml", "x"),
                ("/var/log/waagent.log.1", "x"),
                ("/etc/systemd/system/waagent-network-setup.service", "x"),
            ],
            &[("/etc/waagent.conf", "kept")],
        );
    }
}
