//! `goldsmith feed import`: feeds from files.

use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_advisory::feed::{Import, Made, Origin};

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Read feeds from files and folders
///
/// What a file is, is told by its content: OSV records (one, JSON lines, a zip of many), the JSON
/// of Debian's security tracker, fixes of a Debian release, CISA's catalogue of exploited
/// vulnerabilities, dates of endoflife.date, the lists of debian-security-support; also packed by
/// zstd or gzip. A feed takes the place of what had its name: give all files of one feed at once.
///
/// Example: goldsmith feed import all.zip kev.json
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files and folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let mut import = Import::default();
    for path in &args.paths {
        let mut files = Vec::new();
        let given = app.directory.join(path);
        list(&given, &mut files)?;
        if files.is_empty() {
            return Err(CmdError::usage(format!(
                "`{}` holds no file",
                path.display()
            )));
        }
        for file in files {
            app.cx.cancel.check()?;
            let text = format!("cannot read `{}`", file.display());
            let bytes = fs::read(&file).map_err(|e| CmdError::io(text, &e))?;
            import.add(&file.display().to_string(), &bytes)?;
        }
    }
    let made = import.finish(&Origin {
        taken: app.cx.clock().unix_seconds(),
        ..Origin::default()
    });
    super::keep(&super::feeds(app)?.write()?, &made)?;
    let text: String = made.iter().map(super::line).collect();
    app.output.result(&text, || json(&made));
    Ok(Outcome::Done)
}

fn json(made: &[Made]) -> serde_json::Value {
    let headers: Vec<_> = made.iter().map(|feed| &feed.header).collect();
    serde_json::json!({ "version": 1, "feeds": headers })
}

/// A file, or every file below a folder, in the order of their names. Hidden ones are none.
fn list(path: &Path, into: &mut Vec<PathBuf>) -> Result<(), CmdError> {
    let failed = |e: std::io::Error| CmdError::io(format!("cannot read `{}`", path.display()), &e);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        into.push(path.to_owned());
        return Ok(());
    }
    let mut inner = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        // A link may lead out of the folder, or round in it.
        if !is_hidden && !entry.file_type().map_err(failed)?.is_symlink() {
            inner.push(entry.path());
        }
    }
    inner.sort();
    inner.iter().try_for_each(|path| list(path, into))
}
