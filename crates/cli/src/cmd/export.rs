//! `goldsmith export`: hand an image's disk over.

use std::path::PathBuf;

use goldsmith_build::export::export_raw;
use goldsmith_build::record::Images;
use goldsmith_core::size::format_bytes;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Write the disk of an image to a file, holes kept, digest checked
///
/// Example: goldsmith export web@1.4.0 --output web.raw
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web`, `web@1.4.0` or `web@1.4.0/2`; the newest that fits
    image: String,
    /// Form of the disk
    #[arg(long, default_value = "raw", value_parser = ["raw"])]
    format: String,
    /// Where to write it; `<name>-<version>-<build>.raw` in the current folder when not given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let image = Images::new(&app.home()?).find(&args.image)?;
    let record = &image.record;
    let name = format!(
        "{}-{}-{}.{}",
        record.name, record.version, record.build, args.format
    );
    let target = app
        .env
        .working_directory
        .join(args.output.clone().unwrap_or_else(|| name.into()));
    let written = export_raw(&app.cx, &image, &target, args.force)?;
    let text = format!(
        "{}  {} ({} on disk), disk digest {}\n",
        target.display(),
        format_bytes(written.size_bytes),
        format_bytes(written.allocated_bytes),
        written.digest
    );
    app.output.result(&text, || {
        serde_json::json!({ "image": image.title(), "file": target.to_string_lossy(), "format": args.format,
            "size_bytes": written.size_bytes, "digest": written.digest, "sha256": written.sha256 })
    });
    Ok(Outcome::Done)
}
