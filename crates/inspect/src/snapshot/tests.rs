use goldsmith_core::cx::Cx;

use super::*;
use crate::sanitize::testing::cx;

/// Nodes without content, from `path`, `path/` (folder) and `path -> target` rows.
struct Rows(&'static [&'static str]);

impl View for Rows {
    fn nodes(&self, _: &Cx) -> Result<Vec<Node>, ViewError> {
        Ok(self.0.iter().map(|row| node(row)).collect())
    }

    fn open<'v>(&'v self, _: &Node) -> Result<Box<dyn Disk + 'v>, ViewError> {
        Ok(Box::new(Vec::new()))
    }
}

fn node(row: &str) -> Node {
    if let Some((path, target)) = row.split_once(" -> ") {
        let mut node = Node::new(path.as_bytes(), Kind::Link);
        node.target = Some(target.to_owned());
        return node;
    }
    match row.strip_suffix('/') {
        Some(folder) => Node::new(folder.as_bytes(), Kind::Folder),
        None => Node::new(row.as_bytes(), Kind::File),
    }
}

const TREE: Rows = Rows(&[
    "/etc/",
    "/etc/hosts",
    "/etc-old/",
    "/etc-old/hosts",
    "/home/",
    "/home/ann/",
    "/home/ann/.ssh/",
    "/home/ann/.ssh/id_rsa",
    "/bin -> usr/bin",
    "/usr/",
    "/usr/bin/",
    "/usr/bin/sh -> /etc/alternatives/sh",
    "/etc/alternatives/",
    "/etc/alternatives/sh -> ../../bin/dash",
    "/usr/bin/dash",
    "/loop -> loop",
    "/up -> ../../../etc/hosts",
]);

fn with(test: impl FnOnce(&Snapshot<'_>)) {
    test(&Snapshot::take(&TREE, &cx()).unwrap());
}

#[test]
fn links_are_followed_inside_the_image_only() {
    with(|snapshot| {
        for (path, found) in [
            ("/bin/sh", Some("/usr/bin/dash")),
            ("/up", Some("/etc/hosts")),
            ("/loop", None),
            ("/absent", None),
            ("/etc/../etc/./hosts", Some("/etc/hosts")),
        ] {
            let node = snapshot.resolve(path).map(|n| n.path.as_str());
            assert_eq!(node, found, "{path}");
        }
    });
}

#[test]
fn patterns_select() {
    with(|snapshot| {
        for (pattern, expected) in [
            ("/etc/*", &["/etc/alternatives", "/etc/hosts"][..]),
            ("/etc/**", &["/etc/alternatives/sh", "/etc/hosts"]),
            ("/**/hosts", &["/etc-old/hosts", "/etc/hosts"]),
            ("/etc{,-old}/hosts", &["/etc-old/hosts", "/etc/hosts"]),
            ("~/.ssh/id_*", &["/home/ann/.ssh/id_rsa"]),
            ("/usr/bin/d?sh", &["/usr/bin/dash"]),
            ("/absent/*", &[]),
        ] {
            let found: Vec<&str> = snapshot.select(pattern).iter().map(|n| &*n.path).collect();
            assert_eq!(found, expected, "{pattern}");
        }
    });
}

#[test]
fn beneath_is_not_fooled_by_a_common_prefix() {
    with(|snapshot| {
        let found = snapshot.beneath("/etc");
        assert!(found.iter().all(|n| n.path.starts_with("/etc/")));
        assert_eq!(found.len(), 3);
    });
}
