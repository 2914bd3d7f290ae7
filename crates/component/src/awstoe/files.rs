//! The folder of logs that an execution leaves, as AWSTOE's.
//!
//! ```text
//! <log directory>/TOE_2026-01-31_10-00-00_UTC-0_<execution id>/
//!     document.yaml        the documents, as they were read
//!     application.log      what was done when, a line each
//!     console.log          what the steps printed; at the end what failed
//!     detailedoutput.json  everything that came of it (`detail`)
//!     chaining.json        what `{{ phase.step.outputs.name }}` came to (`chaining`)
//! ```
//!
//! No file holds a secret.

mod chaining;
mod detail;
mod sink;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::secret::Redactor;

use crate::execution::{ExecutionReport, Planned};
use crate::run::StepReport;
pub use chaining::chaining;
pub use detail::detailed_output;
use sink::Sink;

/// A folder of logs could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the logs to `{path}`")]
pub struct LogError {
    path: String,
    #[source]
    source: io::Error,
}

impl Failure for LogError {
    fn class(&self) -> Class {
        Class::Environment
    }
}

/// The name of the folder of an execution that began at `started`, in seconds since 1970 UTC.
pub fn folder_name(started: i64, id: &str) -> String {
    let moment = jiff::Timestamp::from_second(started).unwrap_or_default();
    let moment = moment.strftime("%Y-%m-%d_%H-%M-%S");
    format!("TOE_{moment}_UTC-0_{id}")
}

/// The five files, in the order of the drawing.
pub const FILES: [&str; 5] = [
    "document.yaml",
    "application.log",
    "console.log",
    "detailedoutput.json",
    "chaining.json",
];

/// A folder that is being written.
#[derive(Debug)]
pub struct Logs {
    path: PathBuf,
    sink: Arc<Sink>,
    redactor: Redactor,
}

impl Logs {
    /// Makes the folder in `directory`, which is made when it is not there, or goes on in it after
    /// a reboot. What is emitted to the context that comes along is written to it.
    pub fn open(
        cx: &Cx,
        directory: &Path,
        started: i64,
        id: &str,
        planned: &[Planned],
    ) -> Result<(Self, Cx), LogError> {
        let path = directory.join(folder_name(started, id));
        let failed = |source| LogError {
            path: path.display().to_string(),
            source,
        };
        // What steps print is nobody else's business.
        let mut builder = DirBuilder::new();
        fs::create_dir_all(directory).map_err(failed)?;
        let is_new = match builder.mode(0o750).create(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(failed(error)),
        };
        let sink = Arc::new(Sink::open(&path, cx.clone()).map_err(failed)?);
        let word = if is_new { "begins" } else { "goes on" };
        sink.log("INFO", &format!("execution {id} {word}"));
        let own = cx.with_events(sink.clone());
        let logs = Self {
            path,
            sink,
            redactor: cx.redactor.clone(),
        };
        logs.write(FILES[0], &documents(planned))?;
        Ok((logs, own))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says that a step is over.
    pub fn step(&self, document: &str, step: &StepReport) {
        self.sink.log("INFO", &sink::step(document, step));
    }

    /// Says that the execution waits for a reboot.
    pub fn reboot(&self) {
        self.sink.log("INFO", "a reboot is asked for");
    }

    /// Writes what came of it.
    pub fn finish(self, report: &ExecutionReport, planned: &[Planned]) -> Result<(), LogError> {
        self.sink.fail(report);
        let text = |value: &serde_json::Value| format!("{value:#}\n");
        self.write(FILES[3], &text(&detailed_output(report)))?;
        self.write(FILES[4], &text(&chaining(report, planned)))?;
        let status = report.status().name();
        self.sink
            .log("INFO", &format!("execution {} {status}", report.id));
        let failed = |source| LogError {
            path: self.path.display().to_string(),
            source,
        };
        self.sink
            .error()
            .map_or(Ok(()), |source| Err(failed(source)))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), LogError> {
        let path = self.path.join(name);
        fs::write(&path, self.redactor.redact(text)).map_err(|source| LogError {
            path: path.display().to_string(),
            source,
        })
    }
}

/// One document as it is; several, one below the other as YAML has it.
fn documents(planned: &[Planned]) -> String {
    let texts = planned.iter().map(|one| one.document.file().text());
    let texts: Vec<String> = texts.map(str::to_owned).collect();
    match texts.as_slice() {
        [only] => only.clone(),
        all => all
            .iter()
            .map(|text| format!("---\n{}\n", text.trim_end()))
            .collect(),
    }
}
