//! `ci-generated`: nothing that cloud-init wrote for the instance the image was made on.

use super::{Action, Family, Found, Rule, Search, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "ci-generated",
    summary: "no file that cloud-init wrote for an instance",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Modify],
    references: &["cloud-init-clean", "ec2-image-builder"],
    paths: &[
        delete("/etc/netplan/50-cloud-init.yaml"),
        delete("/etc/NetworkManager/system-connections/cloud-init-*"),
        delete("/etc/NetworkManager/conf.d/{99-cloud-init,30-cloud-init-ip6-*}.conf"),
        delete("/etc/systemd/network/10-cloud-init-*"),
        delete("/etc/network/interfaces.d/50-cloud-init{,.cfg}"),
        delete("/etc/ssh/sshd_config.d/50-cloud-init.conf"),
        delete("/etc/sudoers.d/90-cloud-init-users"),
    ],
    code: Some(fstab_rows),
};

fn fstab_rows(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    super::drop_lines(search, found, "/etc/fstab", "rows of cloud-init", |line| {
        line.contains("comment=cloudconfig")
    })
}

#[cfg(test)]
mod tests {
    use crate::sanitize::Change;
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        let found = check(
            &super::RULE,
            &[
                ("/etc/netplan/50-cloud-init.yaml", "x"),
                ("/etc/sudoers.d/90-cloud-init-users", "x"),
                (
                    "/etc/fstab",
                    "UUID=1 / ext4 defaults 0 1\n/dev/sdb /mnt auto nofail,comment=cloudconfig 0 2\n",
                ),
            ],
            &[("/etc/netplan/01-mine.yaml", "x")],
        );
        let fstab = found.iter().find(|f| f.path == "/etc/fstab").unwrap();
        let Change::Write { bytes, .. } = &fstab.change else {
            panic!("fstab is rewritten: {fstab:?}");
        };
        assert_eq!(bytes, b"UUID=1 / ext4 defaults 0 1\n");
    }
}
