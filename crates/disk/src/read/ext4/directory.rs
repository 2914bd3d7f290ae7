//! The names of a directory.
//!
//! ```text
//! entry: inode u32 (0: none), length of the entry u16, of the name u8, kind u8, name
//! ```
//!
//! Blocks of a hash index and of checksums look like entries without an inode, so a directory is
//! read from its first block to its last. One that is kept in its inode begins with the number of
//! the directory above.

use std::collections::BTreeMap;

use super::inode::{INLINE_DATA, Inode, MAP};
use super::{Ext4, ReadError, broken, xattr};
use crate::read::{le16, le32};

/// No directory of a system is as large.
const SIZE_MAX: u64 = 1 << 30;

impl Ext4<'_> {
    /// Names with their inodes, `.` and `..` left out, in order.
    pub(super) fn names(&self, inode: &Inode) -> Result<BTreeMap<Vec<u8>, u32>, ReadError> {
        let mut names = BTreeMap::new();
        if inode.flags & INLINE_DATA != 0 {
            entries(inode, &inode.map[4..], &mut names)?;
            let rest = xattr::inline_rest(inode)?;
            entries(inode, &rest, &mut names)?;
            return Ok(names);
        }
        let content = self.content(inode, SIZE_MAX)?;
        let block = usize::try_from(self.block_size).expect("64 KiB at most");
        for block in content.chunks(block) {
            entries(inode, block, &mut names)?;
        }
        Ok(names)
    }

    /// The bytes of a file or link that are kept in its inode.
    pub(super) fn inline(&self, inode: &Inode) -> Result<Vec<u8>, ReadError> {
        let mut bytes = inode.map.to_vec();
        if inode.size > MAP as u64 {
            bytes.extend(xattr::inline_rest(inode)?);
        }
        let size = usize::try_from(inode.size).unwrap_or(usize::MAX);
        if size > bytes.len() {
            return Err(broken(format!("inode {} is cut short", inode.number)));
        }
        bytes.truncate(size);
        Ok(bytes)
    }
}

fn entries(
    inode: &Inode,
    block: &[u8],
    names: &mut BTreeMap<Vec<u8>, u32>,
) -> Result<(), ReadError> {
    let broken = || broken(format!("directory {}", inode.number));
    let mut rest = block;
    while rest.len() >= 8 {
        let number = le32(rest, 0);
        // Of blocks of 64 KiB all of one block does not fit 16 bits.
        let length = match usize::from(le16(rest, 4)) {
            0 | 0xFFFF if block.len() == 1 << 16 => block.len(),
            length => length,
        };
        let (entry, next) = rest.split_at_checked(length).ok_or_else(broken)?;
        if length < 8 || !length.is_multiple_of(4) {
            return Err(broken());
        }
        rest = next;
        let name = entry.get(8..8 + usize::from(entry[6])).ok_or_else(broken)?;
        if number == 0 || name == b"." || name == b".." {
            continue;
        }
        if name.is_empty() || name.contains(&b'/') || name.contains(&0) {
            return Err(broken());
        }
        if names.insert(name.to_vec(), number).is_some() {
            return Err(broken());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u32, length: u16, name: &[u8]) -> Vec<u8> {
        let mut entry = number.to_le_bytes().to_vec();
        entry.extend(length.to_le_bytes());
        entry.extend([u8::try_from(name.len()).unwrap(), 0]);
        entry.extend(name);
        entry.resize(usize::from(length).max(8), 0);
        entry
    }

    fn check(block: &[u8], expected: Option<&[&str]>) {
        let inode = Inode {
            number: 2,
            mode: 0,
            uid: 0,
            gid: 0,
            size: 0,
            mtime: crate::tree::Time::default(),
            links: 1,
            flags: 0,
            map: [0; MAP],
            attribute_block: 0,
            rest: Vec::new(),
        };
        let mut names = BTreeMap::new();
        let read = entries(&inode, block, &mut names);
        let found: Vec<_> = names.keys().map(|n| String::from_utf8_lossy(n)).collect();
        match expected {
            Some(expected) => {
                read.unwrap();
                assert_eq!(found, expected);
            }
            None => assert!(read.is_err(), "{found:?}"),
        }
    }

    #[test]
    fn names_or_nothing() {
        let good = [
            entry(2, 12, b"."),
            entry(2, 12, b".."),
            entry(12, 16, b"a name"),
            entry(0, 12, b"gone"),
            entry(13, 12, b"b"),
        ];
        check(&good.concat(), Some(&["a name", "b"]));
        check(&[], Some(&[]));
        check(&entry(12, 12, b"a/b"), None);
        check(&entry(12, 12, b"a\0"), None);
        check(&entry(12, 12, b""), None);
        check(&[entry(12, 12, b"a"), entry(13, 12, b"a")].concat(), None);
        for length in [0, 4, 10, 16] {
            let mut bytes = entry(12, 12, b"a");
            bytes[4] = length;
            check(&bytes, None);
        }
        let mut long = entry(12, 12, b"a");
        long[6] = 5;
        check(&long, None);
    }
}
