//! Waiting for a layer that another build makes: what it says of itself is shown as if it were
//! work of our own.
//!
//! ```text
//! <phase> <tab> <done> <tab> <total>        total 0: nobody knows
//! ```

use goldsmith_core::cx::{Cx, Phase};
use goldsmith_core::event::Unit;

/// The line a maker leaves.
pub(super) fn line(phase: &str, done: u64, total: u64) -> String {
    format!("{phase}\t{done}\t{total}")
}

/// What the maker of a layer lets us know.
pub(super) struct Others<'a> {
    cx: &'a Cx,
    title: &'a str,
    phase: Option<(String, Phase)>,
}

impl<'a> Others<'a> {
    pub(super) fn new(cx: &'a Cx, title: &'a str) -> Self {
        Self {
            cx,
            title,
            phase: None,
        }
    }

    /// Takes a line, which is empty when there is somebody but nothing was said yet.
    pub(super) fn said(&mut self, line: &str) {
        let mut fields = line.trim_end().split('\t');
        let name = fields.next().filter(|name| !name.is_empty());
        let name = name.unwrap_or(self.title);
        let mut number = || fields.next().and_then(|field| field.parse::<u64>().ok());
        let (done, total) = (number().unwrap_or(0), number().unwrap_or(0));
        if self.phase.as_ref().is_none_or(|(known, _)| known != name) {
            self.done();
            let total = (total > 0).then_some((total, Unit::Packages));
            let phase = self.cx.phase(format!("{name} (by another build)"), total);
            self.phase = Some((name.to_owned(), phase));
        }
        if let Some((_, phase)) = &self.phase {
            phase.progress(done);
        }
    }

    /// Ends the phase that is shown.
    pub(super) fn done(&mut self) {
        if let Some((_, phase)) = self.phase.take() {
            phase.finish("waited for");
        }
    }
}
