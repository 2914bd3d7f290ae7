//! A disk in units: read, digested and turned into something else on several threads, and
//! handed out in order.
//!
//! ```text
//! unit n ──► thread n mod threads ──► its queue, bounded ──► the caller's thread, by turns
//! ```
//!
//! Each thread has its own share of the units and its own queue, so that order needs no waiting
//! room: the depth of the queues bounds the memory.

use std::io;
use std::mem;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::sparse::{CHUNK, DiskDigest, digest, is_zero};

use super::{Disk, FmtError};

/// What zeros are left out in: the cluster of qcow2, the grain of VMDK, a sparse file's block.
pub(super) const GRAIN: usize = 64 << 10;
/// Bytes of units that may wait in all queues, and how many in one.
const QUEUES: usize = 64 << 20;
const QUEUE: usize = 8;

/// A unit that is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Todo {
    /// Which one: it begins at `index` times the length of a unit.
    pub(super) index: u64,
    /// Its grains that are not zeros, if that was found out before.
    known: Option<u64>,
}

impl Todo {
    /// What a survey found, as ranges of bytes of the unit.
    pub(super) fn runs(self) -> impl Iterator<Item = (usize, usize)> {
        runs(self.known.unwrap_or(0))
    }
}

/// A unit that was read.
#[derive(Debug, Default)]
pub(super) struct Unit {
    /// Where it begins on the disk.
    offset: u64,
    /// Whole grains: what lies past the end of the disk is zeros.
    bytes: Vec<u8>,
    /// Bytes up to the end of the disk.
    length: usize,
    /// A bit for each grain that is not zeros.
    mask: u64,
}

impl Unit {
    /// Where it begins on the disk, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// All of it, up to the end of the disk.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Its grains that are not zeros, each with its number on the disk; the disk's last is filled
    /// up with zeros.
    pub(super) fn grains(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let first = self.offset / GRAIN as u64;
        let grains = (first..).zip(self.bytes.chunks(GRAIN)).enumerate();
        grains
            .filter(|(at, _)| self.mask >> at & 1 != 0)
            .map(|(_, grain)| grain)
    }

    /// What is not zeros, with its place on the disk, up to its end.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u64, &[u8])> {
        runs(self.mask).map(|(from, to)| {
            let place = self.offset + from as u64;
            (place, &self.bytes[from..to.min(self.length)])
        })
    }
}

/// Bits that are set, in runs, as ranges of bytes.
fn runs(mask: u64) -> impl Iterator<Item = (usize, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = mask.checked_shr(from).filter(|rest| *rest != 0)?;
        let start = from + rest.trailing_zeros();
        let end = start + (mask >> start).trailing_ones();
        from = end;
        Some((start as usize * GRAIN, end as usize * GRAIN))
    })
}

/// The units of `length` bytes, whole chunks and 64 grains at most, in which there may be data.
pub(super) fn units(disk: &Disk<'_>, length: usize) -> Vec<Todo> {
    let length = length as u64;
    let mut units: Vec<Todo> = Vec::new();
    for range in disk.data.iter().filter(|range| !range.is_empty()) {
        let next = units.last().map_or(0, |last| last.index + 1);
        let indices = (range.start / length).max(next)..range.end.div_ceil(length);
        units.extend(indices.map(|index| Todo { index, known: None }));
    }
    units
}

/// The units that are not all zeros, by reading them: for formats that begin with a table of them.
pub(super) fn survey(disk: &Disk<'_>, length: usize) -> Result<Vec<Todo>, FmtError> {
    let mut found = Vec::new();
    in_order(
        disk,
        &units(disk, length),
        length,
        || {
            let mut unit = Unit::default();
            move |todo| {
                read(disk, todo, length, &mut unit)?;
                Ok(unit.mask)
            }
        },
        |todo, mask| {
            if mask != 0 {
                let index = todo.index;
                let known = Some(mask);
                found.push(Todo { index, known });
            }
            Ok(())
        },
    )?;
    Ok(found)
}

/// Reads units, turns those that are not all zeros into what `take` is given in the order of the
/// disk, and gives the disk digest. Surveyed units are all given, with the grains of the survey.
/// `make` is called on each thread for the state it works with.
pub(super) fn convert<T, W>(
    disk: &Disk<'_>,
    units: &[Todo],
    length: usize,
    make: impl Fn() -> W + Sync,
    mut take: impl FnMut(T) -> io::Result<()>,
) -> Result<[u8; 32], FmtError>
where
    T: Send,
    W: FnMut(&mut Unit) -> T,
{
    let mut whole = DiskDigest::default();
    in_order(
        disk,
        units,
        length,
        || {
            let mut work = make();
            let mut unit = Unit::default();
            move |todo| {
                read(disk, todo, length, &mut unit)?;
                let digests = digests(&unit);
                let out = (unit.mask != 0).then(|| work(&mut unit));
                Ok((digests, out))
            }
        },
        |todo, (digests, out)| {
            for (index, digest) in digests {
                whole.add(index, digest);
            }
            if let Some(out) = out {
                take(out)?;
            }
            let end = (todo.index + 1).saturating_mul(length as u64);
            (disk.progress)(end.min(disk.size))
        },
    )?;
    Ok(whole.finish(disk.size))
}

/// Takes a unit as it is: for what is not compressed.
pub(super) fn as_it_is() -> impl FnMut(&mut Unit) -> Unit {
    mem::take
}

/// Does work on several threads and takes what comes of it in the order of the units.
fn in_order<T, W>(
    disk: &Disk<'_>,
    units: &[Todo],
    length: usize,
    make: impl Fn() -> W + Sync,
    mut take: impl FnMut(Todo, T) -> io::Result<()>,
) -> Result<(), FmtError>
where
    T: Send,
    W: FnMut(Todo) -> io::Result<T>,
{
    let threads = disk.threads.get().min(units.len());
    let depth = (QUEUES / (threads.max(1) * length)).clamp(1, QUEUE);
    thread::scope(|scope| {
        let queues: Vec<_> = (0..threads)
            .map(|turn| {
                let (sender, receiver) = sync_channel(depth);
                let make = &make;
                scope.spawn(move || {
                    let mut work = make();
                    for todo in units.iter().skip(turn).step_by(threads) {
                        // Nobody takes any more: an error ended it.
                        if sender.send(work(*todo)).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        for (todo, queue) in units.iter().zip(queues.iter().cycle()) {
            let done = queue.recv().expect("a thread sends all its units");
            take(*todo, done.map_err(FmtError::Read)?).map_err(FmtError::Write)?;
        }
        Ok(())
    })
}

/// Reads a unit into a buffer that has been used before. Holes are not read.
fn read(disk: &Disk<'_>, todo: Todo, length: usize, unit: &mut Unit) -> io::Result<()> {
    unit.offset = todo.index * length as u64;
    let end = disk.size.min(unit.offset + length as u64);
    unit.length = usize::try_from(end - unit.offset).expect("a unit at most");
    unit.bytes.clear();
    unit.bytes.resize(unit.length.next_multiple_of(GRAIN), 0);
    let first = disk.data.partition_point(|range| range.end <= unit.offset);
    for range in disk.data[first..].iter().take_while(|r| r.start < end) {
        let from = range.start.max(unit.offset);
        let place = |at: u64| usize::try_from(at - unit.offset).expect("within a unit");
        let part = place(from)..place(range.end.min(end));
        disk.source.read_exact_at(from, &mut unit.bytes[part])?;
    }
    unit.mask = todo.known.unwrap_or_else(|| {
        let grains = unit.bytes.chunks(GRAIN).enumerate();
        grains.fold(0, |mask, (at, grain)| {
            mask | u64::from(!is_zero(grain)) << at
        })
    });
    Ok(())
}

/// Digests of the chunks of a unit that are not all zeros.
fn digests(unit: &Unit) -> Vec<(u64, [u8; 32])> {
    let first = unit.offset / CHUNK as u64;
    let grains = CHUNK / GRAIN;
    let mut all = Vec::new();
    for (at, chunk) in unit.bytes().chunks(CHUNK).enumerate() {
        if unit.mask >> (at * grains) & ((1 << grains) - 1) != 0 {
            all.push((first + at as u64, digest(chunk)));
        }
    }
    all
}
