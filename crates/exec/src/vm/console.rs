//! The serial console: written to a log file line by line with secrets taken out, its
//! end kept in memory for reports, and watched for texts that mean the boot is over.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use goldsmith_core::secret::Redactor;

use super::inbox::Signal;

/// Lines kept in memory.
const KEPT: usize = 400;
/// A line without an end that nothing follows for this long is a prompt.
const PROMPT: Duration = Duration::from_millis(200);
/// A line that grows past this is cut in two.
const LINE_MAX: usize = 16 << 10;

/// What the console showed so far.
#[derive(Debug, Clone)]
pub struct Console {
    log: PathBuf,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Debug, Default)]
struct Shown {
    lines: VecDeque<String>,
    partial: Vec<u8>,
}

impl Console {
    /// The file with everything the console showed.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last `count` lines that are not empty (at most 400), without escape sequences.
    pub fn last_lines(&self, count: usize, redactor: &Redactor) -> Vec<String> {
        let shown = self.shown.lock().expect("no panic while held");
        let partial = plain(&shown.partial);
        let mut lines: Vec<String> = shown
            .lines
            .iter()
            .chain(Some(&partial))
            .filter(|line| !line.trim().is_empty())
            .map(|line| redactor.redact(line))
            .collect();
        lines.drain(..lines.len().saturating_sub(count));
        lines
    }
}

/// The thread that takes the console down. It ends with QEMU, and is waited for when
/// dropped: the log is whole then.
#[derive(Debug)]
pub(super) struct Taking(Option<JoinHandle<()>>);

impl Drop for Taking {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.join().ok();
        }
    }
}

/// Starts to take the console down. The first line, or prompt, that contains one of `alarms`
/// raises one [`Signal::Alarm`] with it.
pub(super) fn start(
    stream: UnixStream,
    log: &Path,
    redactor: Redactor,
    alarms: Vec<String>,
    sender: SyncSender<Signal>,
) -> io::Result<(Console, Taking)> {
    let file = File::create(log)?;
    let console = Console {
        log: log.to_path_buf(),
        shown: Arc::default(),
    };
    let shown = Arc::clone(&console.shown);
    let mut writer = Writer {
        redactor,
        alarms,
        sender: Some(sender),
    };
    let thread = std::thread::Builder::new()
        .name("vm console".to_owned())
        .spawn(move || take_down(stream, file, &shown, &mut writer))?;
    Ok((console, Taking(Some(thread))))
}

/// The log is for people: that it cannot be written must not stop the machine.
fn take_down(mut stream: UnixStream, mut log: File, shown: &Mutex<Shown>, writer: &mut Writer) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                let text = writer.take(shown, &buffer[..length]);
                log.write_all(text.as_bytes()).ok();
                // A line without an end may be a prompt, or come in pieces.
                let is_partial = !shown
                    .lock()
                    .expect("no panic while held")
                    .partial
                    .is_empty();
                stream.set_read_timeout(is_partial.then_some(PROMPT)).ok();
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                writer.prompt(shown);
                stream.set_read_timeout(None).ok();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let rest = shown.lock().expect("no panic while held").partial.clone();
    let text = writer.redactor.redact(&String::from_utf8_lossy(&rest));
    log.write_all(text.as_bytes()).ok();
}

struct Writer {
    redactor: Redactor,
    alarms: Vec<String>,
    sender: Option<SyncSender<Signal>>,
}

impl Writer {
    /// Takes bytes; gives the finished lines for the log.
    fn take(&mut self, shown: &Mutex<Shown>, bytes: &[u8]) -> String {
        let mut log = String::new();
        let mut alarm = None;
        let mut shown = shown.lock().expect("no panic while held");
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            shown.partial.extend_from_slice(part);
            if !shown.partial.ends_with(b"\n") && shown.partial.len() < LINE_MAX {
                continue;
            }
            let line = std::mem::take(&mut shown.partial);
            log.push_str(&self.redactor.redact(&String::from_utf8_lossy(&line)));
            let line = plain(&line);
            alarm = alarm.or_else(|| self.alarm(&line));
            shown.lines.push_back(line);
            if shown.lines.len() > KEPT {
                shown.lines.pop_front();
            }
        }
        drop(shown);
        self.raise(alarm);
        log
    }

    /// Nothing came after a line without an end: it is a prompt.
    fn prompt(&mut self, shown: &Mutex<Shown>) {
        let prompt = plain(&shown.lock().expect("no panic while held").partial);
        let alarm = self.alarm(&prompt);
        self.raise(alarm);
    }

    fn raise(&mut self, alarm: Option<String>) {
        if let Some(text) = alarm
            && let Some(sender) = self.sender.take()
        {
            sender.send(Signal::Alarm(text)).ok();
        }
    }

    fn alarm(&self, line: &str) -> Option<String> {
        let raised = self.sender.is_some() && self.alarms.iter().any(|text| line.contains(text));
        raised.then(|| self.redactor.redact(line.trim()))
    }
}

/// The text of a line without what moves a terminal's cursor or colours.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => match chars.next() {
                // CSI: parameters, then one letter.
                Some('[') => {
                    chars.by_ref().find(|c| ('@'..='~').contains(c));
                }
                // OSC: until BEL or ST.
                Some(']') => {
                    while let Some(c) = chars.next() {
                        if c == '\x07' || (c == '\x1b' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                Some('(' | ')') => {
                    chars.next();
                }
                _ => {}
            },
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use goldsmith_core::secret::{MASK, Secret};

    use super::*;

    #[test]
    fn plain_text() {
        for (input, expected) in [
            ("\x1b[0;32m  OK  \x1b[0m] Started\r\n", "  OK  ] Started"),
            ("\x1b]0;title\x07shown", "shown"),
            ("\x1b]0;title\x1b\\shown", "shown"),
            ("\x1b[2J\x1b(Ba\tb", "a b"),
            ("\x1b[", ""),
        ] {
            assert_eq!(plain(input.as_bytes()), expected, "{input:?}");
        }
        assert_eq!(plain(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn log_and_alarm() {
        let redactor = Redactor::default();
        redactor.add(&Secret::new("hunter2hunter2".to_owned()));
        let (sender, receiver) = std::sync::mpsc::sync_channel(8);
        let mut writer = Writer {
            redactor: redactor.clone(),
            alarms: vec!["Kernel panic".to_owned(), "(initramfs)".to_owned()],
            sender: Some(sender),
        };
        let console = Console {
            log: PathBuf::new(),
            shown: Arc::default(),
        };
        let mut log = String::new();
        let mut take = |piece: &str| log += &writer.take(&console.shown, piece.as_bytes());
        take("one\ntoken hunter2");
        take("hunter2\n\nKernel ");
        take("panic: no root\n");
        take("(initramfs) ");
        writer.prompt(&console.shown);
        assert_eq!(log, format!("one\ntoken {MASK}\n\nKernel panic: no root\n"));
        assert_eq!(
            console.last_lines(2, &redactor),
            ["Kernel panic: no root", "(initramfs) "]
        );
        let alarms: Vec<_> = receiver.try_iter().collect();
        assert!(
            matches!(&alarms[..], [Signal::Alarm(text)] if text == "Kernel panic: no root"),
            "{alarms:?}"
        );
    }

    #[test]
    fn long_lines_are_cut() {
        let (sender, _receiver) = std::sync::mpsc::sync_channel(8);
        let mut writer = Writer {
            redactor: Redactor::default(),
            alarms: Vec::new(),
            sender: Some(sender),
        };
        let shown = Mutex::new(Shown::default());
        for _ in 0..1000 {
            writer.take(&shown, &[b'x'; 1000]);
        }
        let shown = shown.into_inner().unwrap();
        assert!(shown.partial.len() < LINE_MAX && shown.lines.len() > 10);
    }
}
