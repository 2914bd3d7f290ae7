//! Disks stored in units of one size, each somewhere in the file or nowhere.

use std::io;
use std::ops::Range;

use super::Disk;

/// Fills `bytes` from `at`, unit by unit: `part` is given the unit's number, how far in it the bytes
/// begin, and what to fill. An error when not all of that is within `size`.
pub(super) fn read(
    size: u64,
    unit: u64,
    at: u64,
    bytes: &mut [u8],
    mut part: impl FnMut(u64, u64, &mut [u8]) -> io::Result<()>,
) -> io::Result<()> {
    let end = at.checked_add(bytes.len() as u64);
    if end.is_none_or(|end| end > size) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut at = at;
    let mut rest = bytes;
    while !rest.is_empty() {
        let inside = at % unit;
        let length = usize::try_from(unit - inside).unwrap_or(usize::MAX);
        let (now, next) = rest.split_at_mut(length.min(rest.len()));
        part(at / unit, inside, now)?;
        at += now.len() as u64;
        rest = next;
    }
    Ok(())
}

/// Fills `bytes` from a place of a file; without one with zeros.
pub(super) fn fill(file: &impl Disk, place: Option<u64>, bytes: &mut [u8]) -> io::Result<()> {
    if let Some(place) = place {
        return file.read_at(place, bytes);
    }
    bytes.fill(0);
    Ok(())
}

/// The first stretch of units at or after `at` that are there, in bytes.
pub(super) fn next_data(
    size: u64,
    unit: u64,
    at: u64,
    mut is_there: impl FnMut(u64) -> io::Result<bool>,
) -> io::Result<Option<Range<u64>>> {
    let units = size.div_ceil(unit);
    let mut number = at / unit;
    while number < units && !is_there(number)? {
        number += 1;
    }
    if at >= size || number >= units {
        return Ok(None);
    }
    let start = (number * unit).max(at);
    while number < units && is_there(number)? {
        number += 1;
    }
    Ok(Some(start..(number * unit).min(size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn across_units() {
        let mut seen = Vec::new();
        let mut bytes = [0; 7];
        read(20, 4, 6, &mut bytes, |number, inside, part| {
            seen.push((number, inside, part.len()));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(1, 2, 2), (2, 0, 4), (3, 0, 1)]);
        assert!(read(20, 4, 14, &mut bytes, |_, _, _| Ok(())).is_err());
        assert!(read(20, 4, u64::MAX, &mut bytes, |_, _, _| Ok(())).is_err());
    }

    #[test]
    fn stretches() {
        let there = |number| Ok([false, true, true, false, true][usize::try_from(number).unwrap()]);
        let next = |at| next_data(18, 4, at, there).unwrap();
        assert_eq!(next(0), Some(4..12));
        assert_eq!(next(6), Some(6..12));
        assert_eq!(next(12), Some(16..18));
        assert_eq!(next(18), None);
    }
}
