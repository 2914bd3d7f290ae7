//! FAT names: the short form of a name, and what may be a name at all.

use std::collections::BTreeSet;

/// Longest long name, in UTF-16 units.
const LONG_MAX: usize = 255;

/// A label, upper case and padded.
pub(super) fn label(text: &str) -> Option<[u8; 11]> {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if text.is_empty() || text.len() > 11 || !text.bytes().all(plain) {
        return None;
    }
    Some(padded(text, ""))
}

/// Whether a long name may be stored.
pub(super) fn is_usable(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || "\"*/:<>?\\|".contains(c);
    !name.is_empty()
        && name.encode_utf16().count() <= LONG_MAX
        && !name.contains(forbidden)
        && !name.ends_with(['.', ' '])
        && !name.starts_with(' ')
}

/// A name's short form, not in `taken`, and whether the name needs a long form besides.
pub(super) fn short(name: &str, taken: &BTreeSet<[u8; 11]>) -> Option<([u8; 11], bool)> {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (name, ""),
    };
    let clean = |part: &str| -> String {
        part.chars()
            .filter(|c| !matches!(c, ' ' | '.'))
            .map(|c| {
                if is_short_character(c) {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect()
    };
    let (clean_stem, clean_extension) = (clean(stem), clean(extension));
    let is_whole = clean_stem.eq_ignore_ascii_case(stem)
        && clean_extension.eq_ignore_ascii_case(extension)
        && clean_stem.len() <= 8
        && clean_extension.len() <= 3;
    if is_whole {
        let short = padded(&clean_stem, &clean_extension);
        if !taken.contains(&short) {
            return Some((short, name != name.to_ascii_uppercase()));
        }
    }
    let extension = &clean_extension[..clean_extension.len().min(3)];
    (1..=999_999_u32).find_map(|number| {
        let tail = format!("~{number}");
        let stem = &clean_stem[..clean_stem.len().min(8 - tail.len())];
        let short = padded(&format!("{stem}{tail}"), extension);
        (!taken.contains(&short)).then_some((short, true))
    })
}

fn is_short_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'()-@^_`{}~".contains(c)
}

fn padded(stem: &str, extension: &str) -> [u8; 11] {
    let mut short = [b' '; 11];
    short[..stem.len()].copy_from_slice(stem.as_bytes());
    short[8.min(11 - extension.len())..][..extension.len()].copy_from_slice(extension.as_bytes());
    if stem.len() > 8 {
        short[..stem.len()].copy_from_slice(stem.as_bytes());
    }
    short
}

/// Checksum of a short name that ties the pieces of its long name to it.
pub(super) fn checksum(short: &[u8; 11]) -> u8 {
    short
        .iter()
        .fold(0_u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, taken: &[&str], expected: &str) {
        let taken = taken
            .iter()
            .map(|t| <[u8; 11]>::try_from(t.as_bytes()).unwrap())
            .collect();
        let (short, is_long) = short(name, &taken).unwrap();
        let form = if is_long { "long" } else { "short" };
        let got = format!("{} {form}", String::from_utf8_lossy(&short));
        assert_eq!(got, expected);
    }

    #[test]
    fn shortens() {
        check("BOOTX64.EFI", &[], "BOOTX64 EFI short");
        check("EFI", &[], "EFI         short");
        check("grub.cfg", &[], "GRUB    CFG long");
        check("debian", &[], "DEBIAN      long");
        check("grub.cfg", &["GRUB    CFG"], "GRUB~1  CFG long");
        check("shimx64.efi.signed", &[], "SHIMX6~1SIG long");
        check("a.b.c", &[], "AB~1    C   long");
        check(".hidden", &[], "HIDDEN~1    long");
        check("größe", &[], "GR__E~1     long");
        check("LONGNAME1", &["LONGNA~1   "], "LONGNA~2    long");
    }

    #[test]
    fn refuses() {
        for name in ["", "a/b", "a:b", "a.", " a", "a\n", &"x".repeat(256)] {
            assert!(!is_usable(name), "{name}");
        }
        assert!(is_usable("größe 😀.txt"));
        assert_eq!(label("ESP"), Some(*b"ESP        "));
        assert_eq!(label("esp"), None);
        assert_eq!(label("TWELVELETTER"), None);
    }
}
