//! The `goldsmith` command: the composition root. It names every concrete type, reads the
//! environment, prints, and chooses the exit code; the work is done below it.

mod alone;
mod app;
mod args;
mod catalog;
mod cloud;
mod cmd;
mod documents;
mod env;
mod escape;
mod execution;
mod host;
mod instance;
mod job;
mod lockfile;
mod output;
mod project;
mod render;
mod report;
mod shell;
mod signing;
mod style;
mod wiring;
mod workshop;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use goldsmith_core::cx::{Cancel, Cx};
use goldsmith_core::failure::Class;
use goldsmith_exec::user_ns;

use crate::args::{Cli, Outcome};

fn main() -> ExitCode {
    let arguments = cmd::awstoe::apart(std::env::args_os()).into_iter();
    let cli = match Cli::try_parse_from(arguments.map(packer_spelling)) {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return code(if error.use_stderr() {
                Class::Usage.exit_code()
            } else {
                0
            });
        }
    };
    let output = output::Output {
        is_json: cli.global.json,
        is_quiet: cli.global.quiet,
        verbosity: cli.global.verbose,
    };
    // Before there is a second thread.
    let rootless = rootless(&cli.command);
    let env = env::Environment::read();
    let cx = Cx::new(
        Arc::new(goldsmith_exec::clock::SystemClock::start()),
        output.sink(),
    );
    watch_signals(cx.cancel.clone());
    let directory = match &cli.global.directory {
        Some(directory) => env.working_directory.join(directory),
        None => env.working_directory.clone(),
    };
    let app = app::App {
        env,
        output,
        began: cx.clock().unix_seconds(),
        cx,
        directory,
    };
    let outcome = match rootless {
        Err(error) => Err(error),
        Ok(()) => cli.command.run(&app),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No(class)) => code(class.exit_code()),
        Ok(Outcome::Exit(number)) => code(number),
        Err(error) => {
            let app::App { cx, output, .. } = app;
            let text = cx.redactor.redact(&error.text());
            // With the context go the bars, which must be gone before the failure is printed.
            drop(cx);
            if output.is_json {
                output.json(&error.json());
            }
            output.error(&text);
            code(error.class().exit_code())
        }
    }
}

/// An ordinary user's command that needs many users goes on in a namespace that has them.
fn rootless(command: &args::Command) -> Result<(), report::CmdError> {
    if !command.makes_trees() || rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let error = user_ns::become_root(std::env::args_os().skip(1));
    // `doctor` tells itself what is missing.
    if matches!(command, args::Command::Doctor(_)) {
        return Ok(());
    }
    Err(error.into())
}

fn code(code: u8) -> ExitCode {
    ExitCode::from(code)
}

/// Packer and Terraform write `-var` and `-var-file` with one dash, and so may our users.
fn packer_spelling(argument: OsString) -> OsString {
    let Some(text) = argument.to_str() else {
        return argument;
    };
    let is_ours = ["-var", "-var-file"].iter().any(|flag| {
        text.strip_prefix(flag)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    if is_ours {
        format!("-{text}").into()
    } else {
        argument
    }
}

/// The first signal asks everything to stop and clean up; the second ends at once, and what
/// was left behind goes with the next command's sweep.
fn watch_signals(cancel: Cancel) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return;
    };
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if cancel.is_cancelled() {
                signal_hook::low_level::exit(i32::from(Class::Cancelled.exit_code()));
            }
            cancel.cancel();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn one_dash_is_enough_for_variables() {
        for (said, meant) in [
            ("-var", "--var"),
            ("-var=a=b", "--var=a=b"),
            ("-var-file", "--var-file"),
            ("-v", "-v"),
            ("-variant", "-variant"),
        ] {
            assert_eq!(packer_spelling(said.into()), OsString::from(meant));
        }
    }
}
