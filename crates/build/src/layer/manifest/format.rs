//! The list of what is in a layer, as it is stored: `manifest`.
//!
//! ```text
//! 8  "GSLAYER1"
//! 4  number of rows; then for each row, in the order of paths:
//!    2  bytes that its path has in common with the one before      2  bytes that follow     …  those bytes
//!    1  kind: 0 gone, 1 directory, 2 directory that hides what is below, 3 file, 4 link,
//!       5 character device, 6 block device, 7 pipe, 8 socket; all but "gone" go on with
//!    2  mode      4  owner      4  group      8  seconds      4  nanoseconds
//!    2  number of extended attributes; for each: 2 length of the name, name, 4 length of the value, value
//!    file    4  group of names of one file, 0 for none    8  size    4  number of data ranges, each 8 start, 8 end
//!    link    4  group    2  length of the target, target
//!    device  4  group    4  major    4  minor             pipe, socket  4  group
//! 32 SHA-256 of all that
//! ```
//!
//! Numbers are little-endian.

use goldsmith_core::digest::Sha256;
use goldsmith_disk::tree::{Attributes, Content, Kind, Node, Time, Xattrs};

use super::{Manifest, Row, What};

const MAGIC: &[u8; 8] = b"GSLAYER1";
const DIGEST: usize = 32;

/// The stored form, and the digest at its end.
pub(super) fn write(manifest: &Manifest) -> (Vec<u8>, Sha256) {
    let mut out = Writer(MAGIC.to_vec());
    out.u32(manifest.rows.len());
    let mut before: &[u8] = &[];
    for row in &manifest.rows {
        let same = row
            .path
            .iter()
            .zip(before)
            .take_while(|(a, b)| a == b)
            .count();
        let same = same.min(usize::from(u16::MAX));
        out.u16(same);
        out.short(&row.path[same..]);
        before = &row.path;
        out.what(&row.what);
    }
    let digest = Sha256::of(&out.0);
    out.0.extend(digest.as_bytes());
    (out.0, digest)
}

struct Writer(Vec<u8>);

impl Writer {
    fn u16(&mut self, number: usize) {
        let number = u16::try_from(number).expect("names, targets and attributes are short");
        self.0.extend(number.to_le_bytes());
    }

    fn u32(&mut self, number: usize) {
        let number = u32::try_from(number).expect("lists are shorter");
        self.0.extend(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn short(&mut self, bytes: &[u8]) {
        self.u16(bytes.len());
        self.0.extend(bytes);
    }

    fn what(&mut self, what: &What) {
        let (node, group, is_opaque) = match what {
            What::Gone => return self.0.push(0),
            What::Node {
                node,
                group,
                is_opaque,
            } => (node, *group, *is_opaque),
        };
        self.0.push(match &node.kind {
            Kind::Directory if is_opaque => 2,
            Kind::Directory => 1,
            Kind::File(_) => 3,
            Kind::Symlink(_) => 4,
            Kind::Char { .. } => 5,
            Kind::Block { .. } => 6,
            Kind::Fifo => 7,
            Kind::Socket => 8,
            Kind::HardLink(_) => unreachable!("names of one file are a group here"),
        });
        let attributes = &node.attributes;
        self.0.extend(attributes.mode.to_le_bytes());
        self.0.extend(attributes.uid.to_le_bytes());
        self.0.extend(attributes.gid.to_le_bytes());
        self.0.extend(attributes.mtime.seconds.to_le_bytes());
        self.0.extend(attributes.mtime.nanos.to_le_bytes());
        self.u16(attributes.xattrs.len());
        for (name, value) in &attributes.xattrs {
            self.short(name);
            self.u32(value.len());
            self.0.extend(value);
        }
        if node.kind != Kind::Directory {
            self.0.extend(group.to_le_bytes());
        }
        match &node.kind {
            Kind::File(content) => {
                let Content::Source { size, data } = content else {
                    unreachable!("contents of a layer stand in its files");
                };
                self.u64(*size);
                self.u32(data.len());
                for range in data {
                    self.u64(range.start);
                    self.u64(range.end);
                }
            }
            Kind::Symlink(target) => self.short(target),
            Kind::Char { major, minor } | Kind::Block { major, minor } => {
                self.0.extend(major.to_le_bytes());
                self.0.extend(minor.to_le_bytes());
            }
            _ => {}
        }
    }
}

/// Reads the stored form; `None` when it is not whole.
pub(super) fn read(bytes: &[u8]) -> Option<Manifest> {
    let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    if Sha256::of(body).as_bytes() != digest {
        return None;
    }
    let mut reader = Reader(body.strip_prefix(MAGIC)?);
    let count = reader.u32()?;
    let mut rows = Vec::with_capacity(count.min(1 << 20) as usize);
    let mut path: Vec<u8> = Vec::new();
    for _ in 0..count {
        let same = usize::from(reader.u16()?);
        path.truncate(same);
        path.extend(reader.short()?);
        rows.push(Row {
            path: path.clone(),
            what: reader.what()?,
        });
    }
    reader.0.is_empty().then_some(Manifest { rows })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.bytes(usize::from(length))
    }

    fn what(&mut self) -> Option<What> {
        let [kind] = self.array()?;
        if kind == 0 {
            return Some(What::Gone);
        }
        let mut attributes = Attributes {
            mode: self.u16()?,
            uid: self.u32()?,
            gid: self.u32()?,
            mtime: Time {
                seconds: i64::from_le_bytes(self.array()?),
                nanos: self.u32()?,
            },
            xattrs: Xattrs::new(),
        };
        for _ in 0..self.u16()? {
            let name = self.short()?.to_vec();
            let length = usize::try_from(self.u32()?).ok()?;
            attributes.xattrs.insert(name, self.bytes(length)?.to_vec());
        }
        let group = if kind > 2 { self.u32()? } else { 0 };
        let kind_of_node = match kind {
            1 | 2 => Kind::Directory,
            3 => Kind::File(self.content()?),
            4 => Kind::Symlink(self.short()?.to_vec()),
            5 | 6 => {
                let (major, minor) = (self.u32()?, self.u32()?);
                if kind == 5 {
                    Kind::Char { major, minor }
                } else {
                    Kind::Block { major, minor }
                }
            }
            7 => Kind::Fifo,
            8 => Kind::Socket,
            _ => return None,
        };
        Some(What::Node {
            node: Node {
                attributes,
                kind: kind_of_node,
            },
            group,
            is_opaque: kind == 2,
        })
    }

    fn content(&mut self) -> Option<Content> {
        let size = self.u64()?;
        let count = self.u32()?;
        let mut data = Vec::with_capacity(count.min(1 << 16) as usize);
        for _ in 0..count {
            data.push(self.u64()?..self.u64()?);
        }
        Some(Content::Source { size, data })
    }
}
