//! `disk-ids`: no identity of a storage initiator or of the build machine's disks.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "disk-ids",
    summary: "no storage initiator name and no list of the build machine's disks",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Modify, Action::Check],
    references: &["virt-sysprep", "goldsmith"],
    paths: &[
        delete("/etc/lvm/devices/system.devices"),
        delete("/etc/lvm/{archive,backup}/**"),
        delete("/etc/nvme/{hostid,hostnqn}"),
        delete("/etc/multipath/{bindings,wwids,prkeys}"),
    ],
    code: Some(find),
};

const ISCSI: &str = "/etc/iscsi/initiatorname.iscsi";
/// open-iscsi makes a name at its next start when it reads this.
const GENERATE: &str = "GenerateName=yes\n";

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    if let Some(node) = snapshot.get(ISCSI)
        && snapshot.text_of(node)? != GENERATE
    {
        let note = "made again at first start";
        found.rewrite(ISCSI, node.size, GENERATE.into(), note);
    }
    for (node, text) in snapshot.foreign_texts("/etc/{mdadm/,}mdadm.conf")? {
        if text.lines().any(|line| line.starts_with("ARRAY")) {
            let note = "an array of the build machine";
            found.report(Severity::Warn, &node.path, Some("ARRAY"), note);
        }
    }
    for (node, text) in snapshot.foreign_texts("/etc/crypttab")? {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let key = words.get(2).copied().unwrap_or("none");
            if !["none", "-", "/dev/urandom", "/dev/random"].contains(&key) {
                let note = "a key file of a disk that copies would share";
                found.report(Severity::Fail, &node.path, words.first().copied(), note);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ISCSI, RULE};
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &RULE,
            &[
                ("/etc/nvme/hostid", "x"),
                ("/etc/nvme/hostnqn", "x"),
                ("/etc/lvm/archive/vg0.vg", "x"),
                (ISCSI, "InitiatorName=iqn.1993-08.org.debian:01:abc\n"),
            ],
            &[
                ("/etc/nvme/discovery.conf", "x"),
                ("/etc/lvm/lvm.conf", "x"),
            ],
        );
    }

    #[test]
    fn names() {
        check_report(
            &RULE,
            &[
                ("/etc/mdadm/mdadm.conf", "ARRAY /dev/md0 UUID=1\n"),
                ("/etc/crypttab", "data /dev/sdb /etc/keys/data.key luks\n"),
            ],
            &[(ISCSI, super::GENERATE)],
        );
    }
}
