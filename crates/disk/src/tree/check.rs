//! What every file system needs of a tree, checked before anything is laid out.

use super::{Content, Kind, Tree, display, split};

/// Longest name, in bytes.
const NAME_MAX: usize = 255;
/// Files end below 16 TiB: block numbers in a file are 32 bits of 4 KiB blocks.
const FILE_SIZE_MAX: u64 = ((1 << 32) - 1) * 4096;

/// A tree that no file system can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A name that is empty, `.`, `..`, too long, or holds a NUL.
    #[error("`{}` is not a usable file name", display(.path))]
    Name {
        /// The path.
        path: Vec<u8>,
    },
    /// The root is missing or no directory.
    #[error("the tree has no root directory")]
    Root,
    /// Nothing, or no directory, above the node.
    #[error("`{}` is not in a directory", display(.path))]
    Parent {
        /// The path.
        path: Vec<u8>,
    },
    /// A hard link to nothing, to a directory, or to a hard link.
    #[error("`{}` is a hard link to `{}`, which is not a file", display(.path), display(.target))]
    HardLink {
        /// The path.
        path: Vec<u8>,
        /// Where it points.
        target: Vec<u8>,
    },
    /// A file that is too large, or whose data ranges are out of order.
    #[error("`{}` has a size or holes that cannot be", display(.path))]
    Extent {
        /// The path.
        path: Vec<u8>,
    },
}

impl Tree {
    /// Checks names, parents, hard links and sizes; gives the first problem in the order of paths.
    pub fn check(&self) -> Result<(), TreeError> {
        if !matches!(self.get(b"").map(|node| &node.kind), Some(Kind::Directory)) {
            return Err(TreeError::Root);
        }
        for (path, node) in self.iter().skip(1) {
            let path_of = || path.to_vec();
            let (parent, name) = split(path);
            if name.len() > NAME_MAX || matches!(name, b"" | b"." | b"..") || name.contains(&0) {
                return Err(TreeError::Name { path: path_of() });
            }
            match self.get(parent).map(|node| &node.kind) {
                Some(Kind::Directory) => {}
                _ => return Err(TreeError::Parent { path: path_of() }),
            }
            match &node.kind {
                Kind::HardLink(target) => match self.get(target).map(|node| &node.kind) {
                    None | Some(Kind::Directory | Kind::HardLink(_)) => {
                        return Err(TreeError::HardLink {
                            path: path_of(),
                            target: target.clone(),
                        });
                    }
                    Some(_) => {}
                },
                Kind::File(content) if !fits(content) => {
                    return Err(TreeError::Extent { path: path_of() });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn fits(content: &Content) -> bool {
    let Content::Source { size, data } = content else {
        return true;
    };
    let mut end = 0;
    for (at, range) in data.iter().enumerate() {
        if range.start >= range.end || range.start < end || (at > 0 && range.start == end) {
            return false;
        }
        end = range.end;
    }
    end <= *size && *size <= FILE_SIZE_MAX
}

#[cfg(test)]
mod tests {
    use super::super::{Attributes, Node};
    use super::*;

    fn check(nodes: Vec<(&[u8], Kind)>, expected: &str) {
        let mut tree = Tree::new(Attributes::default());
        for (path, kind) in nodes {
            let attributes = Attributes::default();
            tree.insert(path, Node { attributes, kind });
        }
        let got = tree
            .check()
            .map_or_else(|error| error.to_string(), |()| "ok".into());
        assert_eq!(got, expected);
    }

    fn holes(size: u64, data: &[(u64, u64)]) -> Kind {
        let data = data.iter().map(|(from, to)| *from..*to).collect();
        Kind::File(Content::Source { size, data })
    }

    #[test]
    fn accepts() {
        check(
            vec![
                (b"a", Kind::Directory),
                (b"a/f", holes(10_000, &[(0, 4096), (8192, 10_000)])),
                (b"a/l", Kind::HardLink(b"a/f".to_vec())),
            ],
            "ok",
        );
    }

    #[test]
    fn refuses() {
        check(
            vec![(b"a/..", Kind::Fifo)],
            "`/a/..` is not a usable file name",
        );
        check(
            vec![(b"a\0", Kind::Fifo)],
            "`/a\\x00` is not a usable file name",
        );
        check(vec![(b"a/", Kind::Fifo)], "`/a/` is not a usable file name");
        let long = format!("`/{}` is not a usable file name", "x".repeat(256));
        check(vec![(&[b'x'; 256], Kind::Fifo)], &long);
        check(vec![(b"a/b", Kind::Fifo)], "`/a/b` is not in a directory");
        check(vec![(b"", Kind::Fifo)], "the tree has no root directory");
        check(
            vec![(b"a", Kind::Fifo), (b"a/b", Kind::Fifo)],
            "`/a/b` is not in a directory",
        );
        check(
            vec![(b"l", Kind::HardLink(b"m".to_vec()))],
            "`/l` is a hard link to `/m`, which is not a file",
        );
        check(
            vec![(b"l", Kind::HardLink(b"l".to_vec()))],
            "`/l` is a hard link to `/l`, which is not a file",
        );
        for kind in [
            holes(u64::MAX, &[]),
            holes(4096, &[(0, 8192)]),
            holes(9000, &[(4096, 9000), (0, 4096)]),
            holes(9000, &[(0, 0)]),
            holes(9000, &[(0, 4096), (4096, 9000)]),
        ] {
            check(
                vec![(b"f", kind)],
                "`/f` has a size or holes that cannot be",
            );
        }
    }
}
