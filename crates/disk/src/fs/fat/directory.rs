//! FAT directories: which entries there are, and their bytes.
//!
//! An entry takes 32 bytes; a long name takes more entries before it, last piece first, of 13 UTF-16
//! units each.

use std::collections::{BTreeMap, BTreeSet};

use super::{FatError, Files, name};

const ENTRY: usize = 32;
const UNITS: usize = 13;
const ATTRIBUTE_LABEL: u8 = 0x08;
const ATTRIBUTE_DIRECTORY: u8 = 0x10;
const ATTRIBUTE_FILE: u8 = 0x20;
const ATTRIBUTE_LONG: u8 = 0x0F;

/// FAT's date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    date: u16,
    time: u16,
}

/// One entry of a directory.
#[derive(Debug)]
pub(super) struct Entry {
    /// Path from the root.
    pub(super) path: String,
    short: [u8; 11],
    /// UTF-16 of the name when the short one does not say it all.
    long: Vec<u16>,
    is_directory: bool,
}

/// One directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// First cluster; 0 for a root that is not in clusters.
    pub(super) cluster: u64,
    is_root: bool,
    parent: String,
    entries: Vec<Entry>,
}

/// Finds all directories, the root (empty path) included.
pub(super) fn plan(files: &Files) -> Result<BTreeMap<String, Directory>, FatError> {
    let mut names: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
    names.insert(String::new(), BTreeMap::new());
    for path in files.keys() {
        let mut parent = "";
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let name = &path[if parent.is_empty() {
                0
            } else {
                parent.len() + 1
            }..at];
            let is_directory = at < path.len();
            let siblings = names.entry(parent.to_owned()).or_default();
            if siblings.insert(name.to_owned(), is_directory) == Some(!is_directory) {
                return Err(FatError::Name(path.clone()));
            }
            parent = &path[..at];
        }
    }
    names
        .iter()
        .map(|(path, names)| Ok((path.clone(), directory(path, names)?)))
        .collect()
}

fn directory(path: &str, names: &BTreeMap<String, bool>) -> Result<Directory, FatError> {
    let mut taken = BTreeSet::new();
    let mut folded = BTreeSet::new();
    let mut entries = vec![];
    for (name, is_directory) in names {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}/{name}")
        };
        let usable = name::is_usable(name) && folded.insert(name.to_lowercase());
        let short = usable.then(|| name::short(name, &taken)).flatten();
        let (short, needs_long) = short.ok_or_else(|| FatError::Name(path.clone()))?;
        taken.insert(short);
        let long = if needs_long {
            name.encode_utf16().collect()
        } else {
            vec![]
        };
        entries.push(Entry {
            path,
            short,
            long,
            is_directory: *is_directory,
        });
    }
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    Ok(Directory {
        cluster: 0,
        is_root: path.is_empty(),
        parent: parent.to_owned(),
        entries,
    })
}

impl Directory {
    /// Its length in bytes.
    pub(super) fn size(&self) -> u64 {
        let own = if self.is_root { 1 } else { 2 };
        let entries: usize = self
            .entries
            .iter()
            .map(|entry| 1 + entry.long.len().div_ceil(UNITS))
            .sum();
        ((own + entries) * ENTRY) as u64
    }

    /// Its bytes. `place` says, per file, its first cluster and its length.
    pub(super) fn render(
        &self,
        label: &[u8; 11],
        stamp: Stamp,
        clusters: &BTreeMap<String, u64>,
        mut place: impl FnMut(&Entry) -> (u64, usize),
    ) -> Vec<u8> {
        let mut bytes = vec![];
        if self.is_root {
            push(&mut bytes, label, ATTRIBUTE_LABEL, stamp, 0, 0);
        } else {
            // The root is cluster 0 here, wherever it is.
            let above = if self.parent.is_empty() {
                0
            } else {
                clusters[&self.parent]
            };
            push(
                &mut bytes,
                b".          ",
                ATTRIBUTE_DIRECTORY,
                stamp,
                self.cluster,
                0,
            );
            push(
                &mut bytes,
                b"..         ",
                ATTRIBUTE_DIRECTORY,
                stamp,
                above,
                0,
            );
        }
        for entry in &self.entries {
            push_long(&mut bytes, entry);
            if entry.is_directory {
                let cluster = clusters[&entry.path];
                push(
                    &mut bytes,
                    &entry.short,
                    ATTRIBUTE_DIRECTORY,
                    stamp,
                    cluster,
                    0,
                );
            } else {
                let (cluster, size) = place(entry);
                push(
                    &mut bytes,
                    &entry.short,
                    ATTRIBUTE_FILE,
                    stamp,
                    cluster,
                    size,
                );
            }
        }
        bytes
    }
}

fn push(bytes: &mut Vec<u8>, short: &[u8; 11], kind: u8, stamp: Stamp, cluster: u64, size: usize) {
    let cluster = u32::try_from(cluster).expect("cluster numbers have 28 bits");
    let [a, b, c, d] = cluster.to_le_bytes();
    let (date, time) = (stamp.date.to_le_bytes(), stamp.time.to_le_bytes());
    bytes.extend(short);
    bytes.extend([kind, 0, 0]);
    bytes.extend(time); // made
    bytes.extend(date);
    bytes.extend(date); // read
    bytes.extend([c, d]);
    bytes.extend(time); // changed
    bytes.extend(date);
    bytes.extend([a, b]);
    bytes.extend(
        u32::try_from(size)
            .expect("checked by the caller")
            .to_le_bytes(),
    );
}

fn push_long(bytes: &mut Vec<u8>, entry: &Entry) {
    let checksum = name::checksum(&entry.short);
    let pieces: Vec<&[u16]> = entry.long.chunks(UNITS).collect();
    for (at, piece) in pieces.iter().enumerate().rev() {
        // A name that ends inside a piece is ended by a zero, then padded.
        let mut units = piece.to_vec();
        if units.len() < UNITS {
            units.push(0);
        }
        units.resize(UNITS, 0xFFFF);
        let units: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let last = if at + 1 == pieces.len() { 0x40 } else { 0 };
        bytes.push(u8::try_from(at + 1).expect("20 pieces at most") | last);
        bytes.extend(&units[..10]);
        bytes.extend([ATTRIBUTE_LONG, 0, checksum]);
        bytes.extend(&units[10..22]);
        bytes.extend([0, 0]);
        bytes.extend(&units[22..]);
    }
}

/// The date and time of a moment, held to the years 1980 to 2107.
pub(super) fn stamp(seconds: i64) -> Stamp {
    const FROM: i64 = 315_532_800; // 1980-01-01
    const TO: i64 = 4_354_819_198; // 2107-12-31 23:59:58
    let seconds = u32::try_from(seconds.clamp(FROM, TO) - FROM).unwrap_or(0);
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let mut year = 0;
    let leap = |year: u32| year.is_multiple_of(4) && year != 120; // 2100 is none
    while days >= 365 + u32::from(leap(year)) {
        days -= 365 + u32::from(leap(year));
        year += 1;
    }
    let months = [
        31,
        28 + u32::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    let month = u32::try_from(month).expect("one of twelve") + 1;
    let date = year << 9 | month << 5 | (days + 1);
    let time = (second / 3600) << 11 | (second / 60 % 60) << 5 | (second % 60 / 2);
    let half = |n: u32| u16::try_from(n).expect("each field has its bits");
    Stamp {
        date: half(date),
        time: half(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: i64, expected: &str) {
        let Stamp { date, time } = stamp(seconds);
        let (year, month, day) = (1980 + (date >> 9), date >> 5 & 0xF, date & 0x1F);
        let (hour, minute, second) = (time >> 11, time >> 5 & 0x3F, (time & 0x1F) * 2);
        let got = format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        assert_eq!(got, expected);
    }

    #[test]
    fn stamps() {
        check(0, "1980-01-01 00:00:00");
        check(951_782_400, "2000-02-29 00:00:00");
        check(1_700_000_000, "2023-11-14 22:13:20");
        check(4_107_542_400, "2100-03-01 00:00:00");
        check(i64::MAX, "2107-12-31 23:59:58");
    }
}
