//! What a process prints, cut into lines while it runs.
//!
//! Lines are bytes made text (what is no UTF-8 becomes U+FFFD). A line longer than
//! [`LINE_BYTES_MAX`] comes in pieces, so that a program that never ends its line costs
//! no memory.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Longest piece of a line.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Lines kept for errors.
const TAIL_LINES: usize = 20;
/// How often a cancel is looked for.
const TICK: Duration = Duration::from_millis(50);

/// One pipe and the line begun on it.
struct Reader {
    stream: Stream,
    pipe: Option<OwnedFd>,
    line: Vec<u8>,
}

/// Both outputs of a process.
pub(crate) struct Output<'a> {
    readers: [Reader; 2],
    tail: VecDeque<String>,
    on_line: &'a mut dyn FnMut(Stream, &str),
}

/// Why the pump stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Exited,
    TimedOut,
    Cancelled,
}

impl<'a> Output<'a> {
    /// Takes the read ends of standard output and standard error.
    pub(crate) fn new(
        pipes: [OwnedFd; 2],
        on_line: &'a mut dyn FnMut(Stream, &str),
    ) -> io::Result<Self> {
        for pipe in &pipes {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        let [stdout, stderr] = pipes;
        let reader = |stream, pipe| Reader {
            stream,
            pipe: Some(pipe),
            line: Vec::new(),
        };
        Ok(Self {
            readers: [
                reader(Stream::Stdout, stdout),
                reader(Stream::Stderr, stderr),
            ],
            tail: VecDeque::new(),
            on_line,
        })
    }

    /// Reads what is there; never waits.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        for reader in &mut self.readers {
            while let Some(pipe) = &reader.pipe {
                match rustix::io::read(pipe, &mut buffer) {
                    Ok(0) => reader.pipe = None,
                    Ok(length) => {
                        let mut say = |line: &[u8]| {
                            let text = String::from_utf8_lossy(line);
                            (self.on_line)(reader.stream, &text);
                            keep(&mut self.tail, text.into_owned());
                        };
                        split(&mut reader.line, &buffer[..length], &mut say);
                        if length < buffer.len() {
                            break;
                        }
                    }
                    Err(Errno::AGAIN) => break,
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Ends lines that were begun; gives the last lines.
    pub(crate) fn finish(mut self) -> Vec<String> {
        for reader in &mut self.readers {
            if !reader.line.is_empty() {
                let text = String::from_utf8_lossy(&reader.line);
                (self.on_line)(reader.stream, &text);
                keep(&mut self.tail, text.into_owned());
            }
        }
        self.tail.into()
    }
}

fn keep(tail: &mut VecDeque<String>, line: String) {
    if tail.len() == TAIL_LINES {
        tail.pop_front();
    }
    tail.push_back(line);
}

/// Adds `bytes` to the line begun and says every line that is whole.
fn split(line: &mut Vec<u8>, mut bytes: &[u8], say: &mut dyn FnMut(&[u8])) {
    while !bytes.is_empty() {
        let room = LINE_BYTES_MAX - line.len();
        let end = memchr_newline(&bytes[..bytes.len().min(room)]);
        let taken = end.unwrap_or(bytes.len().min(room));
        line.extend_from_slice(&bytes[..taken]);
        bytes = &bytes[taken + usize::from(end.is_some())..];
        if end.is_some() {
            say(line.strip_suffix(b"\r").unwrap_or(line));
            line.clear();
        } else if line.len() == LINE_BYTES_MAX {
            // A character cut in two would become two replacement characters.
            let whole = LINE_BYTES_MAX - cut_character(line);
            say(&line[..whole]);
            line.drain(..whole);
        }
    }
}

fn memchr_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

/// Bytes at the end that begin a UTF-8 character which is not complete.
fn cut_character(bytes: &[u8]) -> usize {
    match std::str::from_utf8(&bytes[bytes.len().saturating_sub(4)..]) {
        Err(error) if error.error_len().is_none() => 4 - error.valid_up_to(),
        _ => (1..=3)
            .find(|back| {
                let lead = bytes[bytes.len() - back];
                lead >= 0xC0 && lead.leading_ones() as usize > *back
            })
            .unwrap_or(0),
    }
}

/// Passes output on until the process behind `pidfd` has ended, the deadline (on the
/// clock of `cx`) is past or somebody cancels.
pub(crate) fn pump(
    cx: &Cx,
    output: &mut Output<'_>,
    pidfd: BorrowedFd<'_>,
    deadline: Option<Duration>,
) -> io::Result<Ended> {
    loop {
        let now = cx.clock().monotonic();
        if cx.cancel.is_cancelled() {
            return Ok(Ended::Cancelled);
        }
        let left = deadline.map_or(TICK, |deadline| deadline.saturating_sub(now));
        if left.is_zero() {
            return Ok(Ended::TimedOut);
        }
        let exited = {
            let mut fds = vec![PollFd::from_borrowed_fd(pidfd, PollFlags::IN)];
            for pipe in output
                .readers
                .iter()
                .filter_map(|reader| reader.pipe.as_ref())
            {
                fds.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
            }
            let wait = Timespec::try_from(left.min(TICK)).expect("a tick fits a timespec");
            match poll(&mut fds, Some(&wait)) {
                Ok(_) => !fds[0].revents().is_empty(),
                Err(Errno::INTR) => false,
                Err(error) => return Err(error.into()),
            }
        };
        output.drain()?;
        if exited {
            return Ok(Ended::Exited);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
        let mut line = Vec::new();
        let mut said = Vec::new();
        for piece in pieces {
            split(&mut line, piece, &mut |text| {
                said.push(String::from_utf8_lossy(text).into_owned());
            });
        }
        (said, line)
    }

    #[test]
    fn cuts_lines() {
        let (said, rest) = lines(&[b"one\ntw", b"o\r\n\nthr", b"ee"]);
        assert_eq!(said, ["one", "two", ""]);
        assert_eq!(rest, b"three");
        assert_eq!(lines(&[b"\xff\xfe\n"]).0, ["\u{fffd}\u{fffd}"]);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let long = "ä".repeat(LINE_BYTES_MAX);
        let shifted = format!("x{long}\n");
        let (said, rest) = lines(&[shifted.as_bytes()]);
        assert!(said.iter().all(|piece| piece.len() <= LINE_BYTES_MAX));
        assert_eq!(said.concat(), shifted.trim_end());
        assert!(rest.is_empty());
    }
}
