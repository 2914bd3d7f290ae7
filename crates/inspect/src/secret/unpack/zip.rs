//! zip, read from its start as it comes: jars, wheels, packages of apps.
//!
//! ```text
//! PK\3\4, version, flags (at 6), method (at 8), time, date, CRC, packed size (at 18), size (at 22),
//!   length of the name (at 26), of the extra fields (at 28); name; extra fields; content
//!   flags: 1 encrypted, 8 sizes unknown until after the content
//! extra field 1: sizes of 64 bits where the others are all ones
//! after a content of unknown size: PK\7\8 or not, CRC, sizes of 32 or 64 bits
//! ```

use std::io::{self, BufRead, BufReader, Read};

use super::{Left, Walker, joined};

const MEMBER: [u8; 4] = *b"PK\x03\x04";
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ZSTD: u16 = 93;

struct Member {
    flags: u16,
    method: u16,
    packed: u64,
    name: String,
    is_wide: bool,
}

impl Walker<'_> {
    pub(super) fn zip(
        &mut self,
        name: &str,
        stream: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(member) = next(&mut stream)? {
            let path = joined(name, &member.name);
            let is_open = member.flags & 8 != 0;
            let is_encrypted = member.flags & 1 != 0;
            if is_encrypted
                || ![STORED, DEFLATED, ZSTD].contains(&member.method)
                || is_open && member.method != DEFLATED
            {
                self.visit.left(&path, Left::Packed);
                if is_open {
                    // Where the next member begins is not known without unpacking this one.
                    return Ok(());
                }
                io::copy(&mut stream.by_ref().take(member.packed), &mut io::sink())?;
                continue;
            }
            if is_open {
                let mut decoder = flate2::bufread::DeflateDecoder::new(&mut stream);
                self.unpacked(&path, &mut decoder, depth)?;
                io::copy(&mut decoder, &mut io::sink())?;
                descriptor(&mut stream, member.is_wide)?;
                continue;
            }
            let mut packed = stream.by_ref().take(member.packed);
            match member.method {
                STORED => self.member(&path, &mut packed, depth)?,
                DEFLATED => self.unpacked(
                    &path,
                    &mut flate2::read::DeflateDecoder::new(&mut packed),
                    depth,
                )?,
                _ => self.unpacked(
                    &path,
                    &mut zstd::stream::read::Decoder::new(&mut packed)?,
                    depth,
                )?,
            }
            io::copy(&mut packed, &mut io::sink())?;
        }
        Ok(())
    }

    fn unpacked(&mut self, path: &str, decoder: &mut dyn Read, depth: usize) -> io::Result<()> {
        self.members += 1;
        self.decoded(path, decoder, depth)
    }
}

/// The next member; `None` at the directory that ends the archive.
fn next(stream: &mut BufReader<&mut dyn Read>) -> io::Result<Option<Member>> {
    let mut magic = [0; 4];
    stream.read_exact(&mut magic)?;
    if magic != MEMBER {
        return Ok(None);
    }
    let mut header = [0; 26];
    stream.read_exact(&mut header)?;
    let le16 = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let le32 = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let mut name = vec![0; usize::from(le16(22))];
    stream.read_exact(&mut name)?;
    let mut extra = vec![0; usize::from(le16(24))];
    stream.read_exact(&mut extra)?;
    let wide = wide_sizes(&extra);
    let packed = if le32(14) == u32::MAX {
        wide.and_then(|(_, packed)| packed)
            .ok_or(io::ErrorKind::InvalidData)?
    } else {
        u64::from(le32(14))
    };
    Ok(Some(Member {
        flags: le16(2),
        method: le16(4),
        packed,
        name: String::from_utf8_lossy(&name).into_owned(),
        is_wide: wide.is_some(),
    }))
}

/// Size and packed size of the extra field for large members.
fn wide_sizes(mut extra: &[u8]) -> Option<(u64, Option<u64>)> {
    while let [a, b, c, d, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        let field = rest.get(..length)?;
        if u16::from_le_bytes([*a, *b]) == 1 {
            let number =
                |at: usize| Some(u64::from_le_bytes(field.get(at..at + 8)?.try_into().ok()?));
            return Some((number(0)?, number(8)));
        }
        extra = &rest[length..];
    }
    None
}

fn descriptor(stream: &mut BufReader<&mut dyn Read>, is_wide: bool) -> io::Result<()> {
    let is_signed = stream.fill_buf()?.starts_with(b"PK\x07\x08");
    let length = if is_signed { 4 } else { 0 } + 4 + if is_wide { 16 } else { 8 };
    io::copy(&mut stream.by_ref().take(length), &mut io::sink()).map(drop)
}
