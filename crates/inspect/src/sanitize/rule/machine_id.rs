//! `machine-id`: no identity that copies would share.
//!
//! The file is left empty, not `uninitialized`: systemd then still makes a new id at
//! the first start, but does not take that start for a *first boot*, at which it would
//! apply every preset again and so undo what the recipe enabled and disabled.

use super::{Action, Change, Family, Finding, Found, Kind, Rule, Search, Severity};

const PATH: &str = "/etc/machine-id";
const DBUS: &str = "/var/lib/dbus/machine-id";

/// As systemd itself makes it: for nobody to write.
const EMPTY: Change = Change::Write {
    bytes: Vec::new(),
    mode: 0o444,
};

pub(super) static RULE: Rule = Rule {
    id: "machine-id",
    summary: "every copy makes its own machine id",
    families: &[Family::All],
    actions: &[Action::Truncate, Action::Modify, Action::Delete],
    references: &["virt-sysprep", "systemd-building-images", "mmdebstrap"],
    paths: &[],
    code: Some(|search, found| {
        find(search, found);
        Ok(())
    }),
};

fn find(search: &Search<'_>, found: &mut Found) {
    let snapshot = search.snapshot;
    match snapshot.get(PATH) {
        Some(node) if node.kind == Kind::File && node.size > 0 => {
            found.change(node, node.size, Change::Truncate);
        }
        Some(node) if node.kind != Kind::File => found.change(node, 0, EMPTY),
        None if snapshot.resolve("/usr/lib/systemd/systemd").is_some() => {
            found.findings.push(Finding {
                path: PATH.to_owned(),
                entry: None,
                size: 0,
                change: EMPTY,
                severity: Severity::Fail,
                note: "absent: systemd would take the first start for a first boot".to_owned(),
            });
        }
        _ => {}
    }
    match snapshot.get(DBUS) {
        Some(node) if node.kind == Kind::Link => found.keep(DBUS, "a link"),
        Some(node) if node.size > 0 => found.change(node, node.size, Change::Delete),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{DBUS, PATH, RULE};
    use crate::sanitize::testing::{Tree, check, cx, only};
    use crate::sanitize::{Mode, sanitize};

    #[test]
    fn empties() {
        let id = "0123456789abcdef0123456789abcdef\n";
        check(&RULE, &[(PATH, id), (DBUS, id)], &[("/etc/machine", "x")]);
        check(
            &RULE,
            &[(PATH, "uninitialized\n")],
            &[(DBUS, "-> /etc/machine-id")],
        );
    }

    #[test]
    fn makes_a_missing_one() {
        let tree = Tree::clean();
        std::fs::remove_file(tree.at(PATH)).unwrap();
        sanitize(tree.root(), &only(&RULE), Mode::Apply, &cx()).unwrap();
        assert_eq!(std::fs::read(tree.at(PATH)).unwrap(), b"");
    }
}
