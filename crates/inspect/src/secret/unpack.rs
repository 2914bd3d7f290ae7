//! Archives and compressed files, opened one in another, without ever writing anything.
//!
//! ```text
//! gz, xz, zst, bz2 one stream within                        /a.gz!
//! tar, zip, cpio, ar (.deb)   members, each looked at again  /a.tar.gz!/etc/b
//! ```
//!
//! What an archive is, its first bytes say, not its name. Members are read as they come, in one
//! pass; a bomb ends at a limit, and what was not looked at is told.

use std::io::{self, BufRead, BufReader, Read};

use goldsmith_disk::read::packed::Packing;

mod cpio;
mod zip;

/// How deep archives may lie in one another.
const MAX_DEPTH: usize = 6;
/// Members of one file of the image, all depths together.
const MAX_MEMBERS: u64 = 500_000;
/// Bytes that may come out of one file of the image.
const MAX_BYTES: u64 = 4 << 30;
/// Bytes of a long name of a tar.
const MAX_EXTENSION: u64 = 64 << 10;
/// The first bytes that tell the form: a tar's magic ends at 265.
const HEAD: usize = 512;

/// Why a file was not looked at to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// The archive is broken, or cut.
    Broken,
    /// Archives lie too deep in one another, or too much comes out of them.
    Limit,
    /// There are more secrets in it than anybody reads.
    Many,
    /// A member is encrypted, or packed in a way that is not followed here.
    Packed,
}

impl Left {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Broken => "a broken archive was not looked at to its end",
            Self::Limit => "an archive holds too much to be looked at to its end",
            Self::Many => "a file with a thousand secrets was not looked at to its end",
            Self::Packed => "an encrypted or unusually packed member was not looked at",
        }
    }
}

/// Gets every file that is no archive, with its name, and every reason why one was left.
pub(super) trait Visit {
    fn file(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<()>;
    fn left(&mut self, name: &str, why: Left);
}

/// Walks a file and all that is packed in it. An error is the visitor's own, or of the file.
pub(super) fn walk(name: &str, file: &mut dyn Read, visit: &mut dyn Visit) -> io::Result<()> {
    let mut walker = Walker {
        visit,
        members: 0,
        bytes: 0,
    };
    match walker.open(name, file, 0) {
        Err(error) if is::<Limit>(&error) => {
            walker.visit.left(name, Left::Limit);
            Ok(())
        }
        done => done,
    }
}

fn is<E: std::error::Error + 'static>(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<E>)
}

struct Walker<'v> {
    visit: &'v mut dyn Visit,
    members: u64,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Packed(Packing),
    Tar,
    Zip,
    Cpio,
    Ar,
    Plain,
}

fn form(head: &[u8]) -> Form {
    if let Some(packing) = Packing::of(head) {
        return Form::Packed(packing);
    }
    match head {
        [b'P', b'K', 3, 4, ..] => Form::Zip,
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', ..] => Form::Cpio,
        _ if head.starts_with(b"!<arch>\n") => Form::Ar,
        _ if is_tar(head) => Form::Tar,
        _ => Form::Plain,
    }
}

/// The checksum of a tar header: the sum of its bytes, the sum itself counted as spaces.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else {
        return false;
    };
    let field = String::from_utf8_lossy(&header[148..156]);
    let Ok(stored) = u32::from_str_radix(field.trim_matches(['\0', ' ']), 8) else {
        return false;
    };
    let bytes = header.iter().enumerate();
    let sum: u32 = bytes
        .map(|(at, byte)| {
            if (148..156).contains(&at) {
                32
            } else {
                u32::from(*byte)
            }
        })
        .sum();
    sum == stored && header[0] != 0
}

/// A decoder that broke, told from a file that cannot be read.
#[derive(Debug)]
struct Limit;

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too much comes out of one file")
    }
}

impl std::error::Error for Limit {}

/// Counts what comes out of a decoder, up to the limit.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    bytes: &'a mut u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        *self.bytes += got as u64;
        if *self.bytes > MAX_BYTES {
            return Err(io::Error::other(Limit));
        }
        Ok(got)
    }
}

impl Walker<'_> {
    /// Looks at one stream: an archive is opened, anything else goes to the visitor.
    fn open(&mut self, name: &str, stream: &mut dyn Read, depth: usize) -> io::Result<()> {
        let mut head = Vec::with_capacity(HEAD);
        (&mut *stream).take(HEAD as u64).read_to_end(&mut head)?;
        let form = form(&head);
        let mut whole = (&head[..]).chain(stream);
        if form == Form::Plain {
            return self.visit.file(name, &mut whole);
        }
        if depth >= MAX_DEPTH || self.members > MAX_MEMBERS {
            self.visit.left(name, Left::Limit);
            return Ok(());
        }
        let inner = format!("{name}!");
        let done = match form {
            Form::Packed(packing) => packing
                .unpack(BufReader::new(&mut whole))
                .and_then(|mut plain| self.decoded(&inner, &mut plain, depth)),
            Form::Tar => self.tar(&inner, &mut whole, depth),
            Form::Zip => self.zip(&inner, &mut whole, depth),
            Form::Cpio => self.cpio(&inner, &mut whole, depth),
            Form::Ar => self.ar(&inner, &mut whole, depth),
            Form::Plain => Ok(()),
        };
        self.judged(name, done)
    }

    /// An error of what stands in an archive is told and not passed on; one of the visitor is.
    fn judged(&mut self, name: &str, done: io::Result<()>) -> io::Result<()> {
        match done {
            Err(error) if is::<Stop>(&error) || is::<Limit>(&error) => Err(error),
            Err(_) => {
                self.visit.left(name, Left::Broken);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn decoded(&mut self, name: &str, decoder: &mut dyn Read, depth: usize) -> io::Result<()> {
        let mut bytes = self.bytes;
        let mut counted = Counted {
            inner: decoder,
            bytes: &mut bytes,
        };
        let done = self.open(name, &mut counted, depth + 1);
        self.bytes = self.bytes.max(bytes);
        done
    }

    fn member(&mut self, name: &str, bytes: &mut dyn Read, depth: usize) -> io::Result<()> {
        self.members += 1;
        if self.members > MAX_MEMBERS {
            return Err(io::Error::other(Limit));
        }
        self.open(name, bytes, depth + 1)
    }

    /// Long names stand in members of their own before the member they are of.
    fn tar(&mut self, name: &str, stream: &mut dyn Read, depth: usize) -> io::Result<()> {
        let mut archive = tar::Archive::new(stream);
        let mut long = None;
        for entry in archive.entries()?.raw(true) {
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
                let mut text = Vec::new();
                entry.by_ref().take(MAX_EXTENSION).read_to_end(&mut text)?;
                let text = String::from_utf8_lossy(&text);
                let path = if kind.is_gnu_longname() {
                    Some(text.trim_end_matches('\0'))
                } else {
                    let mut rows = text.lines();
                    rows.find_map(|row| row.split_once(" path=").map(|(_, path)| path))
                };
                long = path.map(str::to_owned).or(long);
                continue;
            }
            let short = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = long.take().unwrap_or(short);
            if kind.is_file() || kind.is_gnu_sparse() || kind.is_contiguous() {
                self.member(&joined(name, &path), &mut entry, depth)?;
            }
        }
        Ok(())
    }

    /// `!<arch>\n`, then for each member a name of 16 bytes, 32 of dates and owners, ten decimal
    /// digits of size, two bytes, the content, padded to two.
    fn ar(&mut self, name: &str, stream: &mut dyn Read, depth: usize) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        io::copy(&mut stream.by_ref().take(8), &mut io::sink())?;
        while !stream.fill_buf()?.is_empty() {
            let mut header = [0; 60];
            stream.read_exact(&mut header)?;
            let text = String::from_utf8_lossy(&header[48..58]).into_owned();
            let size: u64 = text
                .trim()
                .parse()
                .map_err(|_| io::ErrorKind::InvalidData)?;
            let member = String::from_utf8_lossy(&header[..16])
                .trim_end_matches([' ', '/'])
                .to_owned();
            let mut content = stream.by_ref().take(size);
            self.member(&joined(name, &member), &mut content, depth)?;
            io::copy(&mut content, &mut io::sink())?;
            io::copy(&mut stream.by_ref().take(size % 2), &mut io::sink())?;
        }
        Ok(())
    }
}

/// What a visitor returns to end a walk: passed on as it is.
#[derive(Debug)]
pub(super) struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("asked to stop")
    }
}

impl std::error::Error for Stop {}

fn joined(archive: &str, member: &str) -> String {
    let member = member.trim_start_matches("./").trim_start_matches('/');
    format!("{archive}/{member}")
}

#[cfg(test)]
mod tests;
