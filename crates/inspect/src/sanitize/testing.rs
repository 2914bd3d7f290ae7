//! One way to test every rule: a clean tree, something broken, neighbours that stay.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::{Clock, Cx};
use tempfile::TempDir;

use super::{Change, Finding, Found, Mode, Rule, Search, Settings, rules, sanitize};
use crate::snapshot::Snapshot;
use crate::view::tree::TreeView;

struct NoClock;

impl Clock for NoClock {
    fn unix_seconds(&self) -> i64 {
        0
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    fn sleep(&self, _: Duration) {}
}

pub(crate) fn cx() -> Cx {
    Cx::silent(Arc::new(NoClock))
}

/// A tree that no rule has anything to say about.
const CLEAN: &[(&str, &str)] = &[
    (
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nwww:x:33:33:www:/srv/www:/usr/sbin/nologin\n",
    ),
    (
        "/etc/shadow",
        "root:*:19000:0:99999:7:::\nwww:!:19000::::::\n",
    ),
    ("/etc/machine-id", ""),
    ("/etc/hostname", "localhost\n"),
    (
        "/etc/hosts",
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n",
    ),
    ("/etc/fstab", "UUID=0a / ext4 defaults 0 1\n"),
    ("/etc/ssh/sshd_config", "UsePAM yes\n"),
    ("/usr/lib/systemd/systemd", "x"),
    ("/usr/lib/os-release", "ID=debian\n"),
    ("/srv/www/index.html", "hello"),
    ("/home/ann/notes", "hello"),
    ("/root/.bashrc", "umask 022\n"),
    ("/var/log/empty.log", ""),
];

pub(crate) struct Tree {
    folder: TempDir,
}

impl Tree {
    pub(crate) fn clean() -> Self {
        let tree = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        tree.put(CLEAN);
        for folder in ["/tmp", "/var/tmp", "/var/lib/dpkg/info"] {
            std::fs::create_dir_all(tree.at(folder)).unwrap();
        }
        tree
    }

    /// Nothing at all.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    /// Rows of path and content; `-> target` makes a link.
    pub(crate) fn put(&self, files: &[(&str, &str)]) {
        for (path, content) in files {
            let at = self.at(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            match content.strip_prefix("-> ") {
                Some(target) => std::os::unix::fs::symlink(target, at).unwrap(),
                None => std::fs::write(at, content).unwrap(),
            }
        }
    }

    /// Path to content (links as `-> target`) of all but folders.
    pub(crate) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let view = TreeView::open(self.root()).unwrap();
        let snapshot = Snapshot::take(&view, &cx()).unwrap();
        snapshot
            .nodes()
            .iter()
            .filter_map(|node| match (node.kind, &node.target) {
                (_, Some(target)) => Some((node.path.clone(), format!("-> {target}").into_bytes())),
                (crate::view::Kind::File, _) => {
                    Some((node.path.clone(), snapshot.read(node, 1 << 20).unwrap()))
                }
                _ => None,
            })
            .collect()
    }

    pub(crate) fn find(&self, rule: &'static Rule, settings: &Settings) -> Found {
        let view = TreeView::open(self.root()).unwrap();
        let snapshot = Snapshot::take(&view, &cx()).unwrap();
        rule.find(&Search {
            snapshot: &snapshot,
            settings,
            cx: &cx(),
        })
        .unwrap()
    }
}

/// Settings under which only one rule runs.
pub(crate) fn only(rule: &Rule) -> Settings {
    Settings {
        off: rules()
            .iter()
            .filter(|r| r.id != rule.id)
            .map(|r| r.id.to_owned())
            .collect(),
        ..Settings::default()
    }
}

/// Breaks a clean tree and has one rule mend it.
///
/// Every path of `broken` must be found (itself, or a folder it is in), nothing else;
/// afterwards the rule finds nothing, and `neighbours` and the clean tree are as
/// they were. Returns what was found.
pub(crate) fn check(
    rule: &Rule,
    broken: &[(&str, &str)],
    neighbours: &[(&str, &str)],
) -> Vec<Finding> {
    let (tree, found) = expect_found(rule, broken, neighbours);
    assert!(
        found.iter().all(|f| f.change != Change::Report),
        "reports are for `check_report`"
    );
    let settings = only(rule);
    let before = tree.contents();
    let planned = sanitize(tree.root(), &settings, Mode::DryRun, &cx()).unwrap();
    assert_eq!(before, tree.contents(), "a dry run changes nothing");
    let done = sanitize(tree.root(), &settings, Mode::Apply, &cx()).unwrap();
    assert_eq!(planned.rules, done.rules, "a dry run plans what is done");
    let left = tree.find(listed(rule), &settings).findings;
    assert!(left.is_empty(), "left after sanitizing: {left:?}");
    let after = tree.contents();
    for (path, content) in &before {
        if !covers(&found, path) {
            assert_eq!(Some(content), after.get(path), "{path} was touched");
        }
    }
    found
}

/// As [`check`], for what only a person can decide: found and left as it is.
pub(crate) fn check_report(
    rule: &Rule,
    broken: &[(&str, &str)],
    neighbours: &[(&str, &str)],
) -> Vec<Finding> {
    let (tree, found) = expect_found(rule, broken, neighbours);
    let before = tree.contents();
    assert!(
        found.iter().all(|f| f.change == Change::Report),
        "{found:?}"
    );
    sanitize(tree.root(), &only(rule), Mode::Apply, &cx()).unwrap();
    assert_eq!(before, tree.contents(), "a report changes nothing");
    found
}

fn expect_found(
    rule: &Rule,
    broken: &[(&str, &str)],
    neighbours: &[(&str, &str)],
) -> (Tree, Vec<Finding>) {
    let tree = Tree::clean();
    let rule = listed(rule);
    let settings = only(rule);
    tree.put(neighbours);
    let clean = tree.find(rule, &settings).findings;
    assert!(clean.is_empty(), "found in a clean tree: {clean:?}");
    for (path, _) in broken {
        std::fs::remove_file(tree.at(path)).ok();
    }
    tree.put(broken);
    let found = tree.find(rule, &settings).findings;
    for (path, _) in broken {
        assert!(covers(&found, path), "{path} was not found: {found:?}");
    }
    for finding in &found {
        let meant = broken.iter().any(|(path, _)| {
            *path == finding.path || path.starts_with(&format!("{}/", finding.path))
        });
        assert!(meant, "found besides: {finding:?}");
    }
    (tree, found)
}

fn covers(found: &[Finding], path: &str) -> bool {
    found
        .iter()
        .any(|f| f.path == path || path.starts_with(&format!("{}/", f.path)))
}

/// The rule of the list with this id: a rule that is not listed would never run.
fn listed(rule: &Rule) -> &'static Rule {
    rules()
        .iter()
        .find(|r| r.id == rule.id)
        .unwrap_or_else(|| panic!("rule `{}` is not in `all()`", rule.id))
}
