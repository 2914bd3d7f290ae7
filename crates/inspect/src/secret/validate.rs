//! What tells a secret from a text that only looks like one.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// Bits a byte, as Shannon counts them: 0 for one letter repeated, 4 for hexadecimal digits, 6 for
/// base64, both only of long texts.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).max(1.0);
    let bits = counts.iter().filter(|count| **count > 0).map(|count| {
        let share = f64::from(*count) / total;
        -share * share.log2()
    });
    bits.sum()
}

/// Bytes of a base64 text in either alphabet, padded or not.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    PLAIN.decode(text).or_else(|_| URL.decode(text)).ok()
}

/// The base64 letters at the start of a body, after headers (`Name: value`), across line ends and
/// indents, also those written as `\n`. `None`: something else stands there.
pub(super) fn base64_start(text: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let text: Cow<'_, str> = if text.contains("\\n") || text.contains("\\r") {
        text.replace("\\r", "").replace("\\n", "\n").into()
    } else {
        text
    };
    let mut body = Vec::new();
    for line in text
        .lines()
        .map(|line| line.trim_matches([' ', '\t', '"', '\'', ',', '+']))
    {
        let is_header = body.is_empty() && line.contains(": ");
        if line.is_empty() || is_header {
            continue;
        }
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        if !line.bytes().all(is_letter) {
            break;
        }
        body.extend(line.bytes());
    }
    (!body.is_empty()).then_some(body)
}

/// GitHub's checksum of a token: CRC-32 in base 62, six digits.
pub(super) fn base62_crc32(bytes: &[u8]) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(bytes) as usize;
    let mut out = [b'0'; 6];
    for digit in out.iter_mut().rev() {
        *digit = DIGITS[rest % 62];
        rest /= 62;
    }
    out
}

/// What stands in manuals, templates and tests where a secret goes.
const WORDS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "your_",
    "your-",
    "yourtoken",
    "yourkey",
    "yoursecret",
    "yourpassword",
    "my_secret_",
    "xxxxx",
    "dummy",
    "redacted",
    "insert_",
    "replace_",
    "replaceme",
    "notasecret",
    "not_a_secret",
    "not-a-secret",
    "fakekey",
    "fake_",
    "fake-",
    "todo_",
    "<your",
    "sample_",
    "sampletoken",
    "-goes-here",
    "goeshere",
    "0123456789",
    "1234567890",
    "abcdefghij",
    "abcdef123456",
    "aaaaaaaa",
    "00000000",
    "11111111",
    "********",
    "........",
    "--------",
    "deadbeef",
    "loremipsum",
];

/// Whether a text is one that nobody keeps secret.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(text).to_ascii_lowercase();
    let is_short = text.len() < 128;
    let is_variable = lower.starts_with("${")
        || lower.starts_with("{{")
        || lower.starts_with("$(")
        || lower.starts_with('<') && lower.ends_with('>');
    is_variable || is_short && WORDS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures() {
        assert!(entropy(b"aaaa") < 0.01);
        assert!((entropy(b"0123456789abcdef") - 4.0).abs() < 0.01);
        assert_eq!(base64(b"YQ==").unwrap(), b"a");
        assert_eq!(base64(b"YQ").unwrap(), b"a");
        assert_eq!(base64(b"-_-_").unwrap(), [0xfb, 0xff, 0xbf]);
        assert_eq!(base64(b"a b"), None);
        assert_eq!(
            base64_start(b"\nDEK-Info: a,b\n\n  AAAA\n  BBBB\n-----").unwrap(),
            b"AAAABBBB"
        );
        assert_eq!(base64_start(b"\\nAAAA\\nBBBB\\n").unwrap(), b"AAAABBBB");
        assert_eq!(base64_start(b"..."), None);
    }

    #[test]
    fn placeholders() {
        for word in [
            "AKIAIOSFODNN7EXAMPLE",
            "your-token",
            "${TOKEN}",
            "<token>",
            "xxxxxxxx",
        ] {
            assert!(is_placeholder(word.as_bytes()), "{word}");
        }
        assert!(!is_placeholder(b"Kq7wolke9x"));
    }
}
