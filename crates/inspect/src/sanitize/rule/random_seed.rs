//! `random-seed`: entropy saved at shutdown is not shared by copies.
//!
//! A saved seed makes the first random numbers of all copies alike. systemd makes a new one
//! at the first shutdown.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "random-seed",
    summary: "entropy saved at shutdown is not shared by copies",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &["systemd-building-images", "bento"],
    paths: &[
        delete("/var/lib/{systemd,urandom}/random-seed"),
        delete("/var/lib/random-seed"),
        delete("/{boot,efi,boot/efi}/loader/random-seed"),
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
                ("/var/lib/systemd/random-seed", "x"),
                ("/boot/efi/loader/random-seed", "x"),
            ],
            &[("/var/lib/systemd/catalog/database", "kept")],
        );
    }
}
