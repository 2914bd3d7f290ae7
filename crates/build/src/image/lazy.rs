//! The tree of a stack as a machine that is there when it is asked for: what a step depends on is
//! mostly said by its document, and a tree need not be mounted to find it kept.

use std::sync::OnceLock;

use goldsmith_component::machine::{Exit, Machine as _, MachineError, Root, Rooted, Script, Tree};
use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_exec::ns::Sandbox;
use goldsmith_store::Scratch;

use crate::layer::Stack;

/// The tree so far. What is written to it is lost.
pub(super) struct Lazy<'a, 's> {
    stack: &'a Stack<'s>,
    // The sandbox before the directory it is mounted over.
    open: OnceLock<(Sandbox, Scratch)>,
}

impl<'a, 's> Lazy<'a, 's> {
    pub(super) fn of(stack: &'a Stack<'s>) -> Self {
        Self {
            stack,
            open: OnceLock::new(),
        }
    }

    fn sandbox(&self, cx: &Cx) -> Result<&Sandbox, MachineError> {
        if self.open.get().is_none() {
            let scratch = self.stack.store().scratch("look");
            let scratch = scratch.map_err(MachineError::machine)?;
            let opened = self.stack.open(cx, &scratch);
            let (sandbox, _) = opened.map_err(MachineError::machine)?;
            // Of two threads that open it at once, one's serves both.
            drop(self.open.set((sandbox, scratch)));
        }
        let (sandbox, _) = self.open.get().expect("just opened");
        Ok(sandbox)
    }
}

impl Rooted for Lazy<'_, '_> {
    fn root(&self, cx: &Cx) -> Result<Root<'_>, MachineError> {
        Ok(Root::new(self.sandbox(cx)?.tree_fd()))
    }

    fn start(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        Tree::new(self.sandbox(cx)?).run(cx, script, on_line)
    }
}
