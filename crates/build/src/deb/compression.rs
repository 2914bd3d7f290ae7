//! Compression of a package's members, told by the name's ending.

use std::io::{self, Read};

use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// Memory that an xz stream may ask for: `xz -9` needs 65 MiB.
const XZ_MEMORY_MAX: u64 = 256 << 20;
/// log2 of the window that a zstd stream may ask for: 128 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Reads the bytes of a member called `name` decompressed; `None` for a compression that is not
/// known.
pub(super) fn reader<'a>(
    name: &str,
    bytes: impl Read + 'a,
) -> io::Result<Option<Box<dyn Read + 'a>>> {
    let ending = name.split_once(".tar").map_or("", |(_, ending)| ending);
    Ok(match ending {
        "" => Some(Box::new(bytes)),
        ".gz" => Some(Box::new(flate2::read::MultiGzDecoder::new(bytes))),
        ".xz" => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY_MAX, CONCATENATED)?;
            Some(Box::new(XzDecoder::new_stream(bytes, stream)))
        }
        ".zst" => {
            let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Some(Box::new(decoder))
        }
        _ => None,
    })
}
