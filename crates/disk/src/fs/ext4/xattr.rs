//! Extended attributes as ext4 stores them, and whether they fit.

use std::borrow::Cow;

use super::{Ext4Error, acl};
use crate::tree::Xattrs;

/// Attributes that do not fit the inode share one block, of which 36 bytes are header and end.
const BLOCK_ROOM: usize = 4096 - 36;

type Encoded<'x> = Vec<(&'x str, Cow<'x, [u8]>)>;

/// The attributes of a node, ACLs converted. All of them must fit one block.
pub(super) fn encode<'x>(path: &[u8], xattrs: &'x Xattrs) -> Result<Encoded<'x>, Ext4Error> {
    let mut room = BLOCK_ROOM;
    xattrs
        .iter()
        .map(|(name, value)| {
            let refuse = |problem| Ext4Error::Xattr {
                path: path.to_vec(),
                name: name.clone(),
                problem,
            };
            let text =
                std::str::from_utf8(name).map_err(|_| refuse("has a name that is not UTF-8"))?;
            let value = match text.split_once('.') {
                _ if matches!(text, "system.posix_acl_access" | "system.posix_acl_default") => {
                    Cow::Owned(acl::to_disk(value).ok_or_else(|| refuse("is no valid ACL"))?)
                }
                Some(("user" | "trusted" | "security", rest))
                    if !rest.is_empty() && rest.len() <= 255 =>
                {
                    Cow::Borrowed(value.as_slice())
                }
                _ => return Err(refuse("is of no kind that ext4 stores")),
            };
            let size = 16 + text.len().next_multiple_of(4) + value.len().next_multiple_of(4);
            room = room
                .checked_sub(size)
                .ok_or_else(|| refuse("does not fit the block that ext4 has for them"))?;
            Ok((text, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &[u8], expected: &str) {
        let xattrs = Xattrs::from([(name.as_bytes().to_vec(), value.to_vec())]);
        let got = encode(b"f", &xattrs).map_or_else(|e| e.to_string(), |_| "ok".into());
        assert_eq!(got, expected);
    }

    #[test]
    fn names_and_sizes() {
        check("user.a", &[0; 4000], "ok");
        check("security.capability", b"x", "ok");
        check("user.a", &[0; 4096], {
            "extended attribute `user.a` of `/f` does not fit the block that ext4 has for them"
        });
        let kind = "is of no kind that ext4 stores";
        for name in ["user.", "system.nfs4_acl", "what", "other.x"] {
            check(
                name,
                b"",
                &format!("extended attribute `{name}` of `/f` {kind}"),
            );
        }
        check("system.posix_acl_access", b"raw", {
            "extended attribute `system.posix_acl_access` of `/f` is no valid ACL"
        });
    }
}
