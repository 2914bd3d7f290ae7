//! Brings a file to the disk while it is being written, so that little is left to wait for when it
//! is whole: a thread of its own asks for it, again and again.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How many bytes are worth a flush.
const STRETCH: usize = 16 << 20;

/// What a flush is asked for.
enum Ask {
    /// There is more.
    More,
    /// It is whole.
    Whole,
}

/// Says how far a file has come.
pub(super) struct Flusher {
    asks: SyncSender<Ask>,
    since: usize,
}

/// Does what is asked for, on a thread of its own.
pub(super) struct Flushes(Receiver<Ask>);

pub(super) fn flusher() -> (Flusher, Flushes) {
    let (asks, flushes) = sync_channel(1);
    (Flusher { asks, since: 0 }, Flushes(flushes))
}

impl Flusher {
    /// So many bytes were written.
    pub(super) fn written(&mut self, bytes: usize) {
        self.since += bytes;
        if self.since >= STRETCH {
            self.since = 0;
            // While one is under way and one is asked for, that one will do.
            drop(self.asks.try_send(Ask::More));
        }
    }

    /// The file is whole.
    pub(super) fn finish(self) {
        // Nobody there: an error ended it, which the other end tells.
        drop(self.asks.send(Ask::Whole));
    }
}

impl Flushes {
    /// Flushes until the file is whole and on the disk, or nobody writes any more. An error of the
    /// disk is told once by the system, perhaps long before the end: so it ends this.
    pub(super) fn run(self, file: &File) -> io::Result<()> {
        for ask in self.0 {
            match ask {
                Ask::More => file.sync_data()?,
                Ask::Whole => return file.sync_all(),
            }
        }
        Ok(())
    }
}
