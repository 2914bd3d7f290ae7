//! POSIX ACLs: from the form of the system call to that on disk, and back.
//!
//! ```text
//! getxattr: u32 version 2, then per entry  u16 tag, u16 permissions, u32 id
//! ext4:     u32 version 1, then per entry  u16 tag, u16 permissions, and u32 id only for named users and groups
//! ```
//!
//! A value that is stored unconverted makes the file unreadable to `getfacl`, and e2fsck does not
//! see it.

const TAG_USER: u16 = 0x02;
const TAG_GROUP: u16 = 0x08;
const TAGS: [u16; 6] = [0x01, TAG_USER, 0x04, TAG_GROUP, 0x10, 0x20];

/// Converts the value of `system.posix_acl_access` or `_default`; `None` when it is no such value.
pub(super) fn to_disk(value: &[u8]) -> Option<Vec<u8>> {
    let entries = value.strip_prefix(&2_u32.to_le_bytes())?;
    if !entries.len().is_multiple_of(8) {
        return None;
    }
    let mut disk = 1_u32.to_le_bytes().to_vec();
    for entry in entries.chunks(8) {
        let tag = u16::from_le_bytes([entry[0], entry[1]]);
        if !TAGS.contains(&tag) {
            return None;
        }
        let is_named = matches!(tag, TAG_USER | TAG_GROUP);
        disk.extend(&entry[..if is_named { 8 } else { 4 }]);
    }
    Some(disk)
}

/// Converts a value as ext4 has it; `None` when it is none.
pub(crate) fn from_disk(disk: &[u8]) -> Option<Vec<u8>> {
    let mut entries = disk.strip_prefix(&1_u32.to_le_bytes())?;
    let mut value = 2_u32.to_le_bytes().to_vec();
    while let Some(short) = entries.get(..4) {
        let tag = u16::from_le_bytes([short[0], short[1]]);
        if !TAGS.contains(&tag) {
            return None;
        }
        value.extend(short);
        if matches!(tag, TAG_USER | TAG_GROUP) {
            value.extend(entries.get(4..8)?);
            entries = &entries[8..];
        } else {
            value.extend(u32::MAX.to_le_bytes());
            entries = &entries[4..];
        }
    }
    entries.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts() {
        let entry = |tag: u16, id: u32| {
            let mut entry = tag.to_le_bytes().to_vec();
            entry.extend(7_u16.to_le_bytes());
            entry.extend(id.to_le_bytes());
            entry
        };
        let mut value = vec![2, 0, 0, 0];
        value.extend(entry(0x01, u32::MAX));
        value.extend(entry(0x02, 1000));
        let expected = [1, 0, 0, 0, 1, 0, 7, 0, 2, 0, 7, 0, 0xE8, 3, 0, 0];
        assert_eq!(to_disk(&value), Some(expected.to_vec()));
        assert_eq!(from_disk(&expected), Some(value.clone()));
        for bad in [&expected[..15], &[2, 0, 0, 0], &[1, 0, 0, 0, 9, 0, 7, 0]] {
            assert_eq!(from_disk(bad), None);
        }
        for bad in [
            &value[..11],
            &[1, 0, 0, 0],
            &[],
            &[2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(to_disk(bad), None);
        }
    }
}
