//! `swap`: no memory of the machine the image was made on.
//!
//! Swap files go, and with them their rows of fstab: a missing one delays the boot.

use super::{Action, Family, Found, Rule, Search, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "swap",
    summary: "no swap file and no hibernation image",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Modify],
    references: &["kubernetes-image-builder", "goldsmith"],
    paths: &[
        delete("/{swapfile,swap.img,swap,hiberfil.sys}"),
        delete("/var/{swap,swapfile,swap.img}"),
    ],
    code: Some(fstab_rows),
};

fn fstab_rows(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    super::drop_lines(search, found, "/etc/fstab", "rows of swap files", |line| {
        let mut words = line.split_whitespace();
        let file = words.next().unwrap_or_default();
        let is_file = file.starts_with('/') && !file.starts_with("/dev/");
        is_file && words.nth(1) == Some("swap")
    })
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/swapfile", "x"),
                ("/var/swap", "x"),
                (
                    "/etc/fstab",
                    "UUID=1 / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n",
                ),
            ],
            &[("/swap.txt", "x")],
        );
    }
}
