//! A shell in the tree in which a step or a package's script failed, on the terminal of whoever
//! builds.

use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;

use goldsmith_build::on_failure::OnFailure;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_exec::ns::{Command, Sandbox, SandboxError, Terminal};

use crate::app::App;
use crate::escape::escape;
use crate::report::CmdError;
use crate::style;

/// What `build --debug` does when something has failed.
#[derive(Debug)]
pub(crate) struct Shell {
    /// The user's kind of terminal.
    term: String,
}

impl Shell {
    /// Refuses where nobody could type.
    pub(crate) fn new(app: &App) -> Result<Self, CmdError> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(CmdError::usage(
                "`--debug` opens a shell in a tree in which something failed, and there is no terminal here",
            )
            .hint("run it by hand: the next `build` begins at the step that failed"));
        }
        Ok(Self {
            term: app.env.get("TERM").unwrap_or("dumb").to_owned(),
        })
    }

    fn open(&self, cx: &Cx, sandbox: &Sandbox, what: &str) -> Result<(), SandboxError> {
        let (keys, screen) = (std::io::stdin(), std::io::stderr());
        let terminal = Terminal {
            input: keys.as_fd(),
            output: screen.as_fd(),
        };
        let prompt = format!("[{what} failed] \\w \\$ ");
        let mut last = None;
        for program in [&["/bin/bash", "--norc", "-i"][..], &["/bin/sh", "-i"]] {
            let mut command = Command::new(program.iter().copied());
            command.env.insert("PS1".to_owned(), prompt.clone());
            command.env.insert("TERM".to_owned(), self.term.clone());
            match sandbox.attach(cx, &command, terminal) {
                Err(error @ SandboxError::Start { .. }) => last = Some(error),
                other => return other.map(drop),
            }
        }
        Err(last.expect("two shells were tried"))
    }
}

impl OnFailure for Shell {
    fn look(&self, cx: &Cx, sandbox: &Sandbox, what: &str, why: &str) {
        let why = cx.redactor.redact(why);
        let opened = cx.aside(|| {
            let (bold, reset) = (style::BOLD, style::RESET);
            let mut screen = anstream::stderr();
            drop(writeln!(
                screen,
                "\n{bold}{what} failed:{reset} {}\nA shell in the tree as it stands; `exit` ends it, and nothing of it is kept.",
                escape(&why)
            ));
            self.open(cx, sandbox, what)
        });
        if let Err(error) = opened {
            let is_cancelled = goldsmith_core::failure::Failure::class(&error) == Class::Cancelled;
            if !is_cancelled {
                cx.warn(format!("there is no shell: {error}"));
            }
        }
    }
}
