//! `private-keys`: no private key anywhere.
//!
//! Every file that no package brought as it is and that is small enough to be a key is
//! read, wherever it lies: no list of places, so no place is forgotten. The key of
//! Debian's `ssl-cert` is made when that package is installed: all copies would share it.

use super::{Action, Change, Family, Found, Kind, Rule, Search, Severity, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "private-keys",
    summary: "no private key that copies would share",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["virt-sysprep", "goldsmith"],
    paths: &[delete(SNAKE_OIL[0]), delete(SNAKE_OIL[1])],
    code: Some(find),
};

const SNAKE_OIL: [&str; 2] = [
    "/etc/ssl/private/ssl-cert-snakeoil.key",
    "/etc/ssl/certs/ssl-cert-snakeoil.pem",
];

/// No key is shorter, and what is longer holds more than keys.
pub(super) const SIZES: std::ops::RangeInclusive<u64> = 60..=256 << 10;

/// Text that stands in a private key. In halves, so that this very program is none.
const MARKS: &[(&str, &str)] = &[
    ("PRIVATE KEY", "-----"),
    ("PRIVATE KEY ", "BLOCK-----"),
    ("PuTTY-User-Key-", "File-"),
    ("AGE-SECRET-", "KEY-1"),
];

const STORES: &[&str] = &["p12", "pfx", "jks", "keystore", "kdbx", "ppk"];

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    let marks: Vec<String> = MARKS.iter().map(|(a, b)| format!("{a}{b}")).collect();
    for node in snapshot.nodes() {
        if node.kind == Kind::Link
            && node.path.starts_with("/etc/ssl/certs/")
            && node.target.as_deref() == Some("ssl-cert-snakeoil.pem")
        {
            found.change(node, 0, Change::Delete);
        }
        let is_database = node.path.starts_with("/var/lib/dpkg/");
        if node.kind != Kind::File || is_database || SNAKE_OIL.contains(&node.path.as_str()) {
            continue;
        }
        let suffix = node
            .name()
            .rsplit_once('.')
            .map_or("", |(_, suffix)| suffix);
        if STORES.contains(&suffix) && node.size > 0 && !snapshot.is_owned(node) {
            found.report(Severity::Fail, &node.path, None, "a store of private keys");
            continue;
        }
        if !SIZES.contains(&node.size) || suffix == "pyc" {
            continue;
        }
        // Of what packages brought, only configuration and what is named like a key is
        // read: the rest is checked against its digest by nobody, and is most of the tree.
        let by_package = snapshot.is_owned(node) && !node.path.starts_with("/etc/");
        if by_package && !["pem", "key"].contains(&suffix) {
            continue;
        }
        let text = snapshot.text_of(node)?;
        let is_key = (text.contains("-----BEGIN ") || text.contains("Key") || text.contains("KEY"))
            && marks.iter().any(|mark| text.contains(mark.as_str()));
        if !is_key {
            continue;
        }
        if snapshot.is_pristine(node)? {
            found.keep(&node.path, "belongs to a package and is unchanged");
        } else {
            found.report(Severity::Fail, &node.path, None, "a private key");
        }
    }
    for (node, text) in snapshot.foreign_texts("/etc/{postgresql,mysql,dovecot,nginx}/**")? {
        if text
            .lines()
            .any(|l| !l.trim_start().starts_with('#') && l.contains("ssl-cert-snakeoil"))
        {
            let note = "refers to the key of `ssl-cert`, which no image carries: \
                        have `make-ssl-cert` run at first boot";
            found.report(Severity::Warn, &node.path, None, note);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::testing::{Tree, check, check_report, only};

    fn pem(kind: &str) -> String {
        format!(
            "-----BEGIN {kind}PRIVATE {}-----\n{}\n",
            "KEY",
            "A".repeat(64)
        )
    }

    #[test]
    fn removes_the_snake_oil() {
        check(
            &RULE,
            &[
                ("/etc/ssl/private/ssl-cert-snakeoil.key", &pem("")),
                ("/etc/ssl/certs/ssl-cert-snakeoil.pem", "x"),
                ("/etc/ssl/certs/0a1b2c3d.0", "-> ssl-cert-snakeoil.pem"),
            ],
            &[("/etc/ssl/certs/ca.pem", "x")],
        );
    }

    #[test]
    fn names_keys_anywhere() {
        check_report(
            &RULE,
            &[
                ("/opt/app/server", &pem("RSA ")),
                (
                    "/usr/share/x/old.bin",
                    &format!("binary{}", pem("OPENSSH ")),
                ),
                ("/home/ann/a.p12", "x"),
            ],
            &[
                ("/opt/app/readme", &"-----BEGIN PUBLIC KEY-----".repeat(5)),
                (
                    "/opt/app/cert.pem",
                    &"-----BEGIN CERTIFICATE-----".repeat(5),
                ),
            ],
        );
    }

    #[test]
    fn a_package_may_carry_a_test_key_unless_changed() {
        use md5::{Digest, Md5};
        let key = pem("");
        let digest = u128::from_be_bytes(Md5::digest(key.as_bytes()).into());
        let tree = Tree::clean();
        tree.put(&[
            ("/usr/lib/tests/key.pem", &key),
            ("/var/lib/dpkg/info/p.list", "/usr/lib/tests/key.pem\n"),
            (
                "/var/lib/dpkg/info/p.md5sums",
                &format!("{digest:032x}  usr/lib/tests/key.pem\n"),
            ),
        ]);
        let found = tree.find(&RULE, &only(&RULE));
        assert!(found.findings.is_empty(), "{found:?}");
        assert_eq!(found.kept[0].path, "/usr/lib/tests/key.pem");
        tree.put(&[("/usr/lib/tests/key.pem", &format!("{key} "))]);
        assert_eq!(tree.find(&RULE, &only(&RULE)).findings.len(), 1);
    }
}
