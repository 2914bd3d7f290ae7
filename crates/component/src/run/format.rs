//! A run that stopped on the way, as it is written down.
//!
//! ```text
//! { "version": 1, "document": <sha256 of its text>, "phases": [...], "reboots": n,
//!   "done": [ { "report": {...}, "inputs": [{...}], "outputs": [{...}] } ],
//!   "partial": null | { "attempts": n, "verdict": "execute", "iteration": n,
//!                       "outputs": [{...}], "nested": null | <a state> } }
//! ```
//!
//! It holds values as they are, secrets among them: whoever writes it gives nobody else a
//! look at it, and takes it away in the end.

use serde::{Deserialize, Serialize};

use super::report::{Entries, StepReport};
use crate::condition::Verdict;

/// Version that is written; another one is refused.
pub(super) const VERSION: u32 = 1;

/// Enough to go on with a run elsewhere or later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    pub(super) version: u32,
    /// Digest of the text of the document.
    pub(super) document: String,
    /// Phases asked for.
    pub(super) phases: Vec<String>,
    pub(super) reboots: u32,
    pub(super) done: Vec<DoneStep>,
    pub(super) partial: Option<Partial>,
}

/// A step that ran, and what later steps may ask of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DoneStep {
    /// What came of it.
    pub report: StepReport,
    /// Its inputs, references replaced.
    pub inputs: Entries,
    /// Its outputs.
    pub outputs: Entries,
}

/// A step that waits for a reboot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Partial {
    /// Attempts before this one that failed.
    pub(super) attempts: u32,
    /// The condition is not looked at again.
    pub(super) verdict: Verdict,
    /// The iteration to go on with.
    pub(super) iteration: usize,
    /// Of the iterations before.
    pub(super) outputs: Entries,
    /// The document that it runs.
    pub(super) nested: Option<Box<State>>,
}
