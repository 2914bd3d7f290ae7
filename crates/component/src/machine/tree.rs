//! A tree in a sandbox as a machine.

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_exec::ns::{Sandbox, SandboxError};

use super::{Exit, MachineError, Root, Rooted, Script, script};

/// A tree in a sandbox.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Tree<'a> {
    /// Runs in `sandbox` and changes its tree.
    pub const fn new(sandbox: &'a Sandbox) -> Self {
        Self { sandbox }
    }
}

impl Rooted for Tree<'_> {
    fn root(&self, _cx: &Cx) -> Result<Root<'_>, MachineError> {
        Ok(Root::new(self.sandbox.tree_fd()))
    }

    fn start(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        let text = script::text(&script.program)?;
        let mut command = script::command(script, text.as_ref());
        command.cwd = script.cwd.clone().into();
        command.env.clone_from(&script.env);
        if let Some(name) = &script.user {
            let (user, home) = self.root(cx)?.user(name)?;
            command.user = Some(user);
            command.env.entry("HOME".to_owned()).or_insert(home);
        }
        Ok(self.sandbox.run(cx, &command, on_line)?)
    }
}

impl From<SandboxError> for MachineError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            SandboxError::TimedOut { timeout, .. } => Self::TimedOut(timeout),
            SandboxError::Start { program, source } => Self::Start { program, source },
            error => Self::machine(error),
        }
    }
}
