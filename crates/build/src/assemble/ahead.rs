//! Contents of files read by other threads before they are asked for: most files of a tree are
//! small, and opening one through the layers takes as long as copying its bytes.
//!
//! ```text
//! files in the order of the disk   a b c d e | f g h | i (large) | j k ...      batches
//! readers                              └─ take the next batch, a few ahead at most
//! writer                           opens them in the same order: each is there, or soon
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use goldsmith_disk::tree::ContentSource;

use super::TreeContents;

/// Bytes and files of a batch: what one turn of a lock is worth.
const BATCH_BYTES: u64 = 1 << 20;
const BATCH_FILES: usize = 256;
/// Batches that are read and not written yet: what bounds memory.
const AHEAD: usize = 16;
const READERS: usize = 2;

/// A file that will be asked for: its path, and where it has data.
pub(super) type Wanted<'w> = (&'w [u8], &'w [Range<u64>]);

/// Runs `work` with the contents of a tree, of which it opens exactly `files`, in this order.
pub(super) fn read_ahead<T>(
    contents: TreeContents<'_>,
    files: &[Wanted<'_>],
    work: impl FnOnce(&mut dyn ContentSource) -> T,
) -> T {
    let shared = Shared {
        contents,
        files,
        batches: batches(files),
        state: Mutex::default(),
        changed: Condvar::new(),
    };
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| shared.read());
        }
        let mut ahead = Ahead {
            shared: &shared,
            contents,
            batch: 0,
            ready: VecDeque::new(),
        };
        work(&mut ahead)
    })
}

/// Consecutive files, read by one thread in one go.
enum Batch {
    /// To be read into memory.
    Small(Range<usize>),
    /// A large file, which the writer reads itself.
    Large(usize),
}

fn batches(files: &[Wanted<'_>]) -> Vec<Batch> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, (_, data)) in files.iter().enumerate() {
        let size = length(data);
        let is_large = size > BATCH_BYTES;
        if is_large || bytes + size > BATCH_BYTES || at - start == BATCH_FILES {
            if start < at {
                batches.push(Batch::Small(start..at));
            }
            (start, bytes) = (at, 0);
        }
        if is_large {
            batches.push(Batch::Large(at));
            start = at + 1;
        } else {
            bytes += size;
        }
    }
    if start < files.len() {
        batches.push(Batch::Small(start..files.len()));
    }
    batches
}

/// Files by their place among all, and what was read of them.
type Contents = VecDeque<(usize, io::Result<Vec<u8>>)>;

#[derive(Default)]
struct State {
    /// The next batch that a reader takes.
    next: usize,
    /// Batches that the writer has taken.
    taken: usize,
    ready: BTreeMap<usize, Contents>,
    is_over: bool,
}

struct Shared<'a> {
    contents: TreeContents<'a>,
    files: &'a [Wanted<'a>],
    batches: Vec<Batch>,
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(
        &self,
        state: MutexGuard<'s, State>,
        until: impl Fn(&State) -> bool,
    ) -> MutexGuard<'s, State> {
        self.changed
            .wait_while(state, |state| !until(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What a reader does until there is nothing left to read.
    fn read(&self) {
        loop {
            let mut state = self.wait(self.state(), |state| {
                state.is_over || state.next < state.taken + AHEAD
            });
            let number = state.next;
            let Some(batch) = self.batches.get(number).filter(|_| !state.is_over) else {
                return;
            };
            state.next += 1;
            drop(state);
            let Batch::Small(files) = batch else { continue };
            let read: Contents = files.clone().map(|at| (at, self.read_one(at))).collect();
            self.state().ready.insert(number, read);
            self.changed.notify_all();
        }
    }

    fn read_one(&self, at: usize) -> io::Result<Vec<u8>> {
        let (path, data) = self.files[at];
        let mut contents = self.contents;
        // Room for all of it, so that it is read in one call; a file that grows meanwhile is not
        // followed, one that has become shorter is found out by the writer.
        let mut bytes = vec![0; usize::try_from(length(data)).map_err(io::Error::other)?];
        let mut file = contents.open(path, data)?;
        let mut read = 0;
        while read < bytes.len() {
            match file.read(&mut bytes[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }
}

fn length(data: &[Range<u64>]) -> u64 {
    data.iter().map(|range| range.end - range.start).sum()
}

/// What the writer opens files by.
struct Ahead<'a> {
    shared: &'a Shared<'a>,
    contents: TreeContents<'a>,
    /// The batch after the one that `ready` is of.
    batch: usize,
    ready: Contents,
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
    }
}

impl ContentSource for Ahead<'_> {
    fn open(&mut self, path: &[u8], data: &[Range<u64>]) -> io::Result<Box<dyn Read + '_>> {
        if self.ready.is_empty() {
            let number = self.batch;
            self.batch += 1;
            let mut state = self.shared.state();
            state.taken = number + 1;
            self.shared.changed.notify_all();
            match self.shared.batches.get(number) {
                Some(Batch::Small(_)) => {
                    state = self
                        .shared
                        .wait(state, |state| state.ready.contains_key(&number));
                    self.ready = state.ready.remove(&number).unwrap_or_default();
                }
                Some(Batch::Large(at)) if self.shared.files[*at].0 == path => {
                    drop(state);
                    return self.contents.open(path, data);
                }
                _ => {}
            }
        }
        match self.ready.pop_front() {
            Some((at, read)) if self.shared.files[at].0 == path => Ok(Box::new(Cursor::new(read?))),
            _ => Err(io::Error::other("it was not to be read now")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::AsFd as _;

    use super::*;

    const LARGE: u64 = BATCH_BYTES + 1;
    const OTHER: Option<io::ErrorKind> = Some(io::ErrorKind::Other);

    /// Writes files of these sizes, reads them ahead, and opens those of `opened`; gives what was
    /// wrong with the last.
    fn check(sizes: &[u64], opened: &[usize]) -> Option<io::ErrorKind> {
        let root = tempfile::tempdir().unwrap();
        let bytes = |at: usize| -> Vec<u8> {
            let size = usize::try_from(sizes[at]).unwrap();
            at.to_le_bytes().into_iter().cycle().take(size).collect()
        };
        let mut files: Vec<(Vec<u8>, Vec<Range<u64>>)> = Vec::new();
        for (at, size) in sizes.iter().enumerate() {
            let name = format!("{at:05}");
            fs::write(root.path().join(&name), bytes(at)).unwrap();
            files.push((name.into_bytes(), std::iter::once(0..*size).collect()));
        }
        let directory = File::open(root.path()).unwrap();
        let contents = TreeContents::new(directory.as_fd());
        let wanted: Vec<Wanted<'_>> = files.iter().map(|(p, d)| (&p[..], &d[..])).collect();
        read_ahead(contents, &wanted, |ahead| {
            opened.iter().find_map(|at| {
                let mut found = Vec::new();
                let (path, data) = wanted[*at];
                let opened = ahead.open(path, data);
                let read = opened.and_then(|mut file| file.read_to_end(&mut found));
                assert!(read.is_err() || found == bytes(*at), "file {at}");
                read.err().map(|error| error.kind())
            })
        })
    }

    #[test]
    fn every_file_comes_in_order() {
        fn whole(sizes: &[u64]) {
            let all: Vec<usize> = (0..sizes.len()).collect();
            assert_eq!(check(sizes, &all), None);
        }
        whole(&(1..2000).collect::<Vec<_>>());
        whole(&[LARGE, 1, 2, LARGE, LARGE, BATCH_BYTES, 3]);
        whole(&[]);
    }

    #[test]
    fn who_stops_early_is_not_waited_for() {
        assert_eq!(check(&[BATCH_BYTES / 2; 100], &[0, 1, 2]), None);
    }

    #[test]
    fn another_order_is_refused() {
        assert_eq!(check(&[1, 2, 3], &[0, 2]), OTHER);
        assert_eq!(check(&[LARGE, 2], &[1]), OTHER);
    }
}
