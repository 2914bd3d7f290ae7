//! `goldsmith fmt`: one layout for every configuration file.

use std::fs;
use std::path::PathBuf;

use goldsmith_core::failure::Class;

use crate::app::App;
use crate::args::Outcome;
use crate::project;
use crate::report::CmdError;

/// Bring configuration files into the canonical layout
///
/// Example: goldsmith fmt --check
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files or folders; the project when not given
    paths: Vec<PathBuf>,
    /// Change nothing: name the files that are not in the layout and exit with 3
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let mut changed = Vec::new();
    let mut problems = Vec::new();
    for path in project::hcl_files(app, &args.paths)? {
        let shown = project::shown(app, &path);
        let bytes =
            fs::read(&path).map_err(|e| CmdError::io(format!("cannot read `{shown}`"), &e))?;
        match goldsmith_lang::format(&shown, &bytes) {
            Err(found) => problems.push(found),
            Ok(text) if text.as_bytes() == bytes => {}
            Ok(text) => {
                if !args.check {
                    project::replace_file(&path, text.as_bytes())
                        .map_err(|e| CmdError::io(format!("cannot write `{shown}`"), &e))?;
                }
                changed.push(shown);
            }
        }
    }
    let listed: String = changed.iter().map(|name| format!("{name}\n")).collect();
    app.output.result(
        &listed,
        || serde_json::json!({ "changed": changed, "written": !args.check }),
    );
    if !problems.is_empty() {
        return Err(CmdError::Problems(problems));
    }
    Ok(if args.check && !changed.is_empty() {
        Outcome::No(Class::Config)
    } else {
        Outcome::Done
    })
}
