//! One way to test every kind: a tree true to Debian's files, and what a check says of it.

use goldsmith_core::cx::Cx;

use super::facts::Facts;
use super::kind::{Outcome, Test};
use crate::sanitize::testing::Tree;
use crate::snapshot::Snapshot;
use crate::view::tree::TreeView;

pub(super) const STATUS: &str = "/var/lib/dpkg/status";

pub(super) fn cx() -> Cx {
    crate::sanitize::testing::cx()
}

/// A tree with nothing in it but these files.
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    let tree = Tree::empty();
    tree.put(files);
    tree
}

/// dpkg's rows of installed packages.
pub(super) fn installed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("Package: {name}\nStatus: install ok installed\nVersion: 1\n\n"))
        .collect()
}

pub(super) fn outcome(test: &Test, tree: &Tree) -> Outcome {
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let facts = Facts::gather(&snapshot, &cx()).unwrap();
    test.run(&facts).unwrap()
}

#[track_caller]
pub(super) fn passes(test: &Test, files: &[(&str, &str)]) {
    assert_eq!(outcome(test, &tree(files)), Outcome::Pass, "{files:?}");
}

#[track_caller]
pub(super) fn fails(test: &Test, files: &[(&str, &str)]) {
    let outcome = outcome(test, &tree(files));
    assert!(
        matches!(&outcome, Outcome::Fail(wrong) if !wrong.is_empty()),
        "{outcome:?} of {files:?}"
    );
}

#[track_caller]
pub(super) fn skips(test: &Test, files: &[(&str, &str)]) {
    let outcome = outcome(test, &tree(files));
    assert!(
        matches!(outcome, Outcome::NotApplicable(_)),
        "{outcome:?} of {files:?}"
    );
}
