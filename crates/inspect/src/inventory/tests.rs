//! Trees whose software is known.

use std::num::NonZero;

use goldsmith_core::finding::Finding;

use super::*;
use crate::sanitize::testing::{Tree, cx};
use crate::scan::{Packages, scan};
use crate::view::tree::TreeView;

/// What is found in a tree of these files.
pub(crate) fn found(files: &[(&str, &str)]) -> (Inventory, Vec<Finding>) {
    let tree = Tree::clean();
    tree.put(files);
    of_tree(&tree)
}

pub(crate) fn of_tree(tree: &Tree) -> (Inventory, Vec<Finding>) {
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let packages = Packages::default();
    let threads = NonZero::new(2).unwrap();
    let findings = scan(&cx(), &snapshot, &[&packages], threads).unwrap();
    (packages.inventory(&snapshot).unwrap(), findings)
}

/// `type name version [license] by owner`, the last two where they are known.
pub(crate) fn rows(inventory: &Inventory) -> Vec<String> {
    let row = |p: &Package| {
        let license = p.license.as_ref().map(|l| format!(" [{l}]"));
        let owner = p.owner.as_ref().map(|o| format!(" by {o}"));
        let (license, owner) = (license.unwrap_or_default(), owner.unwrap_or_default());
        format!("{} {} {}{license}{owner}", p.ecosystem, p.name, p.version)
    };
    inventory.packages.iter().map(row).collect()
}

pub(crate) fn check(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(rows(&found(files).0), expected);
}

#[test]
fn what_the_distribution_brought_is_its_own() {
    let metadata = "Name: requests\nVersion: 2.28.1\n";
    let (inventory, _) = found(&[
        (
            "/var/lib/dpkg/status",
            "Package: python3-requests\nStatus: install ok installed\nArchitecture: all\nSource: requests\nVersion: 2.28.1+dfsg-1\n",
        ),
        (
            "/var/lib/dpkg/info/python3-requests.list",
            "/usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO\n",
        ),
        (
            "/usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO",
            metadata,
        ),
        ("/opt/a/requests-2.28.1.dist-info/METADATA", metadata),
        ("/opt/b/requests-2.28.1.dist-info/METADATA", metadata),
    ]);
    assert_eq!(
        rows(&inventory),
        [
            "deb python3-requests 2.28.1+dfsg-1",
            "pypi requests 2.28.1",
            "pypi requests 2.28.1 by python3-requests",
        ]
    );
    let twice = [
        "/opt/a/requests-2.28.1.dist-info/METADATA",
        "/opt/b/requests-2.28.1.dist-info/METADATA",
    ];
    assert_eq!(inventory.packages[1].evidence, twice);
}
