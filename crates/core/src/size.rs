//! Sizes in bytes and lengths of time as people write and read them.

use std::time::Duration;

/// A text that is no size or no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SizeError(String);

/// Reads `8GiB`, `512MiB`, `1.5GiB`, `20GB`, `4096` (bytes).
pub fn parse_bytes(text: &str) -> Result<u64, SizeError> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        "TiB" | "T" => 1 << 40,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        other => {
            return Err(SizeError(format!(
                "unknown unit `{other}` in `{text}`; use KiB, MiB, GiB or TiB"
            )));
        }
    };
    decimal(number)
        .and_then(|(whole, thousandths)| {
            let parts = u128::from(whole) * 1000 + u128::from(thousandths);
            u64::try_from(parts * u128::from(scale) / 1000).ok()
        })
        .ok_or_else(|| SizeError(format!("`{text}` is not a size such as `8GiB`")))
}

/// Reads `60s`, `1m30s`, `500ms`, `2h`, `30d`, `2w`, `1y` (365 days).
pub fn parse_duration(text: &str) -> Result<Duration, SizeError> {
    let refuse = || {
        SizeError(format!(
            "`{text}` is not a length of time such as `60s` or `1m30s`"
        ))
    };
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(refuse());
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(refuse)?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |at| at + digits);
        let ms_per_unit: u64 = match rest[digits..unit_end].trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            // Of 365 days.
            "y" => 365 * 86_400_000,
            _ => return Err(refuse()),
        };
        let (whole, thousandths) = decimal(&rest[..digits]).ok_or_else(refuse)?;
        let ms = whole
            .checked_mul(ms_per_unit)
            .and_then(|ms| ms.checked_add(thousandths * ms_per_unit / 1000))
            .ok_or_else(refuse)?;
        total = total
            .checked_add(Duration::from_millis(ms))
            .ok_or_else(refuse)?;
        rest = &rest[unit_end..];
    }
    Ok(total)
}

/// A decimal number as its whole part and its thousandths.
fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || fraction.len() > 9 || fraction.contains('.') {
        return None;
    }
    let digits = &format!("{fraction:0<3}")[..3];
    Some((whole.parse().ok()?, digits.parse().ok()?))
}

/// Writes a size with a binary unit and at most one decimal: `526.3 MiB`.
#[expect(
    clippy::cast_precision_loss,
    reason = "shown to a person with one decimal"
)]
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if (value - value.round()).abs() < 0.05 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// Writes a length of time as `0.43 s`, `12.3 s`, `2 m 05 s`.
pub fn format_duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else if seconds < 99.95 {
        format!("{seconds:.1} s")
    } else {
        format!("{} m {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("8GiB", 8 << 30),
            ("1.5GiB", 3 << 29),
            ("4096", 4096),
            ("20 GB", 20_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "8XB", "99999999TiB", "1..5GiB", "-1"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
        assert_eq!(format_bytes(1023), "1023 B");
        assert_eq!(format_bytes(8 << 30), "8 GiB");
        assert_eq!(format_bytes(551_812_301), "526.2 MiB");
    }

    #[test]
    fn durations() {
        for (text, ms) in [
            ("60s", 60_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("7d", 604_800_000),
            ("2w", 1_209_600_000),
            ("1y", 31_536_000_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(ms)),
                "{text}"
            );
        }
        for text in ["", "60", "s", "1x", "99999999999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(format_duration(Duration::from_millis(430)), "0.43 s");
        assert_eq!(format_duration(Duration::from_secs(125)), "2 m 05 s");
    }
}
