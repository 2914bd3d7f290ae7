//! A guest as the machine that documents run on: everything is a bash script, whose text
//! holds no more than quoted paths and names; contents go through standard input.

mod script;

use std::io::{self, Read as _};
use std::sync::Mutex;
use std::time::Duration;

use goldsmith_component::machine::{
    Attributes, Depth, Entry, Exit, Machine, MachineError, NodeKind, Program, READ_BYTES_MAX,
    Script, Status,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_exec::child::shell_word;
use goldsmith_exec::vm::guest::{Finished, Script as Text};
use goldsmith_exec::vm::{Vm, VmError};

use script::{MISSING, NO_PROGRAM, NO_USER, program, set};

/// What a script may take that was given no limit: no test is meant to take as long.
const NO_LIMIT: Duration = Duration::from_hours(1);
/// What a file operation may take; one of them copies whole directories.
const FILE_LIMIT: Duration = Duration::from_mins(10);
/// Bytes that go over the channel at once.
const PIECE: u64 = 4 << 20;
/// A line that grows past this is cut in two.
const LINE_MAX: usize = 16 << 10;
/// Lines kept of a program's output.
const TAIL_LINES: usize = 20;

/// Something that runs bash scripts as root.
pub(super) trait Shell: Send {
    /// Runs one, whatever its exit code; `output` gets pieces of any size.
    fn shell(
        &mut self,
        cx: &Cx,
        script: Text<'_>,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Finished, VmError>;
}

impl Shell for Vm {
    fn shell(
        &mut self,
        cx: &Cx,
        script: Text<'_>,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Finished, VmError> {
        self.run(cx, script, output)
    }
}

/// A machine that is reached by a shell.
pub(super) struct Guest<'s, S>(Mutex<&'s mut S>);

impl<'s, S: Shell> Guest<'s, S> {
    pub(super) fn new(shell: &'s mut S) -> Self {
        Self(Mutex::new(shell))
    }

    fn shell(
        &self,
        cx: &Cx,
        script: Text<'_>,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Finished, MachineError> {
        let mut shell = self.0.lock().expect("no panic while held");
        shell
            .shell(cx, script, output)
            .map_err(|error| match error {
                VmError::Cancelled(cancelled) => MachineError::Cancelled(cancelled),
                error => MachineError::machine(error),
            })
    }

    /// A script of ours on a file; gives what it printed.
    fn file(
        &self,
        cx: &Cx,
        operation: &'static str,
        path: &str,
        text: &str,
        input: &[u8],
    ) -> Result<Vec<u8>, MachineError> {
        let failed = |source| MachineError::File {
            operation,
            path: path.to_owned(),
            source,
        };
        if !path.starts_with('/') || path.contains('\0') {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        }
        let (mut out, mut complaint) = (Vec::new(), Vec::new());
        let script = Text {
            text,
            input,
            limit: FILE_LIMIT,
        };
        let most = usize::try_from(READ_BYTES_MAX).unwrap_or(usize::MAX);
        let finished = self.shell(cx, script, &mut |stream, bytes| match stream {
            Stream::Stdout if out.len() <= most => out.extend_from_slice(bytes),
            Stream::Stderr if complaint.len() < LINE_MAX => complaint.extend_from_slice(bytes),
            _ => {}
        })?;
        if finished.code == 0 {
            if out.len() as u64 > READ_BYTES_MAX {
                return Err(failed(io::Error::other("it is larger than 64 MiB")));
            }
            return Ok(out);
        }
        let complaint = String::from_utf8_lossy(&complaint);
        let complaint = complaint.lines().next().unwrap_or_default();
        Err(failed(if finished.is_late {
            io::ErrorKind::TimedOut.into()
        } else if complaint.ends_with("No such file or directory") {
            io::ErrorKind::NotFound.into()
        } else {
            io::Error::other(complaint.to_owned())
        }))
    }
}

impl<S: Shell> Machine for Guest<'_, S> {
    fn run(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        let mut lines = Lines::default();
        let text = program(script);
        let request = Text {
            text: &text,
            input: match &script.program {
                Program::Bash(text) => text.as_bytes(),
                Program::Argv(_) => b"",
            },
            limit: script.timeout.unwrap_or(NO_LIMIT),
        };
        let finished = self.shell(cx, request, &mut |stream, bytes| {
            lines.push(stream, bytes, on_line);
        })?;
        let tail = lines.finish(on_line);
        if finished.is_late {
            return Err(MachineError::TimedOut(request.limit));
        }
        if finished.code == MISSING && tail.last().is_some_and(|line| line == NO_USER) {
            return Err(MachineError::NoAccount {
                kind: "user",
                name: script.user.clone().unwrap_or_default(),
            });
        }
        if let (MISSING, Program::Argv(argv)) = (finished.code, &script.program)
            && tail.last().is_some_and(|line| line == NO_PROGRAM)
        {
            return Err(MachineError::Start {
                program: argv.first().cloned().unwrap_or_default(),
                source: io::ErrorKind::NotFound.into(),
            });
        }
        Ok(Exit {
            status: match finished.code {
                // As bash tells of a signal.
                code @ 129..=192 => Status::Signal(code - 128),
                code => Status::Code(code),
            },
            duration: finished.time,
            cpu: Duration::ZERO,
            max_rss_bytes: None,
            tail,
            left_behind: Vec::new(),
        })
    }

    fn stat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        let text = format!("{}\nkind {}; echo $kind", script::KIND, shell_word(path));
        let found = self.file(cx, "look at", path, &text, b"")?;
        Ok(found.first().and_then(|letter| kind(*letter)))
    }

    fn lstat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        let text = format!("{}\nlkind {}; echo $kind", script::KIND, shell_word(path));
        let found = self.file(cx, "look at", path, &text, b"")?;
        Ok(found.first().and_then(|letter| kind(*letter)))
    }

    fn read(&self, cx: &Cx, path: &str) -> Result<Vec<u8>, MachineError> {
        let text = format!(
            "p={}\n[ ! -e \"$p\" ] || [ -f \"$p\" ] || {{ echo 'it is no regular file' >&2; exit 1; }}\n\
             head -c {} -- \"$p\"",
            shell_word(path),
            READ_BYTES_MAX + 1
        );
        self.file(cx, "read", path, &text, b"")
    }

    fn write(
        &self,
        cx: &Cx,
        path: &str,
        bytes: &[u8],
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        let text = format!(
            "p={}; umask 022; cat >\"$p\" || exit 1\n{}",
            shell_word(path),
            set(attributes, "")
        );
        self.file(cx, "write", path, &text, bytes).map(drop)
    }

    fn put(
        &self,
        cx: &Cx,
        path: &str,
        source: &mut dyn io::Read,
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        let failed = |source| MachineError::File {
            operation: "write",
            path: path.to_owned(),
            source,
        };
        let mut redirect = ">";
        loop {
            let mut piece = Vec::new();
            io::Read::take(&mut *source, PIECE)
                .read_to_end(&mut piece)
                .map_err(failed)?;
            if piece.is_empty() && redirect == ">>" {
                break;
            }
            let text = format!("umask 022; cat {redirect}{}", shell_word(path));
            self.file(cx, "write", path, &text, &piece)?;
            redirect = ">>";
        }
        let text = format!("p={}\n{}", shell_word(path), set(attributes, ""));
        self.file(cx, "write", path, &text, b"").map(drop)
    }

    fn get(&self, cx: &Cx, path: &str, sink: &mut dyn io::Write) -> Result<(), MachineError> {
        let failed = |source| MachineError::File {
            operation: "read",
            path: path.to_owned(),
            source,
        };
        let mut at = 0;
        loop {
            let text = format!(
                "p={}; [ -f \"$p\" ] || {{ echo 'it is no regular file' >&2; exit 1; }}\n\
                 tail -c +{} -- \"$p\" | head -c {PIECE}",
                shell_word(path),
                at + 1
            );
            let piece = self.file(cx, "read", path, &text, b"")?;
            sink.write_all(&piece).map_err(failed)?;
            at += piece.len() as u64;
            if (piece.len() as u64) < PIECE {
                return Ok(());
            }
        }
    }

    fn make_dir(&self, cx: &Cx, path: &str, attributes: &Attributes) -> Result<(), MachineError> {
        let text = format!(
            "p={}; umask 022; [ -d \"$p\" ] || mkdir -- \"$p\" || exit 1\n{}",
            shell_word(path),
            set(attributes, "")
        );
        self.file(cx, "make the directory", path, &text, b"")
            .map(drop)
    }

    fn copy(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let text = format!(
            "f={} t={}; [ \"$f\" -ef \"$t\" ] && exit 0\n\
             [ ! -e \"$f\" ] || [ -f \"$f\" ] || {{ echo 'it is no regular file' >&2; exit 1; }}\n\
             cp --preserve=mode -- \"$f\" \"$t\"",
            shell_word(from),
            shell_word(to)
        );
        self.file(cx, "copy", from, &text, b"").map(drop)
    }

    fn set(
        &self,
        cx: &Cx,
        path: &str,
        attributes: &Attributes,
        depth: Depth,
    ) -> Result<(), MachineError> {
        let text = match depth {
            Depth::One => format!("p={}\n{}", shell_word(path), set(attributes, "")),
            // From inside, so that a link that leads there is none any more. Links that are
            // met are changed themselves.
            Depth::All => format!(
                "cd -P -- {} || exit 1; p=.\n{}",
                shell_word(path),
                set(attributes, "-R ")
            ),
        };
        self.file(cx, "change", path, &text, b"").map(drop)
    }

    fn link(&self, cx: &Cx, target: &str, path: &str) -> Result<(), MachineError> {
        let text = format!("ln -s -T -- {} {}", shell_word(target), shell_word(path));
        self.file(cx, "make the link", path, &text, b"").map(drop)
    }

    fn copy_dir(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let text = format!(
            "{}\ncp -R -P --preserve=mode,ownership -T -- \"$f/.\" \"$t\"",
            script::make_room(from, to)
        );
        self.file(cx, "copy", from, &text, b"").map(drop)
    }

    fn rename(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let text = format!(
            "f={} t={}; [ \"$f\" != \"$t\" ] || exit 0\n\
             if [ -d \"$f\" ] && [ ! -L \"$f\" ]; then\n{}\nfi\n\
             mv -f -T -- \"$f\" \"$t\"",
            shell_word(from),
            shell_word(to),
            script::make_room(from, to)
        );
        self.file(cx, "move", from, &text, b"").map(drop)
    }

    fn list(&self, cx: &Cx, path: &str, depth: Depth) -> Result<Vec<Entry>, MachineError> {
        let pattern = match depth {
            Depth::One => "*",
            // Without following links.
            Depth::All => "**",
        };
        let text = format!(
            "{}\nshopt -s nullglob dotglob globstar; cd -- {} || exit 1\n\
             for f in {pattern}; do lkind \"$f\"; printf '%s%s\\0' \"$kind\" \"$f\"; done",
            script::KIND,
            shell_word(path)
        );
        let out = self.file(cx, "list", path, &text, b"")?;
        let entries = out.split(|b| *b == 0).filter_map(|entry| {
            let (letter, path) = entry.split_first()?;
            Some(Entry {
                path: String::from_utf8_lossy(path).into_owned(),
                kind: kind(*letter)?,
            })
        });
        let mut entries: Vec<Entry> = entries.collect();
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn remove(&self, cx: &Cx, path: &str) -> Result<(), MachineError> {
        let text = format!("rm -- {}", shell_word(path));
        self.file(cx, "delete", path, &text, b"").map(drop)
    }

    fn remove_dir(&self, cx: &Cx, path: &str, depth: Depth) -> Result<(), MachineError> {
        let path = path.trim_end_matches('/');
        let text = match depth {
            Depth::One => format!("rmdir -- {}", shell_word(path)),
            // `rmdir` has the words for what is no directory.
            Depth::All => format!(
                "p={}; [ -d \"$p\" ] && [ ! -L \"$p\" ] || exec rmdir -- \"$p\"\nrm -rf -- \"$p\"",
                shell_word(path)
            ),
        };
        self.file(cx, "delete", path, &text, b"").map(drop)
    }
}

/// What a letter of the scripts stands for.
fn kind(letter: u8) -> Option<NodeKind> {
    match letter {
        b'f' => Some(NodeKind::File),
        b'd' => Some(NodeKind::Directory),
        b'l' => Some(NodeKind::Link),
        b'o' => Some(NodeKind::Other),
        _ => None,
    }
}

/// Cuts both outputs into lines and keeps the last ones.
#[derive(Default)]
struct Lines {
    partial: [Vec<u8>; 2],
    tail: std::collections::VecDeque<String>,
}

impl Lines {
    fn push(&mut self, stream: Stream, bytes: &[u8], on_line: &mut dyn FnMut(Stream, &str)) {
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            let partial = &mut self.partial[usize::from(stream == Stream::Stderr)];
            partial.extend_from_slice(part);
            if partial.ends_with(b"\n") || partial.len() >= LINE_MAX {
                self.line(stream, on_line);
            }
        }
    }

    fn line(&mut self, stream: Stream, on_line: &mut dyn FnMut(Stream, &str)) {
        let bytes = std::mem::take(&mut self.partial[usize::from(stream == Stream::Stderr)]);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        on_line(stream, text);
        self.tail.push_back(text.to_owned());
        if self.tail.len() > TAIL_LINES {
            self.tail.pop_front();
        }
    }

    fn finish(mut self, on_line: &mut dyn FnMut(Stream, &str)) -> Vec<String> {
        for (index, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            if !self.partial[index].is_empty() {
                self.line(stream, on_line);
            }
        }
        self.tail.into()
    }
}

#[cfg(test)]
mod tests;
