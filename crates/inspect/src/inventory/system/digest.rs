//! Digests by which package systems know their files.

use goldsmith_disk::read::Disk;
use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;

/// The digest of a file as its package brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileDigest {
    /// Of dpkg, and of old rpm.
    Md5([u8; 16]),
    /// Of apk.
    Sha1([u8; 20]),
    /// Of rpm.
    Sha256([u8; 32]),
}

impl FileDigest {
    /// A digest in hexadecimal digits; its length says which.
    pub(super) fn of_hex(text: &str) -> Option<Self> {
        match text.len() {
            32 => hex(text).map(Self::Md5),
            40 => hex(text).map(Self::Sha1),
            64 => hex(text).map(Self::Sha256),
            _ => None,
        }
    }

    /// Whether a file has it.
    pub(crate) fn is_of(&self, file: &dyn Disk) -> std::io::Result<bool> {
        Ok(match self {
            Self::Md5(expected) => digest::<Md5>(file)?[..] == expected[..],
            Self::Sha1(expected) => digest::<Sha1>(file)?[..] == expected[..],
            Self::Sha256(expected) => digest::<Sha256>(file)?[..] == expected[..],
        })
    }
}

fn digest<D: sha2::Digest>(file: &dyn Disk) -> std::io::Result<Vec<u8>> {
    const PIECE: u64 = 256 << 10;
    let mut digest = D::new();
    let mut piece = Vec::new();
    let mut at = 0;
    while at < file.size() {
        let length = PIECE.min(file.size() - at);
        piece.resize(usize::try_from(length).unwrap_or(0), 0);
        file.read_at(at, &mut piece)?;
        digest.update(&piece);
        at += length;
    }
    Ok(digest.finalize().to_vec())
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_length() {
        for (text, is_right) in [
            ("900150983cd24fb0d6963f7d28e17f72", true),
            ("a9993e364706816aba3e25717850c26c9cd0d89d", true),
            (
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                true,
            ),
            ("900150983cd24fb0d6963f7d28e17f73", false),
        ] {
            let digest = FileDigest::of_hex(text).unwrap();
            assert_eq!(digest.is_of(&b"abc".to_vec()).unwrap(), is_right, "{text}");
        }
        assert_eq!(FileDigest::of_hex("newconffile"), None);
        assert_eq!(FileDigest::of_hex(&"é".repeat(16)), None);
    }
}
