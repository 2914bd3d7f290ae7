//! `desktop`: no session, pairing or fingerprint of a desktop.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "desktop",
    summary: "no session, pairing or fingerprint of a desktop",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["virt-sysprep"],
    paths: &[
        delete("/var/lib/{gdm,gdm3,lightdm,sddm,lightdm-data}/**"),
        delete("/var/lib/AccountsService/{users,icons}/*"),
        delete("/var/lib/fprint/*"),
        delete("/var/lib/bluetooth/*"),
        delete("/var/lib/colord/*"),
        delete("/etc/{gdm,gdm3}/.{X,ICE}authority*"),
        delete("~/.{Xauthority,ICEauthority}*"),
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
                ("/var/lib/gdm3/.config/x", "x"),
                ("/var/lib/bluetooth/AA/BB/info", "x"),
                ("/home/ann/.Xauthority", "x"),
            ],
            &[("/etc/gdm3/daemon.conf", "kept")],
        );
    }
}
