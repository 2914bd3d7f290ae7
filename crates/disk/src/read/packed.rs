//! Compressed files, told by their first bytes, as streams of what is in them.

use std::io::{self, BufRead, BufReader, Read};

use super::{Disk, Forward};

/// Memory that a stream of xz may ask for: what its highest level takes.
const XZ_MEMORY: u64 = 128 << 20;
/// The largest window of zstd that is read, as a power of two: what `--ultra -22` takes.
const ZSTD_WINDOW: u32 = 27;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// gzip, several members too.
    Gzip,
    /// xz, several streams too.
    Xz,
    /// Zstandard, several frames too.
    Zstd,
    /// bzip2, several streams too.
    Bzip2,
}

impl Packing {
    /// By the first bytes of a file.
    pub fn of(start: &[u8]) -> Option<Self> {
        [
            (&[0x1F, 0x8B, 8][..], Self::Gzip),
            (b"\xFD7zXZ\0", Self::Xz),
            (&[0x28, 0xB5, 0x2F, 0xFD], Self::Zstd),
        ]
        .into_iter()
        .find_map(|(mark, packing)| start.starts_with(mark).then_some(packing))
        .or_else(|| is_bzip2(start).then_some(Self::Bzip2))
    }

    /// Its name, which is how names of files end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Xz => "xz",
            Self::Zstd => "zst",
            Self::Bzip2 => "bz2",
        }
    }

    /// What is in it, from the first byte on.
    pub fn open<'d>(self, file: impl Disk + 'd) -> io::Result<Box<dyn Read + 'd>> {
        self.unpack(BufReader::with_capacity(1 << 17, Forward::new(file)))
    }

    /// The same of a stream.
    pub fn unpack<'d>(self, packed: impl BufRead + 'd) -> io::Result<Box<dyn Read + 'd>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(
                    XZ_MEMORY,
                    liblzma::stream::CONCATENATED,
                );
                let stream = stream.map_err(io::Error::other)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(packed, stream))
            }
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
        })
    }
}

/// `BZh`, the size of a block as a digit, then the mark of a first block, or of the end.
fn is_bzip2(start: &[u8]) -> bool {
    let Some((head, rest)) = start.split_at_checked(4) else {
        return false;
    };
    let marks: [&[u8]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];
    head.starts_with(b"BZh")
        && (b'1'..=b'9').contains(&head[3])
        && marks.iter().any(|mark| rest.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn several_streams_are_one() {
        let gzip = |text: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        };
        let xz = |text: &[u8]| {
            let mut packed = liblzma::write::XzEncoder::new(Vec::new(), 1);
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        };
        let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        let bzip2 = |text: &[u8]| {
            let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        };
        for (packed, expected) in [
            ([gzip(b"one"), gzip(b"two")].concat(), Packing::Gzip),
            ([xz(b"one"), xz(b"two")].concat(), Packing::Xz),
            ([zstd(b"one"), zstd(b"two")].concat(), Packing::Zstd),
            ([bzip2(b"one"), bzip2(b"two")].concat(), Packing::Bzip2),
        ] {
            assert_eq!(Packing::of(&packed), Some(expected));
            let mut text = String::new();
            expected
                .open(packed.as_slice())
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "onetwo");
            let cut = &packed[..packed.len() - 3];
            assert!(
                expected
                    .open(cut)
                    .unwrap()
                    .read_to_end(&mut Vec::new())
                    .is_err()
            );
        }
        assert_eq!(Packing::of(b"plain"), None);
        assert_eq!(Packing::of(b"BZh9 is how a text may begin"), None);
    }
}
