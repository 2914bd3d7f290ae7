//! What is in a tar archive, and where: members by their names, contents read wherever one wants.
//!
//! ```text
//! header, 512 bytes: name 100, mode 8, uid 8, gid 8, size 12, time 12, sum 8, kind 1, target 100,
//!   "ustar", at 345 the beginning of a long name (155), or, of GNU tar: at 386 4 places of a sparse
//!   file (offset 12, length 12), at 482 whether more follow, at 483 its whole size 12
//! kinds: 0 file, 1 hard link, 2 link, 3-6 devices, directory, pipe, S sparse, L K long name and
//!   target of the next member, x g its attributes: "LENGTH NAME=VALUE\n"
//! then the content, filled up to 512 bytes; numbers are octal, or binary with the first bit set
//! ```
//!
//! Names that lead out of the archive are refused. Sources: POSIX `pax`; GNU tar's manual.

mod header;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::{Disk, Part};
use header::{Header, Pax};

const BLOCK: u64 = 512;
/// The most members; a loop cannot be, but there are archives that never end.
const MEMBERS_MAX: usize = 4_000_000;
/// The longest name, and the most attributes of a member, in bytes.
const NAME_MAX: u64 = 4096;
const PAX_MAX: u64 = 1 << 20;
/// The most places of a sparse file.
const PLACES_MAX: usize = 4_000_000;

/// An archive that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// Reading it.
    #[error("cannot read the archive")]
    Io(#[from] io::Error),
    /// It contradicts itself.
    #[error("the tar archive is broken: {0}")]
    Broken(&'static str),
    /// It has what is not read here.
    #[error("the tar archive has {0}, which is not read here")]
    Unsupported(&'static str),
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// Another name of the member that its target names.
    HardLink,
    /// A symbolic link.
    Link,
    /// A directory.
    Directory,
    /// A device or a pipe.
    Other,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Without `./` and slashes at its ends; empty for the root itself.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a file, holes included.
    pub size: u64,
    /// Of links: as it stands there; of hard links cleaned as [`Self::path`] is.
    pub target: Vec<u8>,
    /// Where the bytes are: offset in the file, place in the archive, length; ascending.
    data: Vec<(u64, u64, u64)>,
}

/// Whether a file is an archive, by its first 512 bytes.
pub fn is_tar(start: &[u8]) -> bool {
    start.len() >= 512 && (&start[257..262] == b"ustar" || header::has_sum(start))
}

/// The members, in their order. A name that comes twice counts as it came last, as when unpacking.
pub fn members(archive: &dyn Disk) -> Result<Vec<Member>, TarError> {
    let mut found = Vec::new();
    let mut pax = Pax::default();
    let mut at = 0;
    loop {
        if archive.size().saturating_sub(at) < BLOCK {
            // Some writers leave out the blocks of zeros at the end.
            return Ok(found);
        }
        let mut bytes = [0; 512];
        archive.read_at(at, &mut bytes)?;
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(found);
        }
        let header = Header::read(&bytes)?;
        let mut size = header.size;
        let body = at + BLOCK;
        let text = |most: u64| {
            if size > most {
                return Err(TarError::Broken("a name that is too long"));
            }
            let mut text = vec![0; usize::try_from(size).expect("within the limit")];
            let read = archive.read_at(body, &mut text);
            read.map_err(|_| TarError::Broken("it is cut short"))?;
            Ok(text)
        };
        match header.kind {
            b'L' => pax.path = Some(header::until_zero(&text(NAME_MAX + 1)?).to_vec()),
            b'K' => pax.target = Some(header::until_zero(&text(NAME_MAX + 1)?).to_vec()),
            b'x' => pax.read(&text(PAX_MAX)?)?,
            // What holds for all members: nothing that matters here.
            b'g' => {}
            _ => {
                let own = std::mem::take(&mut pax);
                size = own.size.unwrap_or(size);
                let more = member(archive, &header, own, body, size, &mut found)?;
                size = size.saturating_add(more);
            }
        }
        let next = size.checked_next_multiple_of(BLOCK);
        at = next
            .and_then(|size| body.checked_add(size))
            .ok_or(TarError::Broken("a size"))?;
    }
}

/// Takes a member; gives how many bytes of places stand before its content.
fn member(
    archive: &dyn Disk,
    header: &Header,
    pax: Pax,
    body: u64,
    size: u64,
    found: &mut Vec<Member>,
) -> Result<u64, TarError> {
    if pax.is_sparse {
        return Err(TarError::Unsupported("a sparse file in the form of pax"));
    }
    let kind = match header.kind {
        0 | b'0' | b'7' | b'S' => Kind::File,
        b'1' => Kind::HardLink,
        b'2' => Kind::Link,
        b'5' => Kind::Directory,
        b'3' | b'4' | b'6' => Kind::Other,
        // Labels of volumes and the like: passed over.
        _ => return Ok(0),
    };
    let path = clean(&pax.path.unwrap_or_else(|| header.path.clone()))?;
    let target = pax.target.unwrap_or_else(|| header.target.clone());
    let mut member = Member {
        path,
        kind,
        mode: header.mode,
        uid: pax.uid.unwrap_or(header.uid),
        gid: pax.gid.unwrap_or(header.gid),
        size: 0,
        target: match kind {
            Kind::HardLink => clean(&target)?,
            Kind::Link => target,
            _ => Vec::new(),
        },
        data: Vec::new(),
    };
    let mut before = 0;
    if kind == Kind::File {
        member.size = size;
        if header.kind == b'S' {
            before = sparse(archive, header, body, size, &mut member)?;
        } else if size > 0 {
            member.data = vec![(0, body, size)];
        }
        let end = body.checked_add(before).and_then(|at| at.checked_add(size));
        if end.is_none_or(|end| end > archive.size()) {
            return Err(TarError::Broken("it is cut short"));
        }
    }
    if found.len() >= MEMBERS_MAX {
        return Err(TarError::Broken("more members than a system has files"));
    }
    found.push(member);
    Ok(before)
}

/// The places of GNU tar's sparse file; gives how many bytes of them stand before its content.
fn sparse(
    archive: &dyn Disk,
    header: &Header,
    body: u64,
    size: u64,
    member: &mut Member,
) -> Result<u64, TarError> {
    let broken = TarError::Broken("the places of a sparse file");
    let mut places = header.places.clone();
    let mut before = 0;
    let mut has_more = header.has_more;
    while has_more {
        let mut block = [0; 512];
        archive
            .read_at(body + before, &mut block)
            .map_err(|_| TarError::Broken("it is cut short"))?;
        before += BLOCK;
        let (more, next) = header::places(&block, 21)?;
        places.extend(more);
        has_more = next;
        if places.len() > PLACES_MAX {
            return Err(broken);
        }
    }
    let mut at = body + before;
    let mut end = 0;
    for (offset, length) in places {
        if offset < end {
            return Err(broken);
        }
        end = offset
            .checked_add(length)
            .ok_or(TarError::Broken("a size"))?;
        if length > 0 {
            member.data.push((offset, at, length));
        }
        at = at.checked_add(length).ok_or(TarError::Broken("a size"))?;
    }
    if at != body + before + size || end > header.real_size {
        return Err(broken);
    }
    member.size = header.real_size;
    Ok(before)
}

/// A path without `.`, empty parts and slashes at its ends.
fn clean(path: &[u8]) -> Result<Vec<u8>, TarError> {
    let parts = path.split(|byte| *byte == b'/');
    let parts: Vec<&[u8]> = parts.filter(|part| !matches!(*part, b"" | b".")).collect();
    if parts.contains(&&b".."[..]) || path.contains(&0) {
        return Err(TarError::Broken("a name that leads out of it"));
    }
    let path = parts.join(&b'/');
    if path.len() as u64 > NAME_MAX {
        return Err(TarError::Broken("a name that is too long"));
    }
    Ok(path)
}

impl Member {
    /// Its content, in the archive that it was found in.
    pub fn content<'d>(&self, archive: Arc<dyn Disk + 'd>) -> Content<'d> {
        Content {
            archive: Part::of(archive, 0..u64::MAX),
            size: self.size,
            data: self.data.clone(),
        }
    }
}

/// The content of a member.
#[derive(Debug)]
pub struct Content<'d> {
    archive: Part<'d>,
    size: u64,
    data: Vec<(u64, u64, u64)>,
}

impl Disk for Content<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, mut at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let found = self
                .data
                .partition_point(|(start, _, length)| start + length <= at);
            let (place, until) = match self.data.get(found) {
                Some((start, place, length)) if *start <= at => {
                    (Some(place + (at - start)), start + length)
                }
                Some((start, ..)) => (None, *start),
                None => (None, self.size),
            };
            let length = usize::try_from(until - at).unwrap_or(usize::MAX);
            let (now, next) = rest.split_at_mut(length.min(rest.len()));
            match place {
                Some(place) => self.archive.read_at(place, now)?,
                None => now.fill(0),
            }
            at += now.len() as u64;
            rest = next;
        }
        Ok(())
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        let found = self
            .data
            .partition_point(|(start, _, length)| start + length <= at);
        let next = self.data.get(found);
        Ok(next.map(|(start, _, length)| (*start).max(at)..start + length))
    }
}

#[cfg(test)]
mod tests;
