//! What the removal of a tree would give back.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Allocated bytes and number of the files of a tree. A file that has a name outside of the tree
/// takes nothing here.
pub(crate) fn measure(path: &Path) -> io::Result<(u64, u64)> {
    let (mut bytes, mut files) = (0, 0);
    // By inode: how many of its names are still to be found.
    let mut shared: BTreeMap<u64, u64> = BTreeMap::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        for child in fs::read_dir(directory)? {
            let child = child?;
            let meta = child.metadata()?;
            files += 1;
            let is_all_here = if meta.is_dir() {
                directories.push(child.path());
                true
            } else if meta.nlink() == 1 {
                true
            } else {
                let left = shared.entry(meta.ino()).or_insert(meta.nlink());
                *left -= 1;
                *left == 0
            };
            if is_all_here {
                bytes += meta.blocks() * 512;
            }
        }
    }
    Ok((bytes, files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_count_once_or_not_at_all() {
        let home = tempfile::tempdir().unwrap();
        let (inside, outside) = (home.path().join("in"), home.path().join("out"));
        fs::create_dir(&inside).unwrap();
        for name in ["a", "b"] {
            fs::write(inside.join(name), vec![1; 40_000]).unwrap();
        }
        fs::hard_link(inside.join("a"), inside.join("c")).unwrap();
        assert_eq!(measure(&inside).unwrap(), (2 * 40_960, 3));
        fs::hard_link(inside.join("a"), outside).unwrap();
        assert_eq!(measure(&inside).unwrap(), (40_960, 3));
    }
}
