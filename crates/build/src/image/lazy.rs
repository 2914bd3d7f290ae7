//! The tree of a stack as a machine that is there when it is asked for: what a step depends on is
//! mostly said by its document, and a tree need not be mounted to find it kept.

use std::io;
use std::sync::OnceLock;

use goldsmith_component::machine::{
    Attributes, Exit, Machine, MachineError, NodeKind, Script, Tree as TreeMachine,
};
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

    fn tree(&self, cx: &Cx) -> Result<TreeMachine<'_>, MachineError> {
        if self.open.get().is_none() {
            let scratch = self.stack.store().scratch("look");
            let scratch = scratch.map_err(MachineError::machine)?;
            let opened = self.stack.open(cx, &scratch);
            let (sandbox, _) = opened.map_err(MachineError::machine)?;
            // Of two threads that open it at once, one's serves both.
            drop(self.open.set((sandbox, scratch)));
        }
        let (sandbox, _) = self.open.get().expect("just opened");
        Ok(TreeMachine::new(sandbox))
    }
}

impl Machine for Lazy<'_, '_> {
    fn run(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        self.tree(cx)?.run(cx, script, on_line)
    }

    fn stat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        self.tree(cx)?.stat(cx, path)
    }

    fn read(&self, cx: &Cx, path: &str) -> Result<Vec<u8>, MachineError> {
        self.tree(cx)?.read(cx, path)
    }

    fn write(
        &self,
        cx: &Cx,
        path: &str,
        bytes: &[u8],
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        self.tree(cx)?.write(cx, path, bytes, attributes)
    }

    fn put(
        &self,
        cx: &Cx,
        path: &str,
        source: &mut dyn io::Read,
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        self.tree(cx)?.put(cx, path, source, attributes)
    }

    fn get(&self, cx: &Cx, path: &str, sink: &mut dyn io::Write) -> Result<(), MachineError> {
        self.tree(cx)?.get(cx, path, sink)
    }

    fn make_dir(&self, cx: &Cx, path: &str, attributes: &Attributes) -> Result<(), MachineError> {
        self.tree(cx)?.make_dir(cx, path, attributes)
    }

    fn copy(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        self.tree(cx)?.copy(cx, from, to)
    }

    fn list(&self, cx: &Cx, path: &str) -> Result<Vec<String>, MachineError> {
        self.tree(cx)?.list(cx, path)
    }

    fn remove(&self, cx: &Cx, path: &str) -> Result<(), MachineError> {
        self.tree(cx)?.remove(cx, path)
    }
}
