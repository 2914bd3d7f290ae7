//! Compression of archives: of a package's members, told by the name's ending, and of a root that
//! others packed, told by how it begins.

use std::io::{self, Read};

use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// Memory that an xz stream may ask for: `xz -9` needs 65 MiB.
const XZ_MEMORY_MAX: u64 = 256 << 20;
/// log2 of the window that a zstd stream may ask for: 128 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    /// By the ending of a name behind `.tar`; `None` for one that is not known.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name.split_once(".tar").map_or("", |(_, ending)| ending) {
            "" => Some(Self::None),
            ".gz" => Some(Self::Gzip),
            ".xz" => Some(Self::Xz),
            ".zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// By the first bytes, six at least.
    pub(crate) fn of_start(start: &[u8]) -> Self {
        const MAGIC: [(&[u8], Compression); 3] = [
            (&[0x1F, 0x8B], Compression::Gzip),
            (b"\xFD7zXZ\0", Compression::Xz),
            (&[0x28, 0xB5, 0x2F, 0xFD], Compression::Zstd),
        ];
        let found = MAGIC.iter().find(|(magic, _)| start.starts_with(magic));
        found.map_or(Self::None, |(_, compression)| *compression)
    }

    /// Reads bytes decompressed.
    pub(crate) fn reader<'a>(self, bytes: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(bytes),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY_MAX, CONCATENATED)?;
                Box::new(XzDecoder::new_stream(bytes, stream))
            }
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
        })
    }
}
