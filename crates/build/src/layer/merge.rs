//! Layers on one another: what the tree of a stack holds, found without looking at it.
//!
//! The rules are those of the overlay: of a path the topmost layer counts; a directory in several
//! layers has what all of them have in it, down to one that hides the rest.

use std::collections::BTreeMap;

use goldsmith_disk::tree::{Attributes, Kind, Node, Tree};
use goldsmith_inspect::view;

use super::manifest::{Manifest, What};
use crate::assemble::scan;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) node: Node,
    /// The layer it is from, counted from the bottom. Of a directory the one that it came with:
    /// what is in it may be from later ones.
    pub(crate) layer: u32,
    /// Names of one file have one number, within their layer; 0 is no other name.
    pub(crate) group: u32,
}

/// The paths of a stack of layers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Merged {
    nodes: BTreeMap<Vec<u8>, Placed>,
    layers: u32,
}

impl Merged {
    /// Puts one more layer on top.
    pub(crate) fn push(&mut self, manifest: Manifest) {
        let layer = self.layers;
        self.layers += 1;
        if self.nodes.is_empty() {
            // The bottom one, usually the largest.
            let rows = manifest.rows.into_iter();
            let placed = rows.filter_map(|row| match row.what {
                What::Gone => None,
                What::Node { node, group, .. } => Some((row.path, Placed { node, layer, group })),
            });
            self.nodes = placed.collect();
            return;
        }
        for row in manifest.rows {
            match row.what {
                What::Gone => {
                    self.clear(&row.path);
                    self.nodes.remove(&row.path);
                }
                What::Node {
                    node,
                    group,
                    is_opaque,
                } => self.put(row.path, Placed { node, layer, group }, is_opaque),
            }
        }
    }

    fn put(&mut self, path: Vec<u8>, mut placed: Placed, is_opaque: bool) {
        let below = self.nodes.get(&path);
        let is_directory = |placed: &Placed| placed.node.kind == Kind::Directory;
        match below {
            Some(below) if is_directory(below) && is_directory(&placed) && !is_opaque => {
                placed.layer = below.layer;
            }
            Some(below) if is_directory(below) => self.clear(&path),
            _ => {}
        }
        self.nodes.insert(path, placed);
    }

    /// Takes away what is in a directory.
    fn clear(&mut self, path: &[u8]) {
        let inside: Vec<Vec<u8>> = self.beneath(path).map(|(path, _)| path.to_vec()).collect();
        for path in inside {
            self.nodes.remove(&path);
        }
    }

    /// Everything in a directory, at any depth, in the order of paths.
    pub(crate) fn beneath(&self, path: &[u8]) -> impl Iterator<Item = (&[u8], &Placed)> {
        let mut prefix = path.to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let own = prefix.clone();
        self.nodes
            .range(prefix.clone()..)
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .filter(move |(path, _)| **path != own)
            .map(|(path, placed)| (path.as_slice(), placed))
    }

    /// Everything but the root, as a walk of the tree would find it.
    pub(crate) fn listed(&self) -> Vec<view::Node> {
        let paths = self.nodes.iter().filter(|(path, _)| !path.is_empty());
        let listed = paths.map(|(path, placed)| {
            let path = [b"/", path.as_slice()].concat();
            view::Node::of(&path, &placed.node)
        });
        listed.collect()
    }

    /// Mode, owner, time and extended attributes of the root.
    pub(crate) fn root(&self) -> Attributes {
        let root = self.nodes.get(&[][..]);
        root.map_or_else(Attributes::default, |root| root.node.attributes.clone())
    }

    /// The tree of a disk, in which what lower layers brought lies before what later ones did.
    pub(crate) fn into_tree(self) -> Tree {
        let mut tree = Tree::new(self.root());
        let mut groups: BTreeMap<(u32, u32), Vec<Vec<u8>>> = BTreeMap::new();
        for (path, placed) in self.nodes {
            if placed.group > 0 {
                let names = groups.entry((placed.layer, placed.group)).or_default();
                names.push(path.clone());
            }
            tree.set_rank(path.clone(), placed.layer);
            tree.insert(path, placed.node);
        }
        for names in groups.values_mut() {
            scan::link(&mut tree, names);
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use goldsmith_disk::tree::Content;

    use super::super::manifest::Row;
    use super::*;

    /// `path/` a directory, `path=` one that hides, `-path` gone, `path#2` a name of file 2.
    fn layer(words: &str) -> Manifest {
        let row = |word: &str| {
            let (path, kind, group, is_opaque) = if let Some(path) = word.strip_prefix('-') {
                let path = path.as_bytes().to_vec();
                return Row {
                    path,
                    what: What::Gone,
                };
            } else if let Some(path) = word.strip_suffix('/') {
                (path, Kind::Directory, 0, false)
            } else if let Some(path) = word.strip_suffix('=') {
                (path, Kind::Directory, 0, true)
            } else {
                let (path, group) = word.split_once('#').unwrap_or((word, "0"));
                let content = Kind::File(Content::dense(1));
                (path, content, group.parse().unwrap(), false)
            };
            Row {
                path: path.as_bytes().to_vec(),
                what: What::Node {
                    node: Node {
                        attributes: Attributes::default(),
                        kind,
                    },
                    group,
                    is_opaque,
                },
            }
        };
        let mut rows: Vec<Row> = ["/"]
            .into_iter()
            .chain(words.split_whitespace())
            .map(row)
            .collect();
        rows.sort_by(|a, b| a.path.cmp(&b.path));
        Manifest { rows }
    }

    /// Paths with the layers they are from.
    fn check(layers: &[&str], expected: &str) -> Merged {
        let mut merged = Merged::default();
        for words in layers {
            merged.push(layer(words));
        }
        let found: Vec<String> = merged
            .beneath(b"")
            .map(|(path, placed)| format!("{}:{}", String::from_utf8_lossy(path), placed.layer))
            .collect();
        assert_eq!(found.join(" "), expected);
        merged
    }

    #[test]
    fn the_topmost_counts() {
        check(
            &["a/ a/x a/y b/ b/x", "a/ a/x a/z"],
            "a:0 a/x:1 a/y:0 a/z:1 b:0 b/x:0",
        );
        check(&["a/ a/x a.b", "-a"], "a.b:0");
        check(
            &["a/ a/b/ a/b/x a/y", "a/ a/b= a/b/z"],
            "a:0 a/b:1 a/b/z:1 a/y:0",
        );
        check(&["a/ a/x", "a"], "a:1");
        check(&["a", "a/ a/x"], "a:1 a/x:1");
        check(&["a/ a/x", "-a", "a= a/y"], "a:2 a/y:2");
    }

    #[test]
    fn names_of_one_file_part_between_layers() {
        let merged = check(&["a#1 b#1 c#1", "a#1 d#1"], "a:1 b:0 c:0 d:1");
        let tree = merged.into_tree();
        let link = |path: &str| match &tree.get(path.as_bytes()).unwrap().kind {
            Kind::HardLink(to) => String::from_utf8_lossy(to).into_owned(),
            _ => String::new(),
        };
        assert_eq!(["a", "b", "c", "d"].map(link), ["", "", "b", "a"]);
    }
}
