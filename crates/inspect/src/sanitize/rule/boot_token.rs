//! `boot-token`: no boot entry named after an old machine id.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "boot-token",
    summary: "boot entries do not carry the machine id of the build",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["systemd-building-images"],
    paths: &[],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    let note = "named after a machine id: set /etc/kernel/entry-token before the kernel";
    for entry in snapshot.select("/{boot,efi,boot/efi}/loader/entries/*.conf") {
        let token = entry.name().split('-').next().unwrap_or_default();
        if is_machine_id(token) {
            found.report(Severity::Fail, &entry.path, None, note);
        }
    }
    if let Some(text) = snapshot.text("/etc/kernel/entry-token")?
        && is_machine_id(text.trim())
    {
        found.report(
            Severity::Fail,
            "/etc/kernel/entry-token",
            None,
            "a machine id",
        );
    }
    Ok(())
}

fn is_machine_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check_report;

    #[test]
    fn names() {
        check_report(
            &super::RULE,
            &[
                (
                    "/boot/efi/loader/entries/0123456789abcdef0123456789abcdef-6.1.conf",
                    "x",
                ),
                (
                    "/etc/kernel/entry-token",
                    "0123456789abcdef0123456789abcdef\n",
                ),
            ],
            &[("/boot/efi/loader/entries/debian-6.1.conf", "x")],
        );
    }
}
