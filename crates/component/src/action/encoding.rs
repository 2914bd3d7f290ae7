//! Texts as bytes: UTF-8, UTF-16 and UTF-32, in either order of bytes.
//!
//! A file may begin with a byte order mark. None is written; one that is there says the order
//! where the name of the encoding does not, is no part of the text, and may not say otherwise
//! than the name.

use super::{ActionError, Values};

/// How a text becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoding {
    /// Bytes of a unit: 1, 2, 4.
    width: usize,
    is_big_endian: bool,
    /// Whether the order is only what it is when nothing is said.
    is_open: bool,
}

impl Encoding {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let plain = name.replacen("utf-", "utf", 1);
        let (width, is_big_endian, is_open) = match plain.as_str() {
            "utf8" => (1, false, false),
            "utf16" => (2, false, true),
            "utf16-le" => (2, false, false),
            "utf16-be" => (2, true, false),
            "utf32" => (4, false, true),
            "utf32-le" => (4, false, false),
            "utf32-be" => (4, true, false),
            _ => return None,
        };
        Some(Self {
            width,
            is_big_endian,
            is_open,
        })
    }

    /// The encoding an action asks for.
    pub(super) fn of(values: &Values) -> Result<Self, ActionError> {
        let name = values.text("encoding").unwrap_or("utf8");
        Self::parse(name)
            .ok_or_else(|| ActionError::Refused(format!("the encoding `{name}` does not exist")))
    }

    /// The encoding of a file that begins like this; `None` when its mark says that it is
    /// another one.
    pub(super) fn of_file(self, bytes: &[u8]) -> Option<Self> {
        let other = Self {
            is_big_endian: !self.is_big_endian,
            ..self
        };
        if self.width == 1 || !bytes.starts_with(&other.encode(MARK)) {
            Some(self)
        } else {
            self.is_open.then_some(other)
        }
    }

    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let units = |words: Vec<u32>| {
            let unit = |word: u32| {
                let bytes = word.to_le_bytes();
                let mut bytes = bytes[..self.width].to_vec();
                if self.is_big_endian {
                    bytes.reverse();
                }
                bytes
            };
            words.into_iter().flat_map(unit).collect()
        };
        match self.width {
            1 => text.as_bytes().to_vec(),
            2 => units(text.encode_utf16().map(u32::from).collect()),
            _ => units(text.chars().map(u32::from).collect()),
        }
    }

    /// The text of a file, without a mark; `None` when the bytes are no such text.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        let text = self.of_file(bytes)?.decode_all(bytes)?;
        Some(match text.strip_prefix(MARK) {
            Some(text) => text.to_owned(),
            None => text,
        })
    }

    fn decode_all(self, bytes: &[u8]) -> Option<String> {
        if self.width == 1 {
            return String::from_utf8(bytes.to_vec()).ok();
        }
        let mut words = Vec::new();
        for unit in bytes.chunks(self.width) {
            let mut word = [0; 4];
            word.get_mut(..unit.len())?.copy_from_slice(unit);
            if unit.len() != self.width {
                return None;
            }
            if self.is_big_endian {
                word[..self.width].reverse();
            }
            words.push(u32::from_le_bytes(word));
        }
        if self.width == 2 {
            let units: Option<Vec<u16>> = words
                .into_iter()
                .map(|word| u16::try_from(word).ok())
                .collect();
            return String::from_utf16(&units?).ok();
        }
        words.into_iter().map(char::from_u32).collect()
    }
}

/// The byte order mark.
const MARK: &str = "\u{feff}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        for (name, bytes) in [
            ("utf8", &b"a\xc3\xa4"[..]),
            ("UTF-16", b"a\0\xe4\0"),
            ("utf16-BE", b"\0a\0\xe4"),
            ("utf-32-LE", b"a\0\0\0\xe4\0\0\0"),
            ("utf32-be", b"\0\0\0a\0\0\0\xe4"),
        ] {
            let encoding = Encoding::parse(name).unwrap();
            assert_eq!(encoding.encode("aä"), bytes, "{name}");
            assert_eq!(encoding.decode(bytes).as_deref(), Some("aä"), "{name}");
        }
        assert_eq!(Encoding::parse("latin1"), None);
        assert_eq!(Encoding::parse("utf16").unwrap().decode(b"a"), None);
    }

    #[test]
    fn marks() {
        let (little, big) = (&b"\xff\xfea\0"[..], &b"\xfe\xff\0a"[..]);
        for (name, bytes, expected) in [
            ("utf8", &b"\xef\xbb\xbfa"[..], Some("a")),
            ("utf16", little, Some("a")),
            ("utf16", big, Some("a")),
            ("utf16-LE", little, Some("a")),
            ("utf16-LE", big, None),
            ("utf16-BE", big, Some("a")),
            ("utf16-BE", little, None),
            ("utf32", b"\0\0\xfe\xff\0\0\0a", Some("a")),
            ("utf32-LE", b"\0\0\xfe\xff\0\0\0a", None),
            ("utf16", b"", Some("")),
        ] {
            let encoding = Encoding::parse(name).unwrap();
            assert_eq!(encoding.decode(bytes).as_deref(), expected, "{name}");
        }
        let open = Encoding::parse("utf16").unwrap();
        assert_eq!(open.of_file(big).unwrap().encode("b"), b"\0b");
        assert_eq!(open.of_file(b"a\0").unwrap().encode("b"), b"b\0");
    }
}
