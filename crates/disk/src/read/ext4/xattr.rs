//! Extended attributes: those behind the fields of an inode, and those in a block of their own.
//!
//! ```text
//! in the inode: EA020000, then entries; places of values count from the first entry
//! in a block:   EA020000, 28 bytes, then entries; places of values count from the block's start
//! entry:        length of the name u8, index of its prefix u8, place of the value u16, inode of the
//!               value u32 (0: here), length of the value u32, hash u32, name, padded to 4
//! ```
//!
//! ACLs are given as the system call has them.

use super::inode::Inode;
use super::{Ext4, ReadError, broken};
use crate::fs::ext4::acl;
use crate::read::{le16, le32};
use crate::tree::Xattrs;

const MAGIC: u32 = 0xEA02_0000;
/// The longest value that Linux gives.
const VALUE_MAX: u64 = 64 << 10;

/// An attribute as it is stored.
struct Entry<'e> {
    index: u8,
    name: &'e [u8],
    place: usize,
    inode: u32,
    length: usize,
}

impl Ext4<'_> {
    pub(super) fn xattrs(&self, inode: &Inode) -> Result<Xattrs, ReadError> {
        let mut all = Xattrs::new();
        if let Some(entries) = in_inode(inode) {
            self.read_entries(inode, entries, entries, &mut all)?;
        }
        if inode.attribute_block != 0 {
            let block = self.block(inode.attribute_block)?;
            if le32(&block, 0) != MAGIC {
                return Err(self.broken(inode));
            }
            self.read_entries(inode, &block[32..], &block, &mut all)?;
        }
        Ok(all)
    }

    fn broken(&self, inode: &Inode) -> ReadError {
        broken(format!("the attributes of inode {}", inode.number))
    }

    fn read_entries(
        &self,
        inode: &Inode,
        entries: &[u8],
        values: &[u8],
        all: &mut Xattrs,
    ) -> Result<(), ReadError> {
        for entry in list(entries).ok_or_else(|| self.broken(inode))? {
            let Some(name) = full_name(entry.index, entry.name) else {
                // The file's own content, or what no system of today has.
                continue;
            };
            let value = if entry.inode == 0 {
                let end = entry.place.saturating_add(entry.length);
                let value = values.get(entry.place..end);
                value.ok_or_else(|| self.broken(inode))?.to_vec()
            } else {
                self.content(&self.inode(entry.inode)?, VALUE_MAX)?
            };
            let value = match entry.index {
                2 | 3 => acl::from_disk(&value).ok_or_else(|| self.broken(inode))?,
                _ => value,
            };
            all.insert(name, value);
        }
        Ok(())
    }
}

/// The part of a file kept in its inode that stands among the attributes.
pub(super) fn inline_rest(inode: &Inode) -> Result<Vec<u8>, ReadError> {
    let broken = || broken(format!("the content of inode {}", inode.number));
    let Some(entries) = in_inode(inode) else {
        return Ok(Vec::new());
    };
    let all = list(entries).ok_or_else(broken)?;
    let Some(data) = all.iter().find(|e| (e.index, e.name) == (7, b"data")) else {
        return Ok(Vec::new());
    };
    let value = entries.get(data.place..data.place.saturating_add(data.length));
    Ok(value.ok_or_else(broken)?.to_vec())
}

fn in_inode(inode: &Inode) -> Option<&[u8]> {
    let is_there = inode.rest.len() >= 8 && le32(&inode.rest, 0) == MAGIC;
    is_there.then(|| &inode.rest[4..])
}

/// The entries up to the empty one; `None` when they do not end.
fn list(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while le32(rest.get(..4)?, 0) != 0 {
        let head = rest.get(..16)?;
        let name = rest.get(16..16 + usize::from(head[0]))?;
        entries.push(Entry {
            index: head[1],
            name,
            place: usize::from(le16(head, 2)),
            inode: le32(head, 4),
            length: usize::try_from(le32(head, 8)).ok()?,
        });
        rest = rest.get(16 + name.len().next_multiple_of(4)..)?;
    }
    Some(entries)
}

fn full_name(index: u8, name: &[u8]) -> Option<Vec<u8>> {
    let prefix: &[u8] = match index {
        1 => b"user.",
        2 => b"system.posix_acl_access",
        3 => b"system.posix_acl_default",
        4 => b"trusted.",
        6 => b"security.",
        _ => return None,
    };
    Some([prefix, name].concat())
}
