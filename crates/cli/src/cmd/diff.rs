//! `goldsmith diff`: what is different between two images.

use std::path::{Path, PathBuf};

use goldsmith_build::diff::{self, Side};
use goldsmith_build::record::{Images, RecordError};

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::project;
use crate::report::CmdError;

/// Show what is different between two images: packages, files, configuration, size, findings, boot time
///
/// Both are read back from their disks; of one that was made on an instance, which has none here,
/// the packages are compared, and what sanitizer and verifier said. Values of configuration that look like secrets are
/// masked, and files that not everybody in the image may read are not shown.
///
/// Example: goldsmith diff web@1.4.0 web@1.4.1 --html changes.html
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The old image: `web@1.4.0`, `web@production`, or a file with a raw disk
    old: String,
    /// The new image: `web`, the newest of it, or a file with a raw disk
    new: String,
    /// How many blocks of 512 KiB differ instead, and what has its bytes there
    #[arg(long, conflicts_with = "html")]
    blocks: bool,
    /// Show all of long lists, and files of packages that changed
    #[arg(long)]
    all: bool,
    /// Write the differences as one page as well
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let (old, new) = (side(app, &args.old)?, side(app, &args.new)?);
    if args.blocks {
        for image in [&old, &new]
            .into_iter()
            .filter_map(|side| side.image.as_ref())
        {
            image.disk()?;
        }
        let found = diff::blocks(&app.cx, &old, &new)?;
        app.output.result(&diff::blocks_text(&found, args.all), || {
            serde_json::json!(found)
        });
        return Ok(Outcome::Done);
    }
    let found = diff::diff(&app.cx, &old, &new)?;
    if let Some(file) = &args.html {
        let path = app.env.working_directory.join(file);
        project::replace_file(&path, diff::html(&found).as_bytes())
            .map_err(|e| CmdError::io(format!("cannot write `{}`", file.display()), &e))?;
    }
    app.output
        .result(&diff::text(&found, args.all), || serde_json::json!(found));
    Ok(Outcome::Done)
}

/// An image by its name; what is none may be a file.
fn side(app: &App, wanted: &str) -> Result<Side, CmdError> {
    let named = catalog::without_channel(app, wanted)?;
    match Images::new(&app.home()?).find(&named) {
        Ok(image) => Ok(Side::of(image)),
        Err(error @ RecordError::Unknown { .. }) => {
            let path = app.env.working_directory.join(Path::new(wanted));
            if path.is_file() {
                return Ok(Side {
                    title: wanted.to_owned(),
                    ..Side::disk(path)
                });
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}
