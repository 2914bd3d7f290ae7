//! Times as AWS writes them, in whole seconds since 1970.

use jiff::Timestamp;

/// `2026-11-29T20:00:00Z`, with or without parts of a second.
pub(super) fn read(text: &str) -> Option<i64> {
    let time: Timestamp = text.parse().ok()?;
    Some(time.as_second())
}

/// `2026-11-29T20:00:00.000Z`.
pub(super) fn written(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN);
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_written() {
        assert_eq!(written(1_796_000_000), "2026-11-30T00:53:20.000Z");
        assert_eq!(read(&written(1_796_000_000)), Some(1_796_000_000));
        assert_eq!(read("2026-11-30T00:53:20Z"), Some(1_796_000_000));
        assert_eq!(read("tomorrow"), None);
    }
}
