//! `goldsmith images`: the images of this machine.

use goldsmith_build::record::{Image, Images};
use goldsmith_core::size::format_bytes;

use crate::app::App;
use crate::args::Outcome;
use crate::output::{date, table};
use crate::report::CmdError;

/// List the images on this machine
///
/// Example: goldsmith images web
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the images of this recipe
    recipe: Option<String>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let images = Images::new(&app.home()?);
    let found = match &args.recipe {
        Some(name) => images.of(name)?,
        None => images.list()?,
    };
    if app.output.is_json {
        let records: Vec<_> = found.iter().map(|image| &image.record).collect();
        app.output.json(&serde_json::json!({ "images": records }));
        return Ok(Outcome::Done);
    }
    if found.is_empty() {
        app.output
            .aside("no images yet: `goldsmith build` makes one\n");
        return Ok(Outcome::Done);
    }
    app.output.text(&table(
        [
            "IMAGE", "VERSION", "MADE", "BOOT", "SIZE", "ON DISK", "TEST",
        ],
        found.iter().map(row),
    ));
    Ok(Outcome::Done)
}

fn row(image: &Image) -> [String; 7] {
    let record = &image.record;
    let disk = record.artifacts.first();
    [
        record.name.clone(),
        format!("{}/{}", record.version, record.build),
        date(record.created_unix),
        record
            .boot
            .iter()
            .map(|firmware| firmware.name())
            .collect::<Vec<_>>()
            .join("+"),
        disk.map_or_else(String::new, |disk| format_bytes(disk.size_bytes)),
        disk.map_or_else(String::new, |disk| format_bytes(disk.allocated_bytes)),
        test_word(image),
    ]
}

/// What is known of the last boot test, in a word or two.
fn test_word(image: &Image) -> String {
    match &image.record.test {
        None => "-".to_owned(),
        Some(test) if test.passed => format!("passed {}", test.checks),
        Some(test) => format!("FAILED {} of {}", test.failed.len(), test.checks),
    }
}
