//! The scanner of `Packages` files: one pass over the lines, nothing copied.

use goldsmith_core::debversion;
use goldsmith_core::digest::Sha256;
use memchr::{memchr, memchr_iter};

use super::{Candidate, Index, IndexError, MultiArch, Priority};
use crate::relation;

/// Fields that are kept, in the order of their places in [`Stanza::values`].
const FIELDS: [&str; 22] = [
    "Package",
    "Version",
    "Architecture",
    "Multi-Arch",
    "Essential",
    "Protected",
    "Important",
    "Priority",
    "Section",
    "Source",
    "Pre-Depends",
    "Depends",
    "Conflicts",
    "Breaks",
    "Recommends",
    "Suggests",
    "Provides",
    "Replaces",
    "Filename",
    "Size",
    "SHA256",
    "Installed-Size",
];

struct Stanza<'a> {
    offset: usize,
    values: [&'a str; FIELDS.len()],
    is_empty: bool,
}

/// Appends every stanza of an index that one of the architectures can use.
pub(super) fn scan<'a>(
    number: usize,
    index: &Index<'a>,
    archs: &[String],
    out: &mut Vec<Candidate<'a>>,
) -> Result<(), IndexError> {
    let text = std::str::from_utf8(index.text).map_err(|error| {
        let good = std::str::from_utf8(&index.text[..error.valid_up_to()]).unwrap_or_default();
        let package = good
            .rsplit("\n\n")
            .next()
            .and_then(|stanza| stanza.strip_prefix("Package:")?.lines().next())
            .unwrap_or("?");
        fail(index, package.trim(), "?", "not UTF-8".to_owned())
    })?;
    // A stanza of Debian's is about 800 bytes long.
    out.reserve(text.len() / 800);
    let mut stanza = Stanza {
        offset: 0,
        values: [""; FIELDS.len()],
        is_empty: true,
    };
    let mut current = None;
    let mut start = 0;
    let ends = memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
    for end in ends {
        let line = &text[start..end];
        let line_start = start;
        start = end + 1;
        match line.as_bytes().first() {
            None => {
                stanza.finish(number, index, archs, out)?;
                stanza.offset = start;
                current = None;
            }
            Some(b' ' | b'\t') => {
                // The value goes on: from where it began to the end of this line.
                if let Some(place) = current {
                    let value: &mut &str = &mut stanza.values[place];
                    let from = value.as_ptr() as usize - text.as_ptr() as usize;
                    *value = text[from..end].trim_end();
                }
            }
            Some(_) => {
                let Some(colon) = memchr(b':', line.as_bytes()) else {
                    if line.trim().is_empty() || line.starts_with('#') {
                        continue;
                    }
                    let package = stanza.values[0];
                    let near = line.chars().take(40).collect::<String>();
                    return Err(fail(index, package, "?", format!("no colon in `{near}`")));
                };
                stanza.is_empty = false;
                current = place(&line[..colon]);
                if let Some(place) = current {
                    if !stanza.values[place].is_empty() {
                        let problem = "stands there twice".to_owned();
                        return Err(fail(index, stanza.values[0], FIELDS[place], problem));
                    }
                    let value = &text[line_start + colon + 1..end];
                    stanza.values[place] = value.trim_ascii();
                }
            }
        }
    }
    stanza.finish(number, index, archs, out)
}

/// Place of a field that is kept. Its name may be written in any case, but never is.
fn place(field: &str) -> Option<usize> {
    let canonical = match field.as_bytes() {
        [first, second, ..] => first.is_ascii_uppercase() && !second.is_ascii_uppercase(),
        _ => false,
    };
    if canonical || field == "SHA256" {
        let place = match field {
            "Package" => 0,
            "Version" => 1,
            "Architecture" => 2,
            "Multi-Arch" => 3,
            "Essential" => 4,
            "Protected" => 5,
            "Important" => 6,
            "Priority" => 7,
            "Section" => 8,
            "Source" => 9,
            "Pre-Depends" => 10,
            "Depends" => 11,
            "Conflicts" => 12,
            "Breaks" => 13,
            "Recommends" => 14,
            "Suggests" => 15,
            "Provides" => 16,
            "Replaces" => 17,
            "Filename" => 18,
            "Size" => 19,
            "SHA256" => 20,
            "Installed-Size" => 21,
            _ => return None,
        };
        return Some(place);
    }
    FIELDS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(field))
}

fn fail(index: &Index<'_>, package: &str, field: &'static str, problem: String) -> IndexError {
    IndexError {
        index: index.name.clone(),
        package: package.chars().take(80).collect(),
        field,
        problem,
    }
}

impl<'a> Stanza<'a> {
    fn finish(
        &mut self,
        number: usize,
        index: &Index<'a>,
        archs: &[String],
        out: &mut Vec<Candidate<'a>>,
    ) -> Result<(), IndexError> {
        if self.is_empty {
            return Ok(());
        }
        let values = std::mem::replace(&mut self.values, [""; FIELDS.len()]);
        self.is_empty = true;
        let [
            package,
            version,
            arch,
            multi_arch,
            essential,
            protected,
            important,
            priority,
            section,
            source,
            pre_depends,
            depends,
            conflicts,
            breaks,
            recommends,
            suggests,
            provides,
            replaces,
            filename,
            size,
            sha256,
            installed_size,
        ] = values;
        let bad = |place: usize, problem: &str| {
            let value = values[place];
            let shown: String = value.chars().take(80).collect();
            let text = if value.is_empty() {
                "missing".to_owned()
            } else {
                format!("`{shown}` {problem}")
            };
            Err(fail(index, package, FIELDS[place], text))
        };
        if !relation::is_name(package) {
            return bad(0, "is no package name");
        }
        if let Err(error) = debversion::check(version) {
            return match version {
                "" => bad(1, ""),
                _ => Err(fail(index, package, FIELDS[1], error.to_string())),
            };
        }
        let arch_id = match arch {
            "" => return bad(2, ""),
            "all" => 0,
            _ => match archs.iter().position(|known| known == arch) {
                Some(place) => u8::try_from(place).unwrap_or(u8::MAX),
                None => return Ok(()),
            },
        };
        let escapes = filename.starts_with('/') || filename.split('/').any(|part| part == "..");
        if filename.is_empty() || escapes || filename.contains(|c: char| c.is_control()) {
            return bad(18, "is no path below the mirror");
        }
        let Ok(size) = size.parse() else {
            return bad(19, "is no number of bytes");
        };
        let Ok(digest) = sha256.parse::<Sha256>() else {
            return bad(20, "is no SHA-256");
        };
        let installed_size_kib = match installed_size {
            "" => 0,
            text => match text.parse() {
                Ok(size) => size,
                Err(_) => return bad(21, "is no number of KiB"),
            },
        };
        out.push(Candidate {
            package,
            version,
            arch,
            multi_arch: match multi_arch {
                "" | "no" => MultiArch::No,
                "same" => MultiArch::Same,
                "foreign" => MultiArch::Foreign,
                "allowed" => MultiArch::Allowed,
                _ => return bad(3, "is none of no, same, foreign, allowed"),
            },
            essential: essential == "yes",
            protected: protected == "yes" || important == "yes",
            priority: match priority {
                "" => Priority::None,
                "required" => Priority::Required,
                "important" => Priority::Important,
                "standard" => Priority::Standard,
                "optional" => Priority::Optional,
                _ => Priority::Extra,
            },
            section,
            source,
            pre_depends,
            depends,
            conflicts,
            breaks,
            recommends,
            suggests,
            provides,
            replaces,
            filename,
            size,
            sha256: digest,
            installed_size_kib,
            index: number,
            offset: self.offset,
            arch_id,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_place() {
        for (number, field) in FIELDS.iter().enumerate() {
            assert_eq!(place(field), Some(number));
            assert_eq!(place(&field.to_lowercase()), Some(number));
        }
        assert_eq!(place("Description"), None);
    }
}
