//! What is sent to a runner, and what it says. Written and read by this crate alone; both sides
//! are of one version, since the program is put on the machine for each run.
//!
//! ```text
//! the job, on standard input of `start`, kept as `job.json` until the end:
//! { "version": 1, "id": "3f2a...", "phases": ["build"],
//!   "documents": [ { "name": "nginx.yaml", "text": "...", "parameters": { "port": "80" } } ],
//!   "aside": { "./b.yaml": "..." },         documents that documents run by a relative path
//!   "env": {}, "context": {},               as in the services of a run
//!   "is_lenient": false,                    the same
//!   "secrets": ["..."] }                    masked in all that is said
//!
//! the journal, a JSON object a line, `n` counted up from 1:
//! {"n":1,"is":"begun","pid":812}
//! {"n":2,"is":"output","source":"nginx build/Install","stream":"stdout","text":"..."}
//! {"n":3,"is":"step","document":"nginx","report":{...}}
//! {"n":4,"is":"reboot","delay_ms":0}        the run goes on with the next `begun`
//! {"n":5,"is":"end","end":"done","report":{...}}     nothing comes after it
//!
//! a frame of `follow`: a line of the journal in pieces, `+` for more to come, `.` for the last:
//! 3 + {"n":3,"is":"step","document":"nginx","rep
//! 3 . ort":{...}}
//! ```
//!
//! While the machine is rebooted the state of the execution is in `state.json`, whose form is the
//! engine's. It and the job hold secrets: only their owner may read them.

pub mod seal;

use std::collections::BTreeMap;

use goldsmith_component::execution::ExecutionReport;
use goldsmith_component::run::StepReport;
use goldsmith_core::event::Stream;
use serde::{Deserialize, Serialize};

/// Version of the job and the journal.
pub const VERSION: u32 = 1;

/// Longest piece of a line in a frame, in bytes: well under what a reader of lines takes at once.
const PIECE_BYTES_MAX: usize = 16 << 10;

/// What a runner is to do. Holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub struct Job {
    /// [`VERSION`].
    pub version: u32,
    /// Names the execution, and its directory on the machine: letters, digits and `-`. No two
    /// executions have the same.
    pub id: String,
    /// Phases to run; empty: all.
    pub phases: Vec<String>,
    /// Run one after the other, until one fails.
    pub documents: Vec<JobDocument>,
    /// Texts of further documents, by the name under which documents run them.
    pub aside: BTreeMap<String, String>,
    /// See [`Services::env`](goldsmith_component::Services::env).
    pub env: BTreeMap<String, String>,
    /// See [`Services::context`](goldsmith_component::Services::context).
    pub context: BTreeMap<String, String>,
    /// See [`Services::is_lenient`](goldsmith_component::Services::is_lenient).
    pub is_lenient: bool,
    /// Values to mask.
    pub secrets: Vec<String>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A document to run.
#[derive(Clone, Serialize, Deserialize)]
pub struct JobDocument {
    /// Names it in messages.
    pub name: String,
    /// All of it.
    pub text: String,
    /// Values of its parameters.
    pub parameters: BTreeMap<String, String>,
}

impl std::fmt::Debug for JobDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobDocument")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number, from 1.
    pub n: u64,
    /// What it says.
    #[serde(flatten)]
    pub said: Said,
}

/// What a runner says. Secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Said {
    /// A process has taken up the work.
    Begun {
        /// Its number.
        pid: u32,
    },
    /// A line that a step's program printed.
    Output {
        /// Document, phase and step.
        source: String,
        /// Where it was printed.
        #[serde(with = "stream")]
        stream: Stream,
        /// The line without its end.
        text: String,
    },
    /// Something to know.
    Note {
        /// The text.
        text: String,
    },
    /// Something to look at.
    Warning {
        /// The text.
        text: String,
    },
    /// A step is over.
    Step {
        /// Name of the document it is of.
        document: String,
        /// What came of it.
        report: Box<StepReport>,
    },
    /// The machine has to be rebooted.
    Reboot {
        /// To wait before, in milliseconds.
        delay_ms: u64,
    },
    /// The machine is sealed.
    Sealed(Box<seal::Sealed>),
    /// Nothing comes after this.
    End {
        /// How it ended.
        end: End,
        /// Why, when it is not [`End::Done`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// What came of it, when there was an execution.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<Box<ExecutionReport>>,
    },
}

impl Said {
    /// Whether the process that says it ends with it.
    pub const fn is_last(&self) -> bool {
        matches!(self, Self::Reboot { .. } | Self::End { .. })
    }
}

/// How the work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Documents were run, until one failed or there were no more.
    Done,
    /// A document could not be run at all.
    Refused,
    /// It was asked to stop.
    Stopped,
}

mod stream {
    use super::{Deserialize, Stream};
    use serde::{Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    pub(super) fn serialize<S: Serializer>(stream: &Stream, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Stream, D::Error> {
        Ok(match String::deserialize(from)?.as_str() {
            "stderr" => Stream::Stderr,
            _ => Stream::Stdout,
        })
    }
}

/// The frames of a line of the journal, each with its line end.
pub(crate) fn frames(n: u64, line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    loop {
        let mut at = rest.len().min(PIECE_BYTES_MAX);
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let (piece, more) = rest.split_at(at);
        let sign = if more.is_empty() { '.' } else { '+' };
        text.push_str(&format!("{n} {sign} {piece}\n"));
        if more.is_empty() {
            return text;
        }
        rest = more;
    }
}

/// Puts frames together again.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    so_far: String,
}

impl Frames {
    /// Takes a frame; gives the line when it was the last of it. `Err` is no frame.
    pub(crate) fn push(&mut self, frame: &str) -> Result<Option<Line>, ()> {
        let mut parts = frame.splitn(3, ' ');
        let (n, sign, piece) = (parts.next(), parts.next(), parts.next());
        let (Some(n), Some(sign @ ("+" | ".")), Some(piece)) = (n, sign, piece) else {
            return Err(());
        };
        let n: u64 = n.parse().map_err(|_| ())?;
        self.so_far.push_str(piece);
        if sign == "+" {
            return Ok(None);
        }
        let text = std::mem::take(&mut self.so_far);
        let line: Line = serde_json::from_str(&text).map_err(|_| ())?;
        if line.n == n { Ok(Some(line)) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_length_go_in_frames() {
        for length in [0, 1, PIECE_BYTES_MAX, 3 * PIECE_BYTES_MAX + 7] {
            let line = Line {
                n: 7,
                said: Said::Output {
                    source: "web build/Say".to_owned(),
                    stream: Stream::Stderr,
                    text: "ä".repeat(length),
                },
            };
            let text = serde_json::to_string(&line).unwrap();
            let sent = frames(7, &text);
            assert!(sent.lines().all(|frame| frame.len() < PIECE_BYTES_MAX + 32));
            let mut frames = Frames::default();
            let got: Vec<Line> = sent
                .lines()
                .filter_map(|frame| frames.push(frame).unwrap())
                .collect();
            assert_eq!(got, [line]);
        }
        for noise in ["", "Welcome to Debian", "1 . {}", "x . {}", "1 ! {}"] {
            assert!(Frames::default().push(noise).is_err(), "{noise}");
        }
    }

    #[test]
    fn the_journal_reads_as_drawn() {
        for (text, said) in [
            (
                r#"{"n":1,"is":"begun","pid":812}"#,
                Said::Begun { pid: 812 },
            ),
            (
                r#"{"n":1,"is":"output","source":"a","stream":"stdout","text":"b"}"#,
                Said::Output {
                    source: "a".to_owned(),
                    stream: Stream::Stdout,
                    text: "b".to_owned(),
                },
            ),
            (
                r#"{"n":1,"is":"end","end":"done"}"#,
                Said::End {
                    end: End::Done,
                    why: None,
                    report: None,
                },
            ),
        ] {
            let line = Line { n: 1, said };
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
            assert_eq!(serde_json::from_str::<Line>(text).unwrap(), line);
        }
    }
}
