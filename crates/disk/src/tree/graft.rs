//! Trees of several file systems as one, and taken apart again.

use std::collections::BTreeMap;

use super::{Attributes, Kind, Node, Tree};

impl Tree {
    /// Puts another tree in the place of the directory `at`, as a mount does: what was in it is
    /// hidden, and the directory is the root of the other. `at` is a directory, or nothing.
    pub fn graft(&mut self, at: &[u8], other: Self) {
        self.split_off(at);
        for (path, mut node) in other.nodes {
            if let Kind::HardLink(target) = &mut node.kind {
                *target = join(at, target);
            }
            self.nodes.insert(join(at, &path), node);
        }
        let ranks = other.ranks.into_iter();
        self.ranks
            .extend(ranks.map(|(path, rank)| (join(at, &path), rank)));
    }

    /// Takes what is in the directory `at` out, as a tree of its own; the directory stays, empty.
    /// `None` when it is none. A file with names on both sides becomes two: each side opens it by
    /// its own names.
    pub fn split_off(&mut self, at: &[u8]) -> Option<Self> {
        let top = self.get(at).filter(|node| node.kind == Kind::Directory)?;
        let mut inner = Self::new(top.attributes.clone());
        let mut crossing: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
        for path in self.paths_in(at) {
            let rank = self.ranks.remove(&path);
            let Some(mut node) = self.nodes.remove(&path) else {
                continue;
            };
            let own = inside(at, &path).unwrap_or_default().to_vec();
            if let Kind::HardLink(target) = &mut node.kind {
                let Some(target_inside) = inside(at, target) else {
                    crossing.entry(target.clone()).or_default().push(own);
                    continue;
                };
                *target = target_inside.to_vec();
            }
            inner.set_rank(own.clone(), rank.unwrap_or(0));
            inner.insert(own, node);
        }
        for (target, names) in crossing {
            inner.name(self.get(&target)?.clone(), &names);
        }
        let mut crossing: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
        for (path, node) in self.iter() {
            if let Kind::HardLink(target) = &node.kind
                && let Some(target) = inside(at, target)
            {
                let names = crossing.entry(target.to_vec()).or_default();
                names.push(path.to_vec());
            }
        }
        for (target, names) in crossing {
            self.name(inner.get(&target)?.clone(), &names);
        }
        Some(inner)
    }

    /// Everything in a directory, at any depth.
    fn paths_in(&self, at: &[u8]) -> Vec<Vec<u8>> {
        let paths = self.nodes.keys();
        let inside = paths.filter(|path| inside(at, path).is_some_and(|own| !own.is_empty()));
        inside.cloned().collect()
    }

    /// Puts a file under several names, in order.
    fn name(&mut self, node: Node, names: &[Vec<u8>]) {
        let Some((first, others)) = names.split_first() else {
            return;
        };
        self.insert(first.clone(), node);
        for name in others {
            let link = Node {
                attributes: Attributes::default(),
                kind: Kind::HardLink(first.clone()),
            };
            self.insert(name.clone(), link);
        }
    }
}

fn join(at: &[u8], path: &[u8]) -> Vec<u8> {
    if at.is_empty() || path.is_empty() {
        return [at, path].concat();
    }
    [at, b"/", path].concat()
}

/// What a path is from a directory on; empty for itself.
fn inside<'p>(at: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(at)?;
    if rest.is_empty() || at.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(b"/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path/` a directory, `path>target` a hard link, else a pipe.
    fn tree(words: &str) -> Tree {
        let mut tree = Tree::new(Attributes::default());
        for word in words.split_whitespace() {
            let (path, kind) = match word.split_once('>') {
                Some((path, target)) => (path, Kind::HardLink(target.into())),
                None if word.ends_with('/') => (word.trim_end_matches('/'), Kind::Directory),
                None => (word, Kind::Fifo),
            };
            let attributes = Attributes::default();
            tree.insert(path, Node { attributes, kind });
        }
        tree
    }

    fn check_split(words: &str, outer: &str, inner: &str) {
        let mut whole = tree(words);
        let part = whole.split_off(b"boot").unwrap();
        assert_eq!((&whole, &part), (&tree(outer), &tree(inner)));
        whole.check().unwrap();
        part.check().unwrap();
    }

    #[test]
    fn apart_and_together() {
        let words = "boot/ boot.x boot/a boot/b>boot/a boot/d/ boot/d/e usr/ usr/f";
        let (outer, inner) = ("boot/ boot.x usr/ usr/f", "a b>a d/ d/e");
        check_split(words, outer, inner);
        let mut again = tree(&format!("{outer} boot/hidden"));
        again.graft(b"boot", tree(inner));
        assert_eq!(again, tree(words));
        assert!(tree("boot").split_off(b"boot").is_none());
    }

    #[test]
    fn names_on_both_sides() {
        check_split("a boot/ boot/x>a boot/y>a", "a boot/", "x y>x");
        check_split(
            "boot/ boot/x boot/y>boot/x c>boot/x d>boot/x",
            "boot/ c d>c",
            "x y>x",
        );
    }
}
