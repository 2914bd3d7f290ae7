//! `logs`: logs are empty, old ones and the journal are gone.
//!
//! A current log stays as an empty file: its owner and mode were set by a package
//! and many daemons cannot make it again.

use super::{Action, Change, Family, Found, Kind, Rule, Search, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "logs",
    summary: "logs are empty, old ones and the journal are gone",
    families: &[Family::All],
    actions: &[Action::Truncate, Action::Delete],
    references: &[
        "virt-sysprep",
        "kubernetes-image-builder",
        "eks-ami",
        "bento",
    ],
    paths: &[],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let snapshot = search.snapshot;
    for node in snapshot.beneath("/var/log") {
        let journal = node.path.starts_with("/var/log/journal/");
        if journal && node.kind == Kind::Folder && !snapshot.is_owned(node) {
            found.change(node, snapshot.weight(node), Change::Delete);
        }
        if node.kind != Kind::File || snapshot.is_pristine(node)? {
            continue;
        }
        if journal || is_rotated(node.name()) {
            found.change(node, node.size, Change::Delete);
        } else if node.size > 0 {
            found.change(node, node.size, Change::Truncate);
        }
    }
    Ok(())
}

/// `a.log.1`, `a.gz`, `a-20240131`, `a.old`.
fn is_rotated(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    let date = name.rsplit_once('-').map_or("", |(_, date)| date);
    digits(suffix)
        || ["gz", "xz", "bz2", "zst", "old"].contains(&suffix)
        || digits(date) && date.len() >= 8
}

#[cfg(test)]
mod tests {
    use super::is_rotated;
    use crate::sanitize::Change;
    use crate::sanitize::testing::check;

    #[test]
    fn truncates_and_deletes() {
        let found = check(
            &super::RULE,
            &[
                ("/var/log/syslog", "x"),
                ("/var/log/nginx/access.log", "x"),
                ("/var/log/syslog.1", "x"),
                ("/var/log/journal/0123/system.journal", "x"),
            ],
            &[
                ("/var/logs/x", "x"),
                ("/var/log/README", "-> ../../usr/share/doc"),
            ],
        );
        let change = |path| found.iter().find(|f| f.path == path).map(|f| &f.change);
        assert_eq!(change("/var/log/nginx/access.log"), Some(&Change::Truncate));
        assert_eq!(change("/var/log/syslog.1"), Some(&Change::Delete));
    }

    #[test]
    fn rotated_names() {
        for name in ["a.log.1", "a.2.gz", "messages-20240131", "Xorg.0.log.old"] {
            assert!(is_rotated(name), "{name}");
        }
        for name in ["a.log", "postgresql-15-main.log", "lastlog"] {
            assert!(!is_rotated(name), "{name}");
        }
    }
}
