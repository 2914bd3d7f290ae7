//! `goldsmith images`: the images that the catalog knows.

use std::collections::BTreeMap;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use goldsmith_build::record::{Image, Images};
use goldsmith_core::catalog::{Catalog as _, ImageFilter, ImageRow};
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::size::{format_bytes, parse_duration};

use crate::app::App;
use crate::args::Outcome;
use crate::catalog::{self, typed};
use crate::output::{date, table};
use crate::report::CmdError;

/// List images, newest first
///
/// Everything that is said must hold. An image whose folder was removed by hand stays in the list
/// and is said to be gone.
///
/// Example: goldsmith images web --state available --tag team=platform --since 720h
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the images of this recipe
    recipe: Option<String>,
    /// Only images in this state; may be given several times
    #[arg(long, value_parser = states())]
    state: Vec<ImageState>,
    /// Only what this channel names
    #[arg(long)]
    channel: Option<String>,
    /// Only images with this tag; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    tag: Vec<String>,
    /// Only what started from this image
    #[arg(long, value_name = "IMAGE")]
    parent: Option<String>,
    /// Only what was made since then: a date, a time, or how long ago it is, such as `720h`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most this many
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: usize,
    /// The page after this image, the last one of the page before
    #[arg(long, value_name = "IMAGE")]
    after: Option<ImageId>,
}

fn states() -> impl clap::builder::TypedValueParser<Value = ImageState> {
    let value = |state: ImageState| PossibleValue::new(state.name()).help(state.summary());
    PossibleValuesParser::new(ImageState::ALL.map(value))
        .map(|name| ImageState::named(&name).expect("one of the possible values"))
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let mut rows = Vec::new();
    if let Some(catalog) = catalog::with_all(app)? {
        let filter = filter(args, app, &catalog)?;
        // One more tells whether there is another page.
        rows = catalog.images(&filter, args.after.as_ref(), args.limit.saturating_add(1))?;
    }
    let is_more = rows.len() > args.limit;
    rows.truncate(args.limit);
    let images = Images::new(&app.home()?);
    let found = rows
        .into_iter()
        .map(|row| Ok((images.get(&row.made.id)?, row)))
        .collect::<Result<Vec<_>, CmdError>>()?;
    let next = found.last().filter(|_| is_more);
    let next = next.map(|(_, row)| typed(&row.made.id));
    if app.output.is_json {
        let shown: Vec<_> = found
            .iter()
            .map(|(image, row)| json(image.as_ref(), row))
            .collect();
        app.output
            .json(&serde_json::json!({ "images": shown, "next": next }));
        return Ok(Outcome::Done);
    }
    if found.is_empty() {
        app.output
            .aside("no images of that kind; `goldsmith build` makes them\n");
        return Ok(Outcome::Done);
    }
    app.output.text(&table(
        [
            "IMAGE", "VERSION", "STATE", "CHANNELS", "MADE", "BOOT", "SIZE", "ON DISK", "TEST",
        ],
        found.iter().map(|(image, row)| line(image.as_ref(), row)),
    ));
    if let Some(next) = next {
        app.output
            .aside(&format!("\nthere are more: `--after {next}`\n"));
    }
    Ok(Outcome::Done)
}

fn filter(
    args: &Args,
    app: &App,
    known: &dyn goldsmith_core::catalog::Catalog,
) -> Result<ImageFilter, CmdError> {
    let mut tags = BTreeMap::new();
    for tag in &args.tag {
        let (name, value) = tag.split_once('=').ok_or_else(|| {
            CmdError::usage(format!("`{tag}` is no tag")).hint("say `--tag team=platform`")
        })?;
        tags.insert(name.to_owned(), value.to_owned());
    }
    let parent = args.parent.as_deref();
    let since = args.since.as_deref();
    Ok(ImageFilter {
        name: args.recipe.clone(),
        states: args.state.clone(),
        channel: args.channel.clone(),
        tags,
        parent: parent
            .map(|parent| catalog::id(app, known, parent))
            .transpose()?,
        since_unix: since.map(|since| unix(app, since)).transpose()?,
    })
}

/// A moment as people say it, in seconds since 1970-01-01 UTC.
fn unix(app: &App, said: &str) -> Result<i64, CmdError> {
    if let Ok(ago) = parse_duration(said) {
        let ago = i64::try_from(ago.as_secs()).unwrap_or(i64::MAX);
        return Ok(app.cx.clock().unix_seconds().saturating_sub(ago));
    }
    let of_day = |date: jiff::civil::Date| date.to_zoned(jiff::tz::TimeZone::UTC);
    let time = said.parse::<jiff::Timestamp>().or_else(|_| {
        let day = said.parse::<jiff::civil::Date>().and_then(of_day)?;
        Ok::<_, jiff::Error>(day.timestamp())
    });
    time.map(jiff::Timestamp::as_second).map_err(|_| {
        CmdError::usage(format!("`{said}` is no time"))
            .hint("such as `2026-01-31`, `2026-01-31T08:00:00Z`, or `720h` for so long ago")
    })
}

fn line(image: Option<&Image>, row: &ImageRow) -> [String; 9] {
    let made = &row.made;
    let record = image.map(|image| &image.record);
    let disk = record.and_then(|record| record.artifacts.first());
    let boot = record.map(|record| record.boot.iter().map(|firmware| firmware.name()));
    let size = made.artifacts.first().map(|disk| disk.size_bytes);
    [
        made.id.name.clone(),
        format!("{}/{}", made.id.version, made.id.build),
        row.state.name().to_owned(),
        row.channels.join(","),
        date(made.created_unix),
        boot.map_or_else(String::new, |names| names.collect::<Vec<_>>().join("+")),
        size.map_or_else(String::new, format_bytes),
        match (record, disk) {
            (None, _) => "gone".to_owned(),
            (Some(record), None) => record.cloud.as_ref().map_or_else(String::new, |there| {
                format!("{} {}", there.region, there.id)
            }),
            (_, disk) => disk.map_or_else(String::new, |disk| format_bytes(disk.allocated_bytes)),
        },
        image.map_or_else(|| "-".to_owned(), test_word),
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

/// An image as `images` and `show` give it: its record, or what the catalog has of it, and how it
/// stands.
pub(crate) fn json(image: Option<&Image>, row: &ImageRow) -> serde_json::Value {
    let made = &row.made;
    let mut shown = if let Some(image) = image {
        serde_json::json!(image.record)
    } else {
        let artifacts = made.artifacts.iter().map(|artifact| {
            serde_json::json!({ "file": artifact.file, "kind": artifact.format,
                "size_bytes": artifact.size_bytes, "digest": artifact.digest })
        });
        serde_json::json!({ "name": made.id.name, "version": made.id.version,
            "build": made.id.build, "purpose": made.purpose, "arch": made.arch,
            "created_unix": made.created_unix, "key": made.key,
            "artifacts": artifacts.collect::<Vec<_>>() })
    };
    shown["os"] = made.os.clone().into();
    shown["state"] = row.state.name().into();
    shown["reason"] = row.reason.clone().into();
    shown["changed_unix"] = row.changed_unix.into();
    shown["channels"] = serde_json::json!(row.channels);
    shown["tags"] = serde_json::json!(row.tags);
    shown["is_here"] = image.is_some().into();
    shown
}
