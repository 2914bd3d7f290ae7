//! `goldsmith awstoe`, or this program called by the name `awstoe`: the command lines of AWSTOE, so
//! that what calls it can call Goldsmith instead.

mod run;
mod validate;

use std::ffi::OsString;

use clap::{ArgAction, Parser};

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Take AWSTOE's place: `awstoe run` and `awstoe validate` with all their options
///
/// `goldsmith awstoe --help` lists them. The same happens when this program is called by the name
/// `awstoe` (a link to it). Runs on this machine without `--yes`, prints AWSTOE's summary on
/// standard output, and exits with 0, 1 or 194 (reboot this machine, then give the same command
/// again).
///
/// Example: goldsmith awstoe run --documents ./a.yaml,./b.yaml --phases build,validate
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// The command line of AWSTOE
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    arguments: Vec<OsString>,
}

/// The name that AWSTOE goes by.
const NAME: &str = "awstoe";

/// Exit code of whatever did not go well.
const FAILED: u8 = 1;

/// Runs and validates component documents, as AWSTOE does.
#[derive(Debug, Parser)]
#[command(
    name = "awstoe",
    bin_name = "awstoe",
    disable_version_flag = true,
    disable_help_subcommand = true,
    propagate_version = true,
    args_override_self = true,
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Cli {
    /// Print the version
    #[arg(short, long, action = ArgAction::Version, global = true)]
    version: (),
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(Box<run::Args>),
    Validate(validate::Args),
}

/// The arguments of this program with those of AWSTOE behind `awstoe --`, where nothing else reads
/// them.
pub(crate) fn apart(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_link = arguments.first().is_some_and(|program| {
        std::path::Path::new(program)
            .file_name()
            .is_some_and(|name| name == NAME)
    });
    if is_link {
        arguments.insert(1, NAME.into());
    }
    if arguments.get(1).is_some_and(|word| word == NAME) {
        arguments.insert(2, "--".into());
    }
    arguments
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature that every command has"
)]
pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let words = std::iter::once(NAME.into()).chain(args.arguments.iter().cloned());
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { FAILED } else { 0 };
            drop(error.print());
            return Ok(Outcome::Exit(code));
        }
    };
    Ok(match cli.command {
        Command::Run(args) => run::run(&args, app),
        Command::Validate(args) => validate::run(&args, app),
    })
}

/// The commands of AWSTOE, for the reference.
pub(crate) fn command() -> clap::Command {
    use clap::CommandFactory as _;
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn arguments_are_set_apart() {
        for (given, expected) in [
            (
                &["/usr/bin/awstoe", "run", "-v"][..],
                "/usr/bin/awstoe awstoe -- run -v",
            ),
            (&["goldsmith", "awstoe", "run"], "goldsmith awstoe -- run"),
            (&["goldsmith", "awstoe"], "goldsmith awstoe --"),
            (&["goldsmith", "build", "awstoe"], "goldsmith build awstoe"),
            (&["goldsmith"], "goldsmith"),
        ] {
            let words = apart(given.iter().map(OsString::from));
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            assert_eq!(words.join(" "), expected);
        }
    }
}
