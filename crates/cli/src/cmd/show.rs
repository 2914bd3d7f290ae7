//! `goldsmith show`: everything known about one image.

mod standing;

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_build::record::{Image, Images};
use goldsmith_core::size::{format_bytes, format_duration};

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::output::date;
use crate::report::CmdError;
use crate::style;
use crate::wiring;

use standing::Standing;

/// Show what is known about an image: digests, inputs, times, tests, how it stands, where it is
///
/// Example: goldsmith show web@1.4.0
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web`, `web@1.4.0`, `web@1.4.0/2`, the newest that fits, or `web@production`
    image: String,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let images = Images::new(&app.home()?);
    if !app.home()?.exists() {
        // Looking makes no home.
        images.find(&args.image)?;
    }
    let catalog = wiring::catalog(app)?;
    let id = catalog::id(app, &catalog, &args.image)?;
    let image = images.get(&id)?;
    let standing = Standing::of(&catalog, &id)?;
    if app.output.is_json {
        let folder = image.as_ref().map(|image| image.folder.to_string_lossy());
        app.output.json(&serde_json::json!({
            "image": super::images::json(image.as_ref(), &standing.row),
            "folder": folder, "catalog": standing.json() }));
        return Ok(Outcome::Done);
    }
    let mut text = match &image {
        Some(image) => text(image),
        None => standing.gone(&images.folder(&id)),
    };
    for (title, rows) in standing.sections() {
        section(&mut text, title, rows.into_iter());
    }
    app.output.text(&text);
    Ok(Outcome::Done)
}

fn text(image: &Image) -> String {
    let record = &image.record;
    let mut text = format!("{}{}{}\n", style::BOLD, image.title(), style::RESET);
    let boot: Vec<_> = record.boot.iter().map(|firmware| firmware.name()).collect();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    if !record.purpose.is_empty() {
        row("purpose", record.purpose.clone());
    }
    row("made", date(record.created_unix));
    row(
        "contents",
        match boot.as_slice() {
            [] => format!("{} packages, {}", record.packages, record.arch),
            boot => format!(
                "{} packages, {}, boots {}",
                record.packages,
                record.arch,
                boot.join(" and ")
            ),
        },
    );
    if let Some(there) = &record.cloud {
        row(
            "is",
            format!(
                "{} ({}) in {} of {} {}",
                there.id, there.name, there.region, there.provider, there.account
            ),
        );
        row("digest", there.digest().to_string());
    }
    if let Some(parent) = &record.parent {
        let name = format!("{} {}", parent.kind, parent.name);
        row(
            "starts from",
            format!("{} ({})", name.trim_end(), parent.digest),
        );
    }
    row("epoch", date(record.epoch_unix));
    row("key", record.key.to_string());
    row("folder", image.folder.display().to_string());
    section(
        &mut text,
        "artifacts",
        record.artifacts.iter().map(|a| {
            let sizes = format!(
                "{}, {} on disk",
                format_bytes(a.size_bytes),
                format_bytes(a.allocated_bytes)
            );
            let plain = a
                .sha256
                .map(|sha256| format!("\n  {:<14} sha256 {sha256}", ""))
                .unwrap_or_default();
            format!(
                "{:<14} {sizes}\n  {:<14} disk digest {}{plain}",
                a.file, "", a.digest
            )
        }),
    );
    section(
        &mut text,
        "phases",
        record.phases.iter().map(|p| {
            format!(
                "{:<24} {:>9}",
                p.name,
                format_duration(Duration::from_millis(p.ms))
            )
        }),
    );
    section(
        &mut text,
        "steps",
        record.steps.iter().map(|s| {
            let place = format!("{} {}/{}", s.document, s.phase, s.step);
            format!(
                "{place:<40} {:<10} {:>9}",
                s.status,
                format_duration(Duration::from_millis(s.ms))
            )
        }),
    );
    section(
        &mut text,
        if record.cloud.is_some() {
            "test on an instance"
        } else {
            "boot test"
        },
        record.test.iter().map(|test| {
            let verdict = if test.passed {
                "passed".to_owned()
            } else {
                format!("FAILED: {}", test.failed.join(", "))
            };
            format!("{} ({} checks, {})", verdict, test.checks, date(test.unix))
        }),
    );
    text
}

fn section(text: &mut String, title: &str, rows: impl Iterator<Item = String>) {
    for (at, row) in rows.enumerate() {
        if at == 0 {
            let _ = writeln!(text, "\n{title}");
        }
        let _ = writeln!(text, "  {}", crate::escape::escape(&row));
    }
}
