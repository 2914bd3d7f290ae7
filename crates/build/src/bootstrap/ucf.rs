//! The lists of `ucf`, which keeps configuration files that no package owns, in an order of their
//! own: packages enter their files in the order in which a directory of this machine lists them.

use std::io;

use super::rooted::Rooted;

/// A line for each file: its digest, or its package, and its path.
const LISTS: [&str; 2] = ["/var/lib/ucf/hashfile", "/var/lib/ucf/registry"];
/// How many earlier states of a list are kept beside it, `.0` the last one.
const EARLIER: usize = 8;

/// Sorts the lists, in which `ucf` looks a line up by its path, and takes their earlier states away.
pub(super) fn settle(tree: Rooted<'_>) -> io::Result<()> {
    for list in LISTS {
        let Some(bytes) = tree.read(list)? else {
            continue;
        };
        for number in 0..EARLIER {
            let earlier = format!("{list}.{number}");
            if tree.place(&earlier)?.exists() {
                tree.remove(&earlier)?;
            }
        }
        let sorted = sorted(&bytes);
        if sorted != bytes {
            tree.write(list, &sorted, 0o644)?;
        }
    }
    Ok(())
}

fn sorted(bytes: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    lines.sort_unstable();
    lines
        .iter()
        .flat_map(|line| [*line, b"\n"].concat())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn one_order_and_nothing_earlier() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("var/lib/ucf");
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in [
            ("hashfile", "b  /etc/b\na  /etc/a\n\nc  /etc/c"),
            ("hashfile.0", "a  /etc/a\n"),
            ("hashfile.7", ""),
            ("registry", "a\t/etc/a\n"),
            ("other.0", "mine"),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        let root = fs::File::open(dir.path()).unwrap();
        settle(Rooted(root.as_fd())).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let hashes = "a  /etc/a\nb  /etc/b\nc  /etc/c\n";
        assert_eq!(read("hashfile").as_deref(), Some(hashes));
        assert_eq!(read("registry").as_deref(), Some("a\t/etc/a\n"));
        assert_eq!(read("hashfile.0"), None);
        assert_eq!(read("hashfile.7"), None);
        assert_eq!(read("other.0").as_deref(), Some("mine"));
        // A tree without it is none of its business.
        let empty = tempfile::tempdir().unwrap();
        let root = fs::File::open(empty.path()).unwrap();
        settle(Rooted(root.as_fd())).unwrap();
    }
}
