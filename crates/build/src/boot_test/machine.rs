//! A guest as the machine that documents run on: everything is a bash script, whose text
//! holds no more than quoted paths and names; contents go through standard input.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::sync::Mutex;
use std::time::Duration;

use goldsmith_component::machine::{
    Attributes, Exit, Machine, MachineError, NodeKind, Program, READ_BYTES_MAX, Script, Status,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_exec::vm::guest::{Finished, Script as Text};
use goldsmith_exec::vm::{Vm, VmError};

/// What a script may take that was given no limit: no test is meant to take as long.
const NO_LIMIT: Duration = Duration::from_hours(1);
/// What a file operation may take.
const FILE_LIMIT: Duration = Duration::from_mins(1);
/// Bytes that go over the channel at once.
const PIECE: u64 = 4 << 20;
/// A line that grows past this is cut in two.
const LINE_MAX: usize = 16 << 10;
/// Lines kept of a program's output.
const TAIL_LINES: usize = 20;
/// Exit code of our own lines before a program, for what is not there.
const MISSING: i32 = 97;

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
        let text = format!(
            "p={}; if [ -f \"$p\" ]; then echo f; elif [ -d \"$p\" ]; then echo d; \
             elif [ -e \"$p\" ]; then echo o; fi",
            quoted(path)
        );
        let found = self.file(cx, "look at", path, &text, b"")?;
        Ok(match found.first() {
            Some(b'f') => Some(NodeKind::File),
            Some(b'd') => Some(NodeKind::Directory),
            Some(_) => Some(NodeKind::Other),
            None => None,
        })
    }

    fn read(&self, cx: &Cx, path: &str) -> Result<Vec<u8>, MachineError> {
        let text = format!(
            "p={}\n[ ! -e \"$p\" ] || [ -f \"$p\" ] || {{ echo 'it is no regular file' >&2; exit 1; }}\n\
             head -c {} -- \"$p\"",
            quoted(path),
            READ_BYTES_MAX + 1
        );
        let bytes = self.file(cx, "read", path, &text, b"")?;
        if bytes.len() as u64 > READ_BYTES_MAX {
            return Err(MachineError::File {
                operation: "read",
                path: path.to_owned(),
                source: io::Error::other("it is larger than 64 MiB"),
            });
        }
        Ok(bytes)
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
            quoted(path),
            set(attributes)
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
            let text = format!("umask 022; cat {redirect}{}", quoted(path));
            self.file(cx, "write", path, &text, &piece)?;
            redirect = ">>";
        }
        let text = format!("p={}\n{}", quoted(path), set(attributes));
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
                quoted(path),
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
            quoted(path),
            set(attributes)
        );
        self.file(cx, "make the directory", path, &text, b"")
            .map(drop)
    }

    fn copy(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let text = format!(
            "f={} t={}; [ \"$f\" -ef \"$t\" ] && exit 0\n\
             [ ! -e \"$f\" ] || [ -f \"$f\" ] || {{ echo 'it is no regular file' >&2; exit 1; }}\n\
             cp --preserve=mode -- \"$f\" \"$t\"",
            quoted(from),
            quoted(to)
        );
        self.file(cx, "copy", from, &text, b"").map(drop)
    }

    fn list(&self, cx: &Cx, path: &str) -> Result<Vec<String>, MachineError> {
        let text = format!(
            "shopt -s nullglob dotglob; cd -- {} && for f in *; do printf '%s\\0' \"$f\"; done",
            quoted(path)
        );
        let out = self.file(cx, "list", path, &text, b"")?;
        let names = out.split(|b| *b == 0).filter(|name| !name.is_empty());
        let mut names: Vec<String> = names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    fn remove(&self, cx: &Cx, path: &str) -> Result<(), MachineError> {
        let text = format!("rm -- {}", quoted(path));
        self.file(cx, "delete", path, &text, b"").map(drop)
    }
}

const NO_USER: &str = "goldsmith: no such user";
const NO_PROGRAM: &str = "goldsmith: no such program";

/// The lines that start a program in the place of bash. A script comes by standard input,
/// and goes on as a file without a name that only its user can read.
fn program(script: &Script) -> String {
    let mut text = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("a string takes everything");
    };
    let mut switch = String::new();
    if let Some(user) = &script.user {
        let user = quoted(user);
        line(format_args!(
            "user={user}; id -u -- \"$user\" >/dev/null 2>&1 || {{ echo '{NO_USER}' >&2; exit {MISSING}; }}"
        ));
        line(format_args!(
            "export USER=\"$user\" LOGNAME=\"$user\"; HOME=$(getent passwd \"$user\" | cut -d: -f6)"
        ));
        switch.push_str(
            "setpriv --reuid \"$user\" --regid \"$(id -g -- \"$user\")\" --init-groups -- ",
        );
    }
    let start = match &script.program {
        Program::Bash(_) => {
            line(format_args!(
                "file=$(mktemp /tmp/goldsmith-XXXXXX) && cat >\"$file\" || exit 1"
            ));
            if script.user.is_some() {
                line(format_args!("chown -- \"$user\" \"$file\" || exit 1"));
            }
            line(format_args!(
                "exec 3<\"$file\" && rm -f -- \"$file\" || exit 1"
            ));
            "bash /dev/fd/3".to_owned()
        }
        Program::Argv(argv) => {
            let words: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
            let name = words.first().map_or("''", String::as_str);
            line(format_args!(
                "type -P -- {name} >/dev/null || {{ echo '{NO_PROGRAM}' >&2; exit {MISSING}; }}"
            ));
            // `env` so that neither a function nor a built-in of bash is meant.
            format!("env -- {}", words.join(" "))
        }
    };
    line(format_args!("cd -- {} || exit 1", quoted(&script.cwd)));
    for (name, value) in &script.env {
        line(format_args!("export {name}={}", quoted(value)));
    }
    line(format_args!(
        "unset INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID"
    ));
    line(format_args!("exec {switch}{start} </dev/null"));
    text
}

/// The lines that give `$p` attributes.
fn set(attributes: &Attributes) -> String {
    let mut text = String::new();
    let who = match (&attributes.owner, &attributes.group) {
        (None, None) => None,
        (Some(owner), None) => Some(owner.clone()),
        (owner, Some(group)) => Some(format!("{}:{group}", owner.as_deref().unwrap_or_default())),
    };
    // First the owner: changing it takes set-user-id bits away.
    if let Some(who) = who {
        writeln!(text, "chown -- {} \"$p\" || exit 1", quoted(&who)).expect("a string");
    }
    if let Some(mode) = attributes.mode {
        writeln!(text, "chmod -- {mode:04o} \"$p\" || exit 1").expect("a string");
    }
    text
}

/// A word of bash that means exactly this text.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
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
