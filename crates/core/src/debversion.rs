//! Debian versions: `[epoch:]upstream[-revision]`, compared as Debian Policy 5.6.12 says,
//! on the text itself, nothing allocated.

use std::cmp::Ordering;

/// A text that is no Debian version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a Debian version: {problem}")]
pub struct VersionError {
    text: String,
    problem: &'static str,
}

/// Refuses what dpkg refuses as a version.
pub fn check(text: &str) -> Result<(), VersionError> {
    let refuse = |problem| {
        Err(VersionError {
            text: text.chars().take(80).collect(),
            problem,
        })
    };
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, text),
    };
    if let Some(epoch) = epoch
        && (epoch.parse::<i32>().is_err() || !epoch.bytes().all(|b| b.is_ascii_digit()))
    {
        return refuse("its epoch is not a number");
    }
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((upstream, revision)) => (upstream, Some(revision)),
        None => (rest, None),
    };
    if upstream.is_empty() {
        return refuse("nothing before the revision");
    }
    if revision == Some("") {
        return refuse("its revision is empty");
    }
    let known = |b: u8| b.is_ascii_alphanumeric() || b".+~".contains(&b);
    if !upstream.bytes().all(|b| known(b) || b == b'-' || b == b':') {
        return refuse("only letters, digits and `. + - : ~` may stand in it");
    }
    if !revision.unwrap_or("0").bytes().all(known) {
        return refuse("only letters, digits and `. + ~` may stand in its revision");
    }
    Ok(())
}

/// Compares two versions. Total for any text, also for one that [`check`] refuses.
pub fn compare(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (a_epoch, a_upstream, a_revision) = split(a);
    let (b_epoch, b_upstream, b_revision) = split(b);
    compare_part(a_epoch, b_epoch)
        .then_with(|| compare_part(a_upstream, b_upstream))
        .then_with(|| compare_part(a_revision, b_revision))
}

/// Epoch, upstream version, revision; what is absent is empty, which equals `0`.
fn split(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// Alternating runs: what is no digit by [`weight`], digits by value.
fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (x, y) = (weight(a), weight(b));
            if x != y {
                return x.cmp(&y);
            }
            if x == 0 {
                break;
            }
            (a, b) = (&a[1..], &b[1..]);
        }
        let (x, y);
        (x, a) = number(a);
        (y, b) = number(b);
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Place of the first byte in the order of what is no digit: `~`, then the end (or a
/// digit), then letters, then the rest.
fn weight(text: &[u8]) -> i32 {
    match text.first() {
        None => 0,
        Some(b) if b.is_ascii_digit() => 0,
        Some(b'~') => -1,
        Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
        Some(b) => i32::from(*b) + 256,
    }
}

/// The digits in front without leading zeros, and what follows them.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    (&digits[zeros..], rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn orders() {
        for ascending in [
            &[
                "1.0~~", "1.0~~a", "1.0~", "1.0", "1.0a", "1.0+", "1.0.1", "1:0",
            ][..],
            &["0.9-1", "1-0.1", "1-1", "1-1+b1", "1-1.1", "1-10"],
            &["2.36-9+deb12u9", "2.36-9+deb12u10"],
            &["1.2-3", "1.2-3-1"],
        ] {
            for pair in ascending.windows(2) {
                assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
                assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
            }
        }
        for (a, b) in [("1.0", "1.00"), ("0:1", "1"), ("1", "1-0"), ("1-0", "1-00")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "a:1",
            "1:",
            "1-",
            "-1",
            "1.0_2",
            "99999999999:1",
            "+1:1",
            "é",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        for text in ["1", "1:1.0-1", "1.0-1-2", "2:1.2:3-1", "0~rc1"] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn is_a_total_order(a in "[0-9a-c.+~:-]{0,6}", b in "[0-9a-c.+~:-]{0,6}", c in "[0-9a-c.+~:-]{0,6}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater);
            }
        }
    }
}
