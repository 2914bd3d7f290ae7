//! `hosts`: `/etc/hosts` has rows of the loopback only.
//!
//! `127.0.1.1` is Debian's row for the machine's own name: it goes as well.

use super::{Action, Family, Found, Rule, Search, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "hosts",
    summary: "`/etc/hosts` has loopback rows only",
    families: &[Family::All],
    actions: &[Action::Modify],
    references: &["kubernetes-image-builder"],
    paths: &[],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    super::drop_lines(
        search,
        found,
        "/etc/hosts",
        "rows that are not of the loopback",
        |line| {
            let row = line.split('#').next().unwrap_or_default();
            row.split_whitespace().next().is_some_and(|a| !is_local(a))
        },
    )
}

fn is_local(address: &str) -> bool {
    (address.starts_with("127.") && address != "127.0.1.1")
        || ["::1", "fe00::0", "ff00::0", "ff02::1", "ff02::2", "ff02::3"].contains(&address)
}

#[cfg(test)]
mod tests {
    use crate::sanitize::Change;
    use crate::sanitize::testing::check;

    #[test]
    fn keeps_the_loopback() {
        let hosts = "# mine\n127.0.0.1 localhost\n127.0.1.1 build-17\n10.0.0.5 proxy # it\n\
                     ::1 localhost\nff02::1 ip6-allnodes\n";
        let found = check(&super::RULE, &[("/etc/hosts", hosts)], &[]);
        let Change::Write { bytes, .. } = &found[0].change else {
            panic!("hosts is rewritten");
        };
        let left = "# mine\n127.0.0.1 localhost\n::1 localhost\nff02::1 ip6-allnodes\n";
        assert_eq!(String::from_utf8_lossy(bytes), left);
    }
}
