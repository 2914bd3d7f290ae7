//! What Goldsmith puts into a tree for the disk's sake, taken out again.

use std::io;

use goldsmith_disk::boot::config;
use goldsmith_disk::tree::{ContentSource, Kind, Node, Time, Tree};

use super::fstab_of;
use crate::image::FSTAB;

/// Takes the texts of the disk out of the tree that was read from it. `made` is when the disk's
/// file system says that it was made: the epoch of its build.
pub(super) fn undress(
    tree: &mut Tree,
    contents: &mut dyn ContentSource,
    made: u32,
) -> io::Result<()> {
    let epoch = Time {
        seconds: i64::from(made),
        nanos: 0,
    };
    let own = fstab_of(tree, contents)?;
    let fstab = config::undress_fstab(&own, FSTAB);
    tree.insert_file(config::FSTAB_PATH, 0o644, epoch, fstab.into_bytes());
    for path in [config::GRUB_CFG_PATH, config::REPART_ROOT_PATH, "boot/efi/"] {
        tree.remove(path.as_bytes());
        // Directories that were made for it have the epoch, and are empty.
        let mut above = path;
        while let Some((directory, _)) = above.rsplit_once('/') {
            let is_empty = tree.names(directory).next().is_none();
            if !is_empty || !is_made(tree.get(directory.as_bytes()), epoch) {
                break;
            }
            tree.remove(directory.as_bytes());
            above = directory;
        }
    }
    Ok(())
}

fn is_made(node: Option<&Node>, epoch: Time) -> bool {
    node.is_some_and(|node| {
        let own = &node.attributes;
        let is_plain = own.mode == 0o755 && own.uid == 0 && own.gid == 0;
        node.kind == Kind::Directory && is_plain && own.mtime == epoch
    })
}
