//! Values that must never be printed, stored or hashed into a key.

use std::fmt;
use std::sync::{Arc, RwLock};

/// A value without `Display` and with a masked `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The caller must not let it reach an event, a file or a log.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What stands in a text where a secret was.
pub const MASK: &str = "(secret)";

/// Takes every known secret out of a text, in the encodings a tool may print it in:
/// plain, base64 (standard and URL alphabet, padded or not), hexadecimal, percent and
/// shell- or JSON-escaped.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Arc<RwLock<Vec<String>>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// Adds a secret. Values under four bytes are left alone: masking them would
    /// destroy the text and protect nothing.
    pub fn add(&self, secret: &Secret<String>) {
        let value = secret.expose();
        if value.len() < 4 {
            return;
        }
        let mut needles = self.needles.write().expect("no panic while held");
        for needle in encodings(value) {
            if !needles.contains(&needle) {
                needles.push(needle);
            }
        }
        needles.sort_by_key(|n| std::cmp::Reverse(n.len()));
    }

    /// The text with every known secret replaced by [`MASK`].
    pub fn redact(&self, text: &str) -> String {
        let needles = self.needles.read().expect("no panic while held");
        let mut out = text.to_owned();
        for needle in needles.iter().filter(|n| text.contains(n.as_str())) {
            out = out.replace(needle.as_str(), MASK);
        }
        out
    }
}

impl Redactor {
    /// What is looked for, secrets in every encoding: to be written down beside what holds them
    /// anyway, and given to [`Redactor::add`] by whoever goes on with that.
    pub fn secrets(&self) -> Vec<Secret<String>> {
        let needles = self.needles.read().expect("no panic while held");
        needles.iter().cloned().map(Secret::new).collect()
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        let needles = self.needles.read().expect("no panic while held");
        needles.is_empty()
    }

    /// Whether any bytes, of a text or not, hold a known secret.
    pub fn finds(&self, bytes: &[u8]) -> bool {
        let needles = self.needles.read().expect("no panic while held");
        needles.iter().any(|needle| holds(bytes, needle.as_bytes()))
    }

    /// The longest run of bytes that [`Redactor::finds`] looks for.
    pub fn longest(&self) -> usize {
        let needles = self.needles.read().expect("no panic while held");
        needles.iter().map(String::len).max().unwrap_or(0)
    }
}

/// Whether `needle` stands somewhere in `bytes`: by its first byte, then all of it.
fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else {
        return false;
    };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

fn encodings(value: &str) -> Vec<String> {
    let hex = value
        .bytes()
        .fold(String::new(), |hex, b| format!("{hex}{b:02x}"));
    let percent: String = value
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    let escaped = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    let quoted = value.replace('\'', r"'\''");
    let base64 = base64(value.as_bytes());
    let unpadded = base64.trim_end_matches('=').to_owned();
    let url = unpadded.replace('+', "-").replace('/', "_");
    let mut all = vec![
        value.to_owned(),
        hex.to_uppercase(),
        hex,
        percent,
        escaped,
        quoted,
    ];
    // A secret of several lines is usually printed line by line.
    all.extend(
        value
            .lines()
            .filter(|line| line.len() >= 8)
            .map(str::to_owned),
    );
    all.extend([base64, unpadded, url]);
    all.retain(|needle| needle.len() >= 4);
    all
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            if position <= chunk.len() {
                out.push(ALPHABET[(word >> (18 - 6 * position)) as usize & 63] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_every_encoding() {
        let redactor = Redactor::default();
        redactor.add(&Secret::new("s3cr3t/+pa ss".to_owned()));
        for text in [
            "s3cr3t/+pa ss",
            "czNjcjN0LytwYSBzcw==",
            "czNjcjN0LytwYSBzcw",
            "7333637233742f2b7061207373",
            "s3cr3t%2F%2Bpa%20ss",
        ] {
            assert_eq!(
                redactor.redact(&format!("<{text}>")),
                format!("<{MASK}>"),
                "{text}"
            );
        }
        assert_eq!(redactor.redact("nothing here"), "nothing here");
    }

    #[test]
    fn finds_secrets_among_other_bytes() {
        let redactor = Redactor::default();
        assert!(redactor.is_empty() && !redactor.finds(b"anything"));
        redactor.add(&Secret::new("hunter22".to_owned()));
        for (bytes, found) in [
            (&b"\xff\0hunhunter22\0"[..], true),
            (b"\xff68756E7465723232", true),
            (b"hunter2", false),
            (b"", false),
        ] {
            assert_eq!(redactor.finds(bytes), found, "{bytes:?}");
        }
        assert_eq!(redactor.longest(), 16);
    }

    #[test]
    fn debug_is_masked() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), MASK);
    }
}
