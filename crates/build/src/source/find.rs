//! Which partition of a disk holds the root file system.

use std::io;

use goldsmith_core::size::format_bytes;
use goldsmith_disk::read::ext4::{Ext4, ReadError};
use goldsmith_disk::read::signature::{self, Found};
use goldsmith_disk::read::table::{Kind, Partition, Table};
use goldsmith_disk::read::{Disk, Part};

use super::SourceError;

/// Partitions of partitions, in a master boot record.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];

/// Where the root file system is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    /// The number of its partition; 0: the disk has no partitions.
    pub(super) number: usize,
    /// In bytes.
    pub(super) range: std::ops::Range<u64>,
    /// For the kernel, the name of a file system that is not read here.
    pub(super) mountable: Option<&'static str>,
}

impl Root {
    /// As people call it.
    pub(super) fn title(&self) -> String {
        title(self.number)
    }
}

fn title(number: usize) -> String {
    match number {
        0 => "the disk itself".to_owned(),
        number => format!("partition {number}"),
    }
}

/// What stands in a place of the disk.
struct Place<'t> {
    partition: Option<&'t Partition>,
    range: std::ops::Range<u64>,
    found: Found,
    state: State,
}

enum State {
    /// A system is there, or may be: what only the kernel reads.
    Root,
    /// A file system without a system, or something else.
    Other,
    /// It may be one.
    Unreadable(ReadError),
}

/// Finds it: the one partition with a system, else the one of those that says so by its type.
pub(super) fn root(disk: &dyn Disk, table: Option<&Table>) -> Result<Root, SourceError> {
    let mut places = Vec::new();
    match table {
        None => places.push(look(disk, None, 0..disk.size())?),
        Some(table) => {
            for partition in &table.partitions {
                let range = partition.start..partition.end();
                places.push(look(disk, Some(partition), range)?);
            }
        }
    }
    let is_typed = |place: &&Place<'_>| place.partition.is_some_and(|p| p.kind.is_root());
    let roots: Vec<&Place<'_>> = places
        .iter()
        .filter(|place| matches!(place.state, State::Root))
        .collect();
    let typed: Vec<&Place<'_>> = roots.iter().copied().filter(is_typed).collect();
    let readable: Vec<&Place<'_>> = roots
        .iter()
        .copied()
        .filter(|place| place.found == Found::Ext)
        .collect();
    for candidates in [&typed, &readable, &roots] {
        if let [place] = candidates[..] {
            return Ok(place.root());
        }
    }
    if !roots.is_empty() {
        let lines = roots.iter().map(|place| place.describe());
        return Err(SourceError::Several(lines.collect()));
    }
    // The reason that is most telling.
    for place in &mut places {
        let state = std::mem::replace(&mut place.state, State::Other);
        if let State::Unreadable(source) = state {
            let partition = title(place.number());
            return Err(SourceError::Ext4 { partition, source });
        }
    }
    for place in &places {
        if let Found::Container(what) = place.found {
            let partition = title(place.number());
            return Err(SourceError::Container { partition, what });
        }
    }
    Err(SourceError::NoRoot(
        places.iter().map(Place::describe).collect(),
    ))
}

fn look<'t>(
    disk: &dyn Disk,
    partition: Option<&'t Partition>,
    range: std::ops::Range<u64>,
) -> Result<Place<'t>, SourceError> {
    let part = Part::new(disk, range.clone());
    let number = partition.map_or(0, |partition| partition.number);
    let failed = |source: io::Error| SourceError::Ext4 {
        partition: title(number),
        source: source.into(),
    };
    let found = signature::on_partition(&part).map_err(failed)?;
    let state = match found {
        Found::Ext => match Ext4::open(part).and_then(|fs| fs.top()) {
            Ok(names) => {
                let has = |name: &str| names.contains(name.as_bytes());
                let is_system = has("etc") && (has("usr") || has("bin"));
                if is_system { State::Root } else { State::Other }
            }
            Err(error) => State::Unreadable(error),
        },
        // Of those only the type says that they are no system.
        Found::Mountable(_) if !partition.is_some_and(|p| p.kind.is_boot()) => State::Root,
        _ => State::Other,
    };
    Ok(Place {
        partition,
        range,
        found,
        state,
    })
}

impl Place<'_> {
    fn number(&self) -> usize {
        self.partition.map_or(0, |partition| partition.number)
    }

    fn root(&self) -> Root {
        let mountable = match self.found {
            Found::Mountable(name) => Some(name),
            _ => None,
        };
        Root {
            number: self.number(),
            range: self.range.clone(),
            mountable,
        }
    }

    /// `partition 3 (Linux root, 8 GiB): ext4`.
    fn describe(&self) -> String {
        let size = format_bytes(self.range.end - self.range.start);
        let what = match self.partition.map(|partition| partition.kind) {
            Some(Kind::Byte(kind)) if EXTENDED.contains(&kind) => {
                "partitions of its own, which are not looked at"
            }
            _ => match (self.found, &self.state) {
                (Found::Ext, State::Other) => "ext4 without a system",
                _ => self.found.name().unwrap_or("nothing known"),
            },
        };
        let title = title(self.number());
        match self.partition {
            None => format!("{title} ({size}): {what}"),
            Some(partition) => format!("{title} ({}, {size}): {what}", partition.kind),
        }
    }
}
