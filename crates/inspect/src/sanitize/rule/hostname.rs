//! `hostname`: no name of the machine the image was made on.

use super::{Action, Change, Family, Found, Kind, Rule, Search, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "hostname",
    summary: "no host name; `localhost` is none",
    families: &[Family::All],
    actions: &[Action::Truncate, Action::Delete, Action::Modify],
    references: &[
        "virt-sysprep",
        "ec2-image-builder",
        "waagent-deprovision",
        "gce-image-cleanup",
    ],
    paths: &[delete("/etc/{machine-info,mailname}")],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    if let Some(node) = search.snapshot.get("/etc/hostname")
        && node.kind == Kind::File
        && node.size > 0
        && search.snapshot.text_of(node)?.trim() != "localhost"
    {
        found.change(node, node.size, Change::Truncate);
    }
    for node in search
        .snapshot
        .select("/etc/sysconfig/{network,network-scripts/ifcfg-*}")
    {
        let note = "rows that name the machine";
        super::drop_lines(search, found, &node.path, note, |line| {
            let line = line.trim_start();
            ["HOSTNAME=", "DHCP_HOSTNAME="]
                .iter()
                .any(|key| line.starts_with(key))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/etc/hostname", "build-17\n"),
                ("/etc/mailname", "build-17\n"),
                ("/etc/machine-info", "PRETTY_HOSTNAME=b\n"),
                (
                    "/etc/sysconfig/network",
                    "NETWORKING=yes\nHOSTNAME=build-17\n",
                ),
            ],
            &[
                ("/etc/hostname.d/x", "x"),
                ("/etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\n"),
            ],
        );
    }
}
