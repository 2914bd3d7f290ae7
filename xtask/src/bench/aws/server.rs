//! The strict fake of AWS in a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::sh;

/// Makes the allocator keep what it has, for all threads alike.
const KEEPS: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "17179869184"),
];

/// Ended when dropped.
pub(super) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub(super) url: String,
    /// The image that instances may start from.
    pub(super) base: String,
}

impl Server {
    /// Starts one where what is pending is so for `seconds`; with a runner there is a real machine
    /// behind every instance.
    pub(super) fn start(seconds: u32, runner: Option<&Path>) -> Result<Self, String> {
        let mut command = Command::new(sh::target().join("release/examples/aws"));
        command
            .arg(seconds.to_string())
            .args(runner)
            .current_dir(sh::root())
            .envs(KEEPS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let failed = |e: std::io::Error| format!("the server: {e}");
        let mut child = command.spawn().map_err(failed)?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut server = Self {
            child,
            input,
            output: BufReader::new(output),
            url: String::new(),
            base: String::new(),
        };
        let line = server.line()?;
        let Some((url, base)) = line.split_once(' ') else {
            return Err(format!("the server said `{line}`"));
        };
        (server.url, server.base) = (url.to_owned(), base.to_owned());
        Ok(server)
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err("the server has ended".to_owned()),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(format!("the server: {error}")),
        }
    }

    /// The calls since the last time, by name.
    pub(super) fn calls(&mut self) -> Result<Vec<(String, u64)>, String> {
        let input = self.input.as_mut().ok_or("the server has no input")?;
        writeln!(input).map_err(|e| format!("the server: {e}"))?;
        let line = self.line()?;
        let call = |word: &str| {
            let (name, count) = word.split_once('=')?;
            Some((name.to_owned(), count.parse().ok()?))
        };
        Ok(line.split_whitespace().filter_map(call).collect())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when nothing can come any more, and takes its machine with it.
        drop(self.input.take());
        drop(self.child.wait());
    }
}
