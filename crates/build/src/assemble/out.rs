//! Writing a file by the page cache or past it, whichever is faster on this host.
//!
//! The page cache takes what is written at the speed of memory, and the disk gets it later. That
//! holds where memory is at hand. A virtual machine that gives free pages back to its host gets
//! each anew with a fault there, which was seen to take four times as long as the disk itself: 0.4
//! GB/s against 1.4. Nothing tells beforehand, so both ways get some of the bytes, and the rest
//! goes the faster one. The bytes are the same either way.
//!
//! Past the cache several writes are under way at once. File systems let them, where the place of
//! the bytes is set aside before.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// What disks, memory and file systems want writes past the cache aligned to, in bytes, at most.
const ALIGN: usize = 4096;
/// What is shorter costs more to ask the disk for than to copy; it says nothing of either way.
const LENGTH_MIN: usize = 128 << 10;
/// Bytes that each way gets before one is chosen.
const TRIAL: u64 = 8 << 20;

/// A file that is written.
pub(super) struct Out<'f> {
    cx: &'f Cx,
    cached: &'f File,
    /// `None` where the file system has no such thing.
    direct: Option<File>,
    /// By way: the page cache, past it. The system lets one write at a time into the page cache of
    /// a file; who waits here burns no processor time.
    ways: Mutex<[Way; 2]>,
    /// Writes past the cache that are under way.
    under_way: AtomicU32,
}

/// What went one way.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    bytes: u64,
    time: Duration,
}

impl Way {
    fn add(&mut self, bytes: usize, time: Duration) {
        self.bytes += bytes as u64;
        self.time += time;
    }

    /// Bytes a second.
    fn rate(&self) -> u128 {
        u128::from(self.bytes) * 1_000_000_000 / self.time.as_nanos().max(1)
    }
}

/// Whether the next bytes go past the cache.
fn is_direct([cached, direct]: &[Way; 2]) -> bool {
    if cached.bytes.min(direct.bytes) < TRIAL {
        return direct.bytes < cached.bytes;
    }
    direct.rate() > cached.rate()
}

/// Room that writes past the cache begin in.
#[derive(Default)]
pub(super) struct Room(Vec<u8>);

impl Room {
    /// A copy of the bytes at an aligned place.
    fn aligned(&mut self, bytes: &[u8]) -> &[u8] {
        if self.0.len() < bytes.len() + ALIGN {
            self.0.resize(bytes.len() + ALIGN, 0);
        }
        let start = self.0.as_ptr().align_offset(ALIGN);
        let place = &mut self.0[start..start + bytes.len()];
        place.copy_from_slice(bytes);
        place
    }
}

impl<'f> Out<'f> {
    pub(super) fn new(cx: &'f Cx, file: &'f File) -> Self {
        let direct = rustix::fs::OFlags::DIRECT.bits();
        let mut again = File::options();
        again
            .write(true)
            .custom_flags(i32::try_from(direct).unwrap_or_default());
        Self {
            cx,
            cached: file,
            direct: again
                .open(format!("/proc/self/fd/{}", file.as_raw_fd()))
                .ok(),
            ways: Mutex::default(),
            under_way: AtomicU32::new(0),
        }
    }

    /// Writes all of the bytes.
    pub(super) fn write(&self, bytes: &[u8], at: u64, room: &mut Room) -> io::Result<()> {
        let is_aligned = bytes.len().is_multiple_of(ALIGN) && at.is_multiple_of(ALIGN as u64);
        let direct = match &self.direct {
            Some(direct) if is_aligned && bytes.len() >= LENGTH_MIN => direct,
            _ => {
                let _alone = self.ways();
                return self.cached.write_all_at(bytes, at);
            }
        };
        let mut ways = self.ways();
        if !is_direct(&ways) {
            let started = self.cx.clock().monotonic();
            let written = self.cached.write_all_at(bytes, at);
            ways[0].add(bytes.len(), self.since(started));
            return written;
        }
        drop(ways);
        let bytes = room.aligned(bytes);
        set_aside(direct, at, bytes.len())?;
        let others = self.under_way.fetch_add(1, Ordering::Relaxed);
        let started = self.cx.clock().monotonic();
        let mut written = direct.write_all_at(bytes, at);
        // Those that write at once share the time.
        let mut time = self.since(started) / (others + 1);
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        let mut ways = self.ways();
        // Where it wants more than that, it is not asked again.
        let is_refused = |error: &io::Error| error.kind() == io::ErrorKind::InvalidInput;
        if written.as_ref().is_err_and(is_refused) {
            written = self.cached.write_all_at(bytes, at);
            time = Duration::from_hours(1);
            ways[1].bytes += TRIAL;
        }
        ways[1].add(bytes.len(), time);
        written
    }

    fn ways(&self) -> MutexGuard<'_, [Way; 2]> {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since(&self, started: Duration) -> Duration {
        self.cx.clock().monotonic().saturating_sub(started)
    }
}

/// Has the file system choose the place of bytes that are about to be written.
fn set_aside(file: &File, at: u64, length: usize) -> io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, at, length as u64) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(bytes: u64, millis: u64) -> Way {
        Way {
            bytes,
            time: Duration::from_millis(millis),
        }
    }

    #[test]
    fn both_are_tried_and_the_faster_is_taken() {
        let none = Way::default();
        assert!(!is_direct(&[none, none]));
        assert!(is_direct(&[way(1 << 20, 1), none]));
        assert!(!is_direct(&[way(1 << 20, 1), way(1 << 20, 9)]));
        let slow = way(TRIAL, 60);
        let fast = way(TRIAL, 17);
        assert!(is_direct(&[slow, fast]));
        assert!(!is_direct(&[fast, slow]));
        // Also when it has become slow only later.
        assert!(!is_direct(&[fast, way(10 * TRIAL, 600)]));
    }

    #[test]
    fn the_bytes_are_the_same_either_way() {
        use std::sync::Arc;

        use goldsmith_testing::clock::RealClock;

        let cx = Cx::silent(Arc::new(RealClock));
        let file = tempfile::tempfile().unwrap();
        let out = Out::new(&cx, &file);
        let bytes: Vec<u8> = (0u32..2_000_000).flat_map(u32::to_le_bytes).collect();
        let mut room = Room::default();
        let mut at = 0;
        for length in [LENGTH_MIN, 5, 4091, 2 * LENGTH_MIN, 999_424]
            .into_iter()
            .cycle()
        {
            let end = (at + length).min(bytes.len());
            out.write(&bytes[at..end], at as u64, &mut room).unwrap();
            at = end;
            if at == bytes.len() {
                break;
            }
        }
        let ways = out.ways.into_inner().unwrap();
        assert!(out.direct.is_none() || ways.iter().all(|way| way.bytes > 0));
        let mut found = vec![0; bytes.len()];
        file.read_exact_at(&mut found, 0).unwrap();
        assert!(found == bytes);
    }
}
