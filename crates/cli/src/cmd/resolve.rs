//! `goldsmith resolve`: what a user of a target gives to have an image.

use goldsmith_core::catalog::{Catalog as _, CopyRow};
use goldsmith_core::failure::Class;

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::report::CmdError;
use crate::wiring;

/// Print where an image is at a target: a path, a URL, an id such as `ami-0abc`
///
/// Only of an image that may be used. With `--json` everything is text, as Terraform's external
/// data source takes it.
///
/// Example: goldsmith resolve web@production --target local/lab --format qcow2
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web@production`, `web`, `web@1.4.0`, `web@1.4.0/2`
    image: String,
    /// The target: its kind and name, and what is below it, such as `local/lab`, `aws/eu/eu-north-1`
    #[arg(long)]
    target: Option<String>,
    /// The form of the copy, where a target has several
    #[arg(long)]
    format: Option<String>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let catalog = wiring::catalog(app)?;
    let image = catalog::id(app, &catalog, &args.image)?;
    let row = catalog.image(&image)?;
    if !row.state.is_usable() {
        return Err(CmdError::Refused {
            class: Class::Policy,
            message: format!("{image} must not be used: it is {}", row.state.name()),
            hints: vec![format!(
                "`goldsmith history {}` says why",
                catalog::typed(&image)
            )],
        });
    }
    let copies: Vec<CopyRow> = catalog.copies(&image)?;
    let copies: Vec<CopyRow> = copies.into_iter().filter(|copy| copy.is_there).collect();
    let fitting: Vec<&CopyRow> = copies.iter().filter(|copy| fits(args, copy)).collect();
    let [copy] = fitting[..] else {
        let message = match fitting.len() {
            0 => format!("{image} has no copy there"),
            count => format!("{image} has {count} copies there"),
        };
        let mut error = CmdError::usage(message);
        for copy in if fitting.is_empty() {
            copies.iter().collect()
        } else {
            fitting
        } {
            error = error.hint(asked(copy));
        }
        return Err(error);
    };
    app.output.result(&format!("{}\n", copy.location), || {
        let digest = copy.digest.map(|digest| digest.to_string());
        serde_json::json!({
            "location": copy.location,
            "image": image.to_string(),
            "name": image.name,
            "version": image.version.to_string(),
            "build": image.build.to_string(),
            "state": row.state.name(),
            "target": copy.target,
            "format": copy.format,
            "copy": copy.name,
            "sha256": digest.unwrap_or_default(),
        })
    });
    Ok(Outcome::Done)
}

/// What is below a target belongs to it.
fn fits(args: &Args, copy: &CopyRow) -> bool {
    let of_target = args.target.as_deref().is_none_or(|target| {
        copy.target
            .strip_prefix(target)
            .is_some_and(|below| below.is_empty() || below.starts_with('/'))
    });
    let of_format = args
        .format
        .as_deref()
        .is_none_or(|format| format == copy.format);
    of_target && of_format
}

/// How this copy is asked for.
fn asked(copy: &CopyRow) -> String {
    let format = match copy.format.as_str() {
        "" => String::new(),
        format => format!(" --format {format}"),
    };
    format!("there is `--target {}{format}`", copy.target)
}
