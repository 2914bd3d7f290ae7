//! What lies on top of the layers and is none: the tree sanitized, for one disk.

use std::path::PathBuf;

use goldsmith_core::cx::Cx;
use goldsmith_exec::ns::Sandbox;
use goldsmith_inspect::known::Known;
use goldsmith_inspect::sanitize::{Mode, Report, Settings, sanitize_known};
use goldsmith_store::Scratch;

use super::BuildError;
use crate::layer::{Merged, Stack};

/// A tree that is ready for the disk.
#[derive(Debug)]
pub(super) struct Top {
    // Before the directory it is mounted over.
    /// Where the contents of its files are read.
    pub(super) sandbox: Sandbox,
    /// What is in it.
    pub(super) merged: Merged,
    /// The directory with what sanitizing changed.
    pub(super) upper: PathBuf,
    /// What was removed, and what was found.
    pub(super) evidence: Report,
    _scratch: Scratch,
}

impl Top {
    /// Sanitizes the tree of a stack, whose layers stay as they are; `merged` is what is in it, `known` knows
    /// files that need not be searched for secrets again.
    pub(super) fn sanitized(
        cx: &Cx,
        stack: &Stack<'_>,
        mut merged: Merged,
        settings: &Settings,
        known: &dyn Known,
    ) -> Result<Self, BuildError> {
        let scratch = stack.store().scratch("top")?;
        let (sandbox, upper) = stack.open(cx, &scratch)?;
        let (tree, listed) = (sandbox.tree(), Some(merged.listed()));
        let evidence = sanitize_known(&tree, listed, known, settings, Mode::Apply, cx)?;
        merged.push(stack.list(cx, &upper)?);
        Ok(Self {
            sandbox,
            merged,
            upper,
            evidence,
            _scratch: scratch,
        })
    }
}
