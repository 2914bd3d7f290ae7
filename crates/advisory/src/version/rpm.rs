//! Versions of rpm: `[epoch:]version[-release]`, each part by `rpmvercmp`.

use std::cmp::Ordering;

use super::digits;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a_epoch, a_version, a_release) = split(a);
    let (b_epoch, b_version, b_release) = split(b);
    digits(a_epoch, b_epoch)
        .then_with(|| part(a_version, b_version))
        .then_with(|| part(a_release, b_release))
}

/// Epoch, version, release; what is absent is empty, and an empty epoch is `0`.
fn split(text: &str) -> (&str, &str, &str) {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|b| b.is_ascii_digit()) => (epoch, rest),
        _ => ("", text),
    };
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, version, release)
}

/// Runs of digits and of letters in turn; `~` before everything, `^` after the end only.
fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        (a, b) = (skip(a), skip(b));
        match (a.first(), b.first()) {
            (None, None) => return Ordering::Equal,
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (a, b) = (&a[1..], &b[1..]);
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(b'^'), _) => return Ordering::Less,
            (_, Some(b'^')) => return Ordering::Greater,
            (Some(x), Some(y)) => match (x.is_ascii_digit(), y.is_ascii_digit()) {
                (true, false) => return Ordering::Greater,
                (false, true) => return Ordering::Less,
                (is_number, _) => {
                    let (x, y);
                    (x, a) = run(a, is_number);
                    (y, b) = run(b, is_number);
                    let order = if is_number { digits(x, y) } else { x.cmp(y) };
                    if order != Ordering::Equal {
                        return order;
                    }
                }
            },
        }
    }
}

fn skip(text: &[u8]) -> &[u8] {
    let is_seen = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'~' | b'^');
    let start = text.iter().position(is_seen).unwrap_or(text.len());
    &text[start..]
}

fn run(text: &[u8], is_number: bool) -> (&str, &[u8]) {
    let is_part = |b: &u8| {
        if is_number {
            b.is_ascii_digit()
        } else {
            b.is_ascii_alphabetic()
        }
    };
    let end = text.iter().position(|b| !is_part(b)).unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    (std::str::from_utf8(run).expect("ASCII"), rest)
}

#[cfg(test)]
mod tests {
    use super::super::tests::ascending;
    use super::*;

    #[test]
    fn orders() {
        ascending(
            compare,
            &["1.0~rc1", "1.0", "1.0^git1", "1.0.1", "1.1", "1:0.1"],
        );
        ascending(compare, &["3.0.7-24.el9", "3.0.7-25.el9_3", "3.0.7-27.el9"]);
        ascending(compare, &["1.0a", "1.0b", "1.0.1"]);
        for (a, b) in [
            ("0:1.0-1", "1.0-1"),
            ("1.05", "1.5"),
            ("1_0", "1.0"),
            ("1..0", "1.0."),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
