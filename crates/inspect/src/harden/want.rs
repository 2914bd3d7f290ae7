//! What a setting must be.

use std::fmt;

/// A condition on a value, with how it reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    /// Exactly this, whatever the case.
    Is(&'static str),
    /// One of these, whatever the case.
    OneOf(&'static [&'static str]),
    /// A number of at least so much.
    AtLeast(i64),
    /// A number of at most so much, but not zero or less.
    AtMost(i64),
    /// A number of at most so much.
    AtMostOrZero(i64),
    /// Anything.
    Anything,
    /// A list, parted by commas, without any of these.
    Without(&'static [&'static str]),
    /// `start:rate:full`, each no larger than here.
    Triple(i64, i64, i64),
    /// Octal permission bits that take at least these away.
    MaskAtLeast(u32),
}

impl Want {
    /// Whether a value will do.
    pub(super) fn holds(&self, value: &str) -> bool {
        let value = value.trim();
        let number = || duration(value);
        match self {
            Self::Is(wanted) => value.eq_ignore_ascii_case(wanted),
            Self::OneOf(wanted) => wanted.iter().any(|one| value.eq_ignore_ascii_case(one)),
            Self::AtLeast(least) => number().is_some_and(|n| n >= *least),
            Self::AtMost(most) => number().is_some_and(|n| n > 0 && n <= *most),
            Self::AtMostOrZero(most) => number().is_some_and(|n| n >= 0 && n <= *most),
            Self::Anything => !value.is_empty() && !value.eq_ignore_ascii_case("none"),
            Self::Without(weak) => {
                let mut words = value.split(',').map(str::trim);
                !words.any(|word| weak.iter().any(|one| word.eq_ignore_ascii_case(one)))
            }
            Self::Triple(start, rate, full) => {
                let parts: Vec<Option<i64>> =
                    value.split(':').map(|part| part.parse().ok()).collect();
                match parts[..] {
                    [Some(one), Some(two), Some(three)] => {
                        one <= *start && two <= *rate && three <= *full
                    }
                    _ => false,
                }
            }
            Self::MaskAtLeast(mask) => {
                u32::from_str_radix(value, 8).is_ok_and(|bits| bits & mask == *mask)
            }
        }
    }
}

/// A number, or a time as sshd and systemd write it (`90`, `2m`, `15min`, `1h`), in seconds.
fn duration(value: &str) -> Option<i64> {
    let digits = value
        .find(|c: char| !c.is_ascii_digit() && c != '-')
        .unwrap_or(value.len());
    let number: i64 = value[..digits].parse().ok()?;
    let unit = match value[digits..].trim() {
        "" | "s" | "sec" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(unit)
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(one) => write!(f, "`{one}`"),
            Self::OneOf(all) => write!(f, "one of `{}`", all.join("`, `")),
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::AtMost(most) => write!(f, "between 1 and {most}"),
            Self::AtMostOrZero(most) => write!(f, "at most {most}"),
            Self::Anything => f.write_str("something"),
            Self::Without(weak) => write!(f, "none of `{}`", weak.join("`, `")),
            Self::Triple(start, rate, full) => write!(f, "at most `{start}:{rate}:{full}`"),
            Self::MaskAtLeast(mask) => write!(f, "at least `{mask:03o}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Want;

    #[test]
    fn values() {
        for (want, value, holds) in [
            (Want::Is("no"), "No", true),
            (Want::Is("no"), "yes", false),
            (Want::OneOf(&["1", "2"]), "2", true),
            (Want::AtLeast(14), "14", true),
            (Want::AtLeast(14), "8", false),
            (Want::AtLeast(14), "many", false),
            (Want::AtMost(60), "1m", true),
            (Want::AtMost(60), "2m", false),
            (Want::AtMost(60), "0", false),
            (Want::AtMostOrZero(0), "0", true),
            (Want::Anything, "none", false),
            (
                Want::Without(&["hmac-sha1"]),
                "hmac-sha2-256,hmac-sha1",
                false,
            ),
            (Want::Without(&["hmac-sha1"]), "hmac-sha2-256", true),
            (Want::Triple(10, 30, 60), "10:30:60", true),
            (Want::Triple(10, 30, 60), "10:30:100", false),
            (Want::MaskAtLeast(0o027), "077", true),
            (Want::MaskAtLeast(0o027), "022", false),
        ] {
            assert_eq!(want.holds(value), holds, "{want} of {value}");
        }
    }
}
