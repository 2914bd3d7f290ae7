//! The journal of a run: what was said, in a file that outlives connections and reboots.
//!
//! Written by one process at a time, read by any. A line that was cut short, by a machine that
//! lost its power, is taken away by whoever writes next.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;

use crate::format::{Line, Said};

/// Where lines are added.
pub(crate) struct Journal {
    end: Mutex<(File, u64)>,
}

impl Journal {
    /// Opens it, or makes it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::Start(whole as u64))?;
        let lines = bytes[..whole].iter().filter(|b| **b == b'\n').count();
        Ok(Self {
            end: Mutex::new((file, lines as u64)),
        })
    }

    /// Adds a line. What ends a process is on the disk when this returns.
    pub(crate) fn say(&self, said: Said) -> io::Result<()> {
        let mut end = self.end.lock().expect("no panic while held");
        let (file, lines) = &mut *end;
        let is_last = said.is_last();
        let line = Line {
            n: *lines + 1,
            said,
        };
        let mut text = serde_json::to_string(&line).expect("texts and numbers");
        text.push('\n');
        file.write_all(text.as_bytes())?;
        *lines += 1;
        if is_last {
            file.sync_all()?;
        }
        Ok(())
    }
}

/// Reads a journal that grows.
#[derive(Debug)]
pub(crate) struct Reader {
    file: File,
    /// Of a line that is not whole yet.
    begun: Vec<u8>,
    lines: u64,
}

impl Reader {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            begun: Vec::new(),
            lines: 0,
        })
    }

    /// The lines that have come since: number and text.
    pub(crate) fn more(&mut self) -> io::Result<Vec<(u64, String)>> {
        self.file.read_to_end(&mut self.begun)?;
        let Some(end) = self.begun.iter().rposition(|b| *b == b'\n') else {
            return Ok(Vec::new());
        };
        let rest = self.begun.split_off(end + 1);
        let whole = std::mem::replace(&mut self.begun, rest);
        let texts = String::from_utf8_lossy(&whole);
        let lines = texts.lines().map(|text| {
            self.lines += 1;
            (self.lines, text.to_owned())
        });
        Ok(lines.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let note = |text: &str| Said::Note {
            text: text.to_owned(),
        };
        let journal = Journal::open(&path).unwrap();
        journal.say(note("one")).unwrap();
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(reader.more().unwrap().len(), 1);
        journal.say(note("two")).unwrap();
        let more = reader.more().unwrap();
        assert_eq!(more[0].0, 2);
        assert!(more[0].1.contains("two"));
        assert!(reader.more().unwrap().is_empty());
        // A line that was cut short.
        drop(journal);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"n\":3,\"is\":").unwrap();
        assert!(reader.more().unwrap().is_empty());
        let journal = Journal::open(&path).unwrap();
        journal.say(note("three")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let numbers: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<Line>(line).unwrap().n)
            .collect();
        assert_eq!(numbers, [1, 2, 3]);
    }
}
