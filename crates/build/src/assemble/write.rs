//! The disk into a file: chunks are hashed and written on other threads while the next are read.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Cancelled;
use goldsmith_disk::fs::ext4::Ext4Error;
use goldsmith_disk::image::{self, ImageError, Layout};
use goldsmith_disk::sparse::{Chunk, DiskDigest, PlainDigest, Sink, is_zero};
use goldsmith_disk::tree::ContentSource;

use super::out::{Out, Room};

/// Chunks under way at once, per thread: what bounds memory.
const QUEUE: usize = 8;
const THREADS_MAX: usize = 4;
const BLOCK: usize = 4096;
/// Zeros between data are written along when they are fewer blocks: one call less.
const GAP_BLOCKS: usize = 8;

/// How a disk is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Computes the plain SHA-256 as well. It costs by the size of the disk, not by what is in it:
    /// about 0.6 s of one processor for a GiB.
    pub plain_digest: bool,
    /// Waits until the bytes are on the host's disk.
    pub sync: bool,
}

/// A disk that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Size of the disk in bytes.
    pub size: u64,
    /// Bytes written: what the file takes on the host.
    pub allocated: u64,
    /// The disk digest: see [`goldsmith_disk::sparse`].
    pub digest: Sha256,
    /// What `sha256sum` says of the file, when it was asked for.
    pub sha256: Option<Sha256>,
}

/// A disk that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Reading the tree failed.
    #[error("the tree changed or cannot be read")]
    Image(#[source] ImageError),
    /// The file cannot be written.
    #[error("cannot write the file")]
    Io(#[source] io::Error),
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(Cancelled),
}

impl WriteError {
    /// Whether the host's disk is full.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Io(error) => matches!(
                error.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::FileTooLarge
            ),
            _ => false,
        }
    }
}

/// Writes a disk. `out` is emptied first: what is never written must read as zeros.
/// `progress` learns how many bytes have been written so far.
pub fn write(
    cx: &Cx,
    layout: &Layout<'_>,
    contents: &mut dyn ContentSource,
    out: &File,
    options: Options,
    progress: impl FnMut(u64),
) -> Result<Written, WriteError> {
    let size = layout.size();
    empty(out)
        .and_then(|()| out.set_len(size))
        .map_err(WriteError::Io)?;
    let shared = Shared::default();
    let places = Out::new(cx, out);
    let (outcome, sha256) = thread::scope(|scope| {
        let (jobs, work) = sync_channel(QUEUE);
        let (spares, spare) = channel();
        let work = Arc::new(Mutex::new(work));
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads.min(THREADS_MAX) {
            let (work, spares) = (Arc::clone(&work), spares.clone());
            let (places, shared) = (&places, &shared);
            scope.spawn(move || hash_and_write(&work, places, shared, &spares));
        }
        drop(work);
        let (plain, digest) = if options.plain_digest {
            let (sender, receiver) = sync_channel(QUEUE);
            let digest = scope.spawn(move || plain_digest(size, &receiver, &spares));
            (Some(sender), Some(digest))
        } else {
            (None, None)
        };
        let mut pipe = Pipe {
            cx,
            jobs,
            plain,
            settled: 0,
            spare,
            shared: &shared,
            written: 0,
            progress,
        };
        let outcome = image::write(layout, contents, &mut pipe);
        drop(pipe);
        let sha256 = digest.map(|thread| thread.join().expect("hashing does not panic"));
        (outcome, sha256)
    });
    let State {
        digest,
        allocated,
        error,
    } = shared
        .state
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    cx.cancel.check().map_err(WriteError::Cancelled)?;
    if let Some(error) = error {
        return Err(WriteError::Io(error));
    }
    outcome.map_err(|error| match error {
        ImageError::Write(error) | ImageError::Ext4(Ext4Error::Write(error)) => {
            WriteError::Io(error)
        }
        other => WriteError::Image(other),
    })?;
    if options.sync {
        out.sync_all().map_err(WriteError::Io)?;
    }
    Ok(Written {
        size,
        allocated,
        digest: Sha256::from_bytes(digest.finish(size)),
        sha256,
    })
}

/// Empties a file. ext4 has what is written to a file that was cut to nothing flushed when that is
/// closed, half a second for a disk, so one that is empty is left alone.
fn empty(file: &File) -> io::Result<()> {
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    file.set_len(0)
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    digest: DiskDigest,
    allocated: u64,
    error: Option<io::Error>,
}

impl Shared {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn hash_and_write(
    work: &Mutex<Receiver<Arc<Chunk>>>,
    out: &Out<'_>,
    shared: &Shared,
    spares: &Sender<Vec<u8>>,
) {
    let mut room = Room::default();
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(chunk) = next else { return };
        // After a failure the queue is only emptied.
        if shared.with(|state| state.error.is_none()) {
            let digest = chunk.digest();
            let result = write_chunk(out, &chunk, &mut room);
            shared.with(|state| {
                state.digest.add(chunk.index, digest);
                match result {
                    Ok(bytes) => state.allocated += bytes,
                    Err(error) => state.error = Some(error),
                }
            });
        }
        recycle(chunk, spares);
    }
}

/// Writes what is not zeros of a chunk; gives how many bytes that was.
fn write_chunk(out: &Out<'_>, chunk: &Chunk, room: &mut Room) -> io::Result<u64> {
    let blocks: Vec<bool> = chunk.bytes.chunks(BLOCK).map(|b| !is_zero(b)).collect();
    let mut written = 0;
    let mut at = 0;
    while let Some(start) = blocks[at..].iter().position(|has| *has) {
        let start = at + start;
        let mut end = start + 1;
        let mut next = end;
        while next < blocks.len() && next - end <= GAP_BLOCKS {
            if blocks[next] {
                end = next + 1;
            }
            next += 1;
        }
        let bytes = &chunk.bytes[start * BLOCK..(end * BLOCK).min(chunk.bytes.len())];
        out.write(bytes, chunk.offset() + (start * BLOCK) as u64, room)?;
        written += bytes.len() as u64;
        at = end;
    }
    Ok(written)
}

/// Hands the buffer back if nobody else holds it.
fn recycle(chunk: Arc<Chunk>, spares: &Sender<Vec<u8>>) {
    if let Some(chunk) = Arc::into_inner(chunk) {
        // Nobody takes buffers any more at the end.
        spares.send(chunk.bytes).ok();
    }
}

enum Plain {
    Chunk(Arc<Chunk>),
    Settled(u64),
}

fn plain_digest(size: u64, messages: &Receiver<Plain>, spares: &Sender<Vec<u8>>) -> Sha256 {
    let mut digest = PlainDigest::<Recycled<'_>>::new(size);
    for message in messages {
        match message {
            Plain::Chunk(chunk) => digest.add(Recycled(Some(chunk), spares)),
            Plain::Settled(index) => digest.settled(index),
        }
    }
    Sha256::from_bytes(digest.finish())
}

/// A chunk whose buffer goes back when it is done.
struct Recycled<'s>(Option<Arc<Chunk>>, &'s Sender<Vec<u8>>);

impl std::borrow::Borrow<Chunk> for Recycled<'_> {
    fn borrow(&self) -> &Chunk {
        self.0.as_ref().expect("taken only when dropped")
    }
}

impl Drop for Recycled<'_> {
    fn drop(&mut self) {
        if let Some(chunk) = self.0.take() {
            recycle(chunk, self.1);
        }
    }
}

/// Where chunks go: to whoever is free to write them, and to the one who hashes in order.
struct Pipe<'p, P> {
    cx: &'p Cx,
    jobs: SyncSender<Arc<Chunk>>,
    plain: Option<SyncSender<Plain>>,
    settled: u64,
    spare: Receiver<Vec<u8>>,
    shared: &'p Shared,
    written: u64,
    progress: P,
}

impl<P: FnMut(u64)> Sink for Pipe<'_, P> {
    fn put(&mut self, chunk: Chunk) -> io::Result<()> {
        let stop = || io::Error::other("stopped");
        self.cx.cancel.check().map_err(|_| stop())?;
        if self.shared.with(|state| state.error.is_some()) {
            return Err(stop());
        }
        self.written += chunk.bytes.len() as u64;
        (self.progress)(self.written);
        let chunk = Arc::new(chunk);
        if let Some(plain) = &self.plain {
            let message = Plain::Chunk(Arc::clone(&chunk));
            plain.send(message).map_err(|_| stop())?;
        }
        self.jobs.send(chunk).map_err(|_| stop())
    }

    fn settled(&mut self, index: u64) -> io::Result<()> {
        if let Some(plain) = &self.plain
            && index > self.settled
        {
            self.settled = index;
            let gone = |_| io::Error::other("stopped");
            plain.send(Plain::Settled(index)).map_err(gone)?;
        }
        Ok(())
    }

    fn spare(&mut self) -> Option<Vec<u8>> {
        self.spare.try_recv().ok()
    }
}
