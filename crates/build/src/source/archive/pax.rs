//! The records of a PAX header.
//!
//! ```text
//! record: its length in decimal digits, a space, key, "=", value, end of line; any bytes in the value
//! ```
//!
//! Keys that count: `path`, `linkpath`, `size`, `uid`, `gid`, `mtime`, `SCHILY.xattr.NAME`,
//! `GNU.sparse.*`. Source: POSIX.1-2017, `pax`; the manual of GNU tar, "Sparse Formats".

use std::collections::BTreeMap;

use goldsmith_disk::tree::Time;

/// Records by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pax(BTreeMap<Vec<u8>, Vec<u8>>);

impl Pax {
    /// Adds the records of a header, later ones over earlier ones; `None` when they are broken.
    pub(super) fn add(&mut self, mut bytes: &[u8]) -> Option<()> {
        // Some writers fill the block with zeros.
        while bytes.first().is_some_and(|byte| *byte != 0) {
            let space = bytes.iter().position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
            let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (record[..equals].to_vec(), record[equals + 1..].to_vec());
            // An empty value takes back what a global header says.
            if value.is_empty() && !key.starts_with(b"SCHILY.xattr.") {
                self.0.remove(&key);
            } else {
                self.0.insert(key, value);
            }
            bytes = &bytes[length..];
        }
        Some(())
    }

    pub(super) fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key.as_bytes()).map(Vec::as_slice)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        std::str::from_utf8(self.get(key)?).ok()
    }

    /// A number; `Some(None)` when it is none.
    pub(super) fn number(&self, key: &str) -> Option<Option<u64>> {
        self.get(key)?;
        Some(self.text(key).and_then(|text| text.parse().ok()))
    }

    /// A time; `Some(None)` when it is none.
    pub(super) fn time(&self, key: &str) -> Option<Option<Time>> {
        self.get(key)?;
        Some(self.text(key).and_then(time))
    }

    /// Records whose keys begin like this, without that.
    pub(super) fn with<'p>(
        &'p self,
        prefix: &'static [u8],
    ) -> impl Iterator<Item = (&'p [u8], &'p [u8])> {
        self.0.iter().filter_map(move |(key, value)| {
            let rest = key.strip_prefix(prefix)?;
            Some((rest, value.as_slice()))
        })
    }
}

/// `1350244992.023960108`, `-5.25`.
fn time(text: &str) -> Option<Time> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    // Digits beyond nanoseconds are cut off, those that are missing are zeros.
    let nanos: u32 = format!("{part:0<9.9}").parse().ok()?;
    Some(match (is_negative, nanos) {
        (false, nanos) => Time { seconds, nanos },
        (true, 0) => Time {
            seconds: -seconds,
            nanos: 0,
        },
        (true, nanos) => Time {
            seconds: -seconds - 1,
            nanos: 1_000_000_000 - nanos,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: &[u8]) -> Vec<u8> {
        let body = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
        let mut length = body.len() + 1;
        while length != body.len() + length.to_string().len() {
            length += 1;
        }
        [length.to_string().as_bytes(), &body].concat()
    }

    #[test]
    fn records() {
        let mut pax = Pax::default();
        let value = b"a\n=b\0";
        let bytes = [
            record("SCHILY.xattr.user.x", value),
            record("path", b"x"),
            record("size", b"12"),
            record("uid", b"many"),
        ];
        pax.add(&bytes.concat()).unwrap();
        let attributes: Vec<_> = pax.with(b"SCHILY.xattr.").collect();
        assert_eq!(attributes, [(&b"user.x"[..], &value[..])]);
        assert_eq!(pax.number("size"), Some(Some(12)));
        assert_eq!(pax.number("uid"), Some(None));
        assert_eq!(pax.number("gid"), None);
        pax.add(&record("path", b"")).unwrap();
        assert_eq!(pax.get("path"), None);
        for bad in [
            &b"x"[..],
            b"5 a=b",
            b"6 a=bc",
            b"999 a=b\n",
            b"3 a\n",
            b"0 a=b\n",
        ] {
            assert_eq!(Pax::default().add(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("1350244992.023960108", Some((1_350_244_992, 23_960_108))),
            ("5", Some((5, 0))),
            ("-5", Some((-5, 0))),
            ("-5.25", Some((-6, 750_000_000))),
            ("1.1234567899", Some((1, 123_456_789))),
            ("1.-5", None),
            ("", None),
        ] {
            let found = time(text).map(|time| (time.seconds, time.nanos));
            assert_eq!(found, expected, "{text}");
        }
    }
}
