//! `ssh-hostkeys`: every copy has its own host keys.
//!
//! All types, also the public halves and dropbear's. Debian's openssh-server makes
//! keys when it is installed only, so that something must make them at boot.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "ssh-hostkeys",
    summary: "every copy has its own ssh host keys",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &[
        "virt-sysprep",
        "ec2-image-builder",
        "aws-shared-ami",
        "waagent-deprovision",
        "kubernetes-image-builder",
    ],
    paths: &[
        delete("/etc/ssh/*_host_*"),
        delete("/etc/dropbear/*_{key,key.pub}"),
    ],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    let server = "/usr/sbin/sshd";
    if snapshot.resolve(server).is_none() || snapshot.resolve("/usr/bin/cloud-init").is_some() {
        return Ok(());
    }
    for unit in snapshot.select("/{etc,usr/lib,lib}/systemd/system/**/*.{service,conf}") {
        if unit.kind == super::Kind::File && snapshot.text_of(unit)?.contains("ssh-keygen") {
            return Ok(());
        }
    }
    found.report(
        Severity::Warn,
        server,
        None,
        "neither cloud-init nor a unit with `ssh-keygen` makes host keys at boot",
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &RULE,
            &[
                ("/etc/ssh/ssh_host_rsa_key", "x"),
                ("/etc/ssh/ssh_host_newtype_key.pub", "x"),
                ("/etc/dropbear/dropbear_rsa_host_key", "x"),
            ],
            &[("/etc/ssh/ssh_config", "x")],
        );
    }

    #[test]
    fn somebody_must_make_keys() {
        check_report(&RULE, &[("/usr/sbin/sshd", "x")], &[]);
        let with = |path, text| {
            check(
                &RULE,
                &[("/etc/ssh/ssh_host_rsa_key", "x")],
                &[("/usr/sbin/sshd", "x"), (path, text)],
            )
        };
        with("/usr/bin/cloud-init", "x");
        with(
            "/etc/systemd/system/keys.service",
            "ExecStart=/usr/bin/ssh-keygen -A\n",
        );
    }
}
