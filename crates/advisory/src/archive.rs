//! What feeds come packed in: zstd, gzip and zip, one in another, told by their first bytes.

use std::io::Read;

/// Most bytes of one document, unpacked.
const DOCUMENT_MAX: u64 = 2 << 30;
/// How deep packings lie in one another.
const DEPTH_MAX: usize = 4;

/// Takes the name and the bytes of a document.
type Each<'a, E> = &'a mut dyn FnMut(&str, &[u8]) -> Result<(), E>;

/// A packing that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot unpack `{name}`: {detail}")]
pub struct ArchiveError {
    pub(crate) name: String,
    pub(crate) detail: String,
}

/// Calls `each` with the name and the bytes of every document in it; a document that is not
/// packed is the only one.
pub(crate) fn unpack<E: From<ArchiveError>>(
    name: &str,
    bytes: &[u8],
    each: Each<'_, E>,
) -> Result<(), E> {
    unpack_at(name, bytes, 0, each)
}

fn unpack_at<E: From<ArchiveError>>(
    name: &str,
    bytes: &[u8],
    depth: usize,
    each: Each<'_, E>,
) -> Result<(), E> {
    let failed = |detail: String| ArchiveError {
        name: name.to_owned(),
        detail,
    };
    let inner = |ending: &str| name.strip_suffix(ending).unwrap_or(name).to_owned();
    let is_packed = [
        &b"\x28\xb5\x2f\xfd"[..],
        &b"\x1f\x8b"[..],
        &b"PK\x03\x04"[..],
        &b"PK\x05\x06"[..],
    ]
    .iter()
    .position(|magic| bytes.starts_with(magic));
    if is_packed.is_some() && depth == DEPTH_MAX {
        return Err(failed("too many packings in one another".to_owned()).into());
    }
    match is_packed {
        None => each(name, bytes),
        Some(0) => {
            let reader = zstd::Decoder::with_buffer(bytes);
            let document = reader
                .and_then(read_whole)
                .map_err(|e| failed(e.to_string()))?;
            unpack_at(&inner(".zst"), &document, depth + 1, each)
        }
        Some(1) => {
            let reader = flate2::bufread::MultiGzDecoder::new(bytes);
            let document = read_whole(reader).map_err(|e| failed(e.to_string()))?;
            unpack_at(&inner(".gz"), &document, depth + 1, each)
        }
        Some(_) => {
            for member in zip_members(bytes).map_err(|e| failed(e.to_owned()))? {
                let document = member
                    .read(bytes)
                    .map_err(|e| failed(format!("`{}`: {e}", member.name)))?;
                unpack_at(&member.name, &document, depth + 1, each)?;
            }
            Ok(())
        }
    }
}

fn read_whole(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut document = Vec::new();
    reader.take(DOCUMENT_MAX + 1).read_to_end(&mut document)?;
    if document.len() as u64 > DOCUMENT_MAX {
        return Err(std::io::Error::other("it is too large"));
    }
    Ok(document)
}

/// A file of a zip archive.
struct Member {
    name: String,
    method: u16,
    packed: usize,
    /// Of its local header.
    offset: usize,
}

/// The files that the central directory lists (APPNOTE 4.3.12), without directories.
fn zip_members(zip: &[u8]) -> Result<Vec<Member>, &'static str> {
    const END: &[u8] = b"PK\x05\x06";
    const CUT: &str = "the archive is cut off";
    let end = memchr::memmem::rfind(zip, END).ok_or("it has no list of its files")?;
    let mut count = usize::from(u16_at(zip, end + 10).ok_or(CUT)?);
    let mut at = u32_at(zip, end + 16).ok_or(CUT)? as usize;
    if count == usize::from(u16::MAX) || at == u32::MAX as usize {
        // Larger archives say it elsewhere (4.3.14).
        let locator = end.checked_sub(20).ok_or(CUT)?;
        if zip.get(locator..locator + 4) != Some(b"PK\x06\x07") {
            return Err("its list of files is damaged");
        }
        let record = usize_at(zip, locator + 8).ok_or(CUT)?;
        count = record
            .checked_add(32)
            .and_then(|at| usize_at(zip, at))
            .ok_or(CUT)?;
        at = record
            .checked_add(48)
            .and_then(|at| usize_at(zip, at))
            .ok_or(CUT)?;
    }
    let mut members = Vec::new();
    for _ in 0..count {
        let entry = zip.get(at..).and_then(|rest| rest.get(..46)).ok_or(CUT)?;
        if !entry.starts_with(b"PK\x01\x02") {
            return Err("its list of files is damaged");
        }
        let size = |field: usize| u16_at(entry, field).map(usize::from).ok_or(CUT);
        let (name, extra, comment) = (size(28)?, size(30)?, size(32)?);
        let text = zip.get(at + 46..at + 46 + name).ok_or(CUT)?;
        let member = Member {
            name: String::from_utf8_lossy(text).into_owned(),
            method: u16_at(entry, 10).ok_or(CUT)?,
            packed: u32_at(entry, 20).ok_or(CUT)? as usize,
            offset: u32_at(entry, 42).ok_or(CUT)? as usize,
        };
        if member.packed == u32::MAX as usize || member.offset == u32::MAX as usize {
            return Err("a file in it is larger than 4 GiB");
        }
        at += 46 + name + extra + comment;
        if !member.name.ends_with('/') {
            members.push(member);
        }
    }
    Ok(members)
}

impl Member {
    fn read(&self, zip: &[u8]) -> Result<Vec<u8>, String> {
        const CUT: &str = "it is cut off";
        let header = zip.get(self.offset..).ok_or(CUT)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err("it is not where the list says".to_owned());
        }
        let name = u16_at(header, 26).ok_or(CUT)?;
        let extra = u16_at(header, 28).ok_or(CUT)?;
        let start = 30 + usize::from(name) + usize::from(extra);
        let packed = header
            .get(start..)
            .and_then(|rest| rest.get(..self.packed))
            .ok_or(CUT)?;
        match self.method {
            0 => Ok(packed.to_vec()),
            8 => {
                read_whole(flate2::bufread::DeflateDecoder::new(packed)).map_err(|e| e.to_string())
            }
            other => Err(format!("it is packed by method {other}, which is not read")),
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

fn usize_at(bytes: &[u8], at: usize) -> Option<usize> {
    let value = u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?);
    usize::try_from(value).ok()
}
