//! `goldsmith catalog restore`: a backup in the place of the catalog.

use std::path::PathBuf;

use goldsmith_core::catalog::CatalogError;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Put a backup in the place of the catalog
///
/// The backup is looked at first, as `catalog check` does. Nobody else may have the catalog open.
/// What was there before stays beside it as `catalog.sqlite.replaced`.
///
/// Example: goldsmith catalog restore catalog-2026-01-31.sqlite --force
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    file: PathBuf,
    /// Replace the catalog that is there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let path = app.env.working_directory.join(&args.file);
    match goldsmith_catalog::restore(&app.home()?, &path, args.force) {
        Err(CatalogError::Exists { path }) => {
            let message = format!("there is a catalog: `{}`", path.display());
            return Err(CmdError::usage(message).hint("`--force` replaces it"));
        }
        done => done?,
    }
    app.output.result(
        &format!("the catalog is that of `{}`\n", args.file.display()),
        || serde_json::json!({ "file": path.to_string_lossy() }),
    );
    Ok(Outcome::Done)
}
