//! What the file actions have in common: parents, patterns, texts in an encoding.

use super::{ActionError, Call, InputRecord, Kind, Values, optional};
use crate::machine::{Attributes, Depth, Group, NodeKind};

pub(super) const OVERWRITE: InputRecord = optional(
    "overwrite",
    Kind::Flag,
    "whether what is there may be replaced; default true",
);
pub(super) const ENCODING: InputRecord = optional(
    "encoding",
    Kind::Encoding,
    "of the file: utf8 (default), utf16-LE, ...",
);
pub(super) const OWNER: InputRecord = optional("owner", Kind::Text, "user, by name or number");
pub(super) const GROUP: InputRecord = optional("group", Kind::Text, "group, by name or number");

/// The absolute path that a path means: steps start in `/`.
pub(super) fn absolute(path: &str) -> Result<String, ActionError> {
    if path.is_empty() || path.contains('\0') {
        return Err(ActionError::Refused("a path is empty".to_owned()));
    }
    Ok(if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    })
}

pub(super) fn attributes(values: &Values) -> Result<Attributes, ActionError> {
    let name = |name| {
        values
            .text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Ok(Attributes {
        mode: values.permissions()?,
        owner: name("owner"),
        group: name("group").map(Group::Named),
    })
}

/// Makes the directories above a path.
pub(super) fn make_parents(call: &Call<'_>, path: &str) -> Result<(), ActionError> {
    let parents = path.rsplit_once('/').map_or("", |(parents, _)| parents);
    make_directories(call, parents)
}

pub(super) fn make_directories(call: &Call<'_>, path: &str) -> Result<(), ActionError> {
    let mut so_far = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        so_far = format!("{so_far}/{part}");
        match call.machine.stat(call.cx, &so_far)? {
            Some(NodeKind::Directory) => {}
            Some(_) => {
                return Err(ActionError::Refused(format!(
                    "`{so_far}` is there and is no directory"
                )));
            }
            None => call
                .machine
                .make_dir(call.cx, &so_far, &Attributes::default())?,
        }
    }
    Ok(())
}

/// Refuses to replace what is there when that is not wanted.
pub(super) fn check_overwrite(
    call: &Call<'_>,
    values: &Values,
    path: &str,
) -> Result<(), ActionError> {
    if !values.flag("overwrite", true)? && call.machine.stat(call.cx, path)?.is_some() {
        let message = format!("`{path}` exists and `overwrite` is false");
        return Err(ActionError::Refused(message));
    }
    Ok(())
}

/// What a path means whose last part may hold `*`, in order: things of one kind, links
/// followed. A path without `*` means itself, whatever is there.
pub(super) fn matching(
    call: &Call<'_>,
    path: &str,
    kind: NodeKind,
) -> Result<Vec<String>, ActionError> {
    let (directory, last) = path.rsplit_once('/').unwrap_or(("", path));
    if directory.contains('*') {
        return Err(ActionError::Refused(format!(
            "`{path}`: `*` may stand after the last `/` only"
        )));
    }
    if !last.contains('*') {
        return Ok(vec![path.to_owned()]);
    }
    let found = below(call, directory, Depth::One, kind, &|name| fits(last, name))?;
    Ok(found
        .into_iter()
        .map(|name| format!("{directory}/{name}"))
        .collect())
}

/// Things of one kind in a directory, links to such things included, whose names fit: their
/// paths relative to it, in order.
pub(super) fn below(
    call: &Call<'_>,
    directory: &str,
    depth: Depth,
    kind: NodeKind,
    fits: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, ActionError> {
    let listed = if directory.is_empty() { "/" } else { directory };
    let mut found = Vec::new();
    for entry in call.machine.list(call.cx, listed, depth)? {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        if !fits(name) {
            continue;
        }
        let is_one = match entry.kind {
            NodeKind::Link => {
                let path = format!("{directory}/{}", entry.path);
                call.machine.stat(call.cx, &path)? == Some(kind)
            }
            known => known == kind,
        };
        if is_one {
            found.push(entry.path);
        }
    }
    Ok(found)
}

/// Whether a name fits a pattern in which `*` is any text.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoding {
    /// Bytes of a unit: 1, 2, 4.
    width: usize,
    is_big_endian: bool,
}

impl Encoding {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let plain = name.replacen("utf-", "utf", 1);
        let (width, is_big_endian) = match plain.as_str() {
            "utf8" => (1, false),
            "utf16" | "utf16-le" => (2, false),
            "utf16-be" => (2, true),
            "utf32" | "utf32-le" => (4, false),
            "utf32-be" => (4, true),
            _ => return None,
        };
        Some(Self {
            width,
            is_big_endian,
        })
    }

    /// The encoding an action asks for.
    pub(super) fn of(values: &Values) -> Result<Self, ActionError> {
        let name = values.text("encoding").unwrap_or("utf8");
        Self::parse(name)
            .ok_or_else(|| ActionError::Refused(format!("the encoding `{name}` does not exist")))
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

    /// `None` when the bytes are no such text.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("*", "a", true),
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a*b*c", "aXbYc", true),
            ("a*a", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("*aa*", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

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
}
