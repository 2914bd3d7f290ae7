//! cpio in its `newc` form, as the kernel unpacks at boot.
//!
//! ```text
//! 070701, 13 fields of 8 hexadecimal digits: inode, mode, uid, gid, links, time, size (at 54),
//!   device (4 fields), length of the name (at 94), checksum
//! name with a zero, padded to 4; content, padded to 4; the last member is called TRAILER!!!
//! ```
//!
//! After the end more may follow: zeros, then another archive, often a compressed one.

use std::io::{self, BufRead, BufReader, Read};

use super::{Walker, joined};

const HEADER: usize = 110;
const MAX_NAME: u64 = 4096;

impl Walker<'_> {
    pub(super) fn cpio(
        &mut self,
        name: &str,
        stream: &mut dyn Read,
        depth: usize,
    ) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut header = [0; HEADER];
            stream.read_exact(&mut header)?;
            if !header.starts_with(b"07070") {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let (mode, size, length) = (
                field(&header, 14)?,
                field(&header, 54)?,
                field(&header, 94)?,
            );
            if length == 0 || length > MAX_NAME {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut path = Vec::new();
            stream.by_ref().take(length).read_to_end(&mut path)?;
            path.pop();
            skip(&mut stream, padding(HEADER as u64 + length))?;
            if path == b"TRAILER!!!" {
                break;
            }
            let mut content = stream.by_ref().take(size);
            if mode & 0o170_000 == 0o100_000 && size > 0 {
                let path = String::from_utf8_lossy(&path);
                self.member(&joined(name, &path), &mut content, depth)?;
            }
            io::copy(&mut content, &mut io::sink())?;
            skip(&mut stream, padding(size))?;
        }
        loop {
            let rest = stream.fill_buf()?;
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            if rest.is_empty() {
                return Ok(());
            }
            let is_all = zeros == rest.len();
            stream.consume(zeros);
            if !is_all {
                return self.open(name.trim_end_matches('!'), &mut stream, depth);
            }
        }
    }
}

fn field(header: &[u8], at: usize) -> io::Result<u64> {
    let text = std::str::from_utf8(&header[at..at + 8]).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(u64::from_str_radix(text, 16).map_err(|_| io::ErrorKind::InvalidData)?)
}

const fn padding(length: u64) -> u64 {
    (4 - length % 4) % 4
}

fn skip(stream: &mut dyn Read, bytes: u64) -> io::Result<()> {
    io::copy(&mut stream.take(bytes), &mut io::sink()).map(drop)
}
