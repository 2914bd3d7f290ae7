//! `goldsmith history`: what became of an image, or what a channel has named.

use goldsmith_core::catalog::{AuditRow, Catalog, ChannelRow};

use super::audit_log::{how, json};
use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::output::{date, table};
use crate::report::CmdError;
use crate::wiring;

/// Show what became of an image, or, with `--channel`, what a channel has named
///
/// Example: goldsmith history web@1.4.0
/// Example: goldsmith history web --channel production
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web`, `web@1.4.0`, `web@1.4.0/2`, `web@production`; with `--channel` the recipe
    image: String,
    /// The channel
    #[arg(long)]
    channel: Option<String>,
}

/// How many lines are read at once.
const PAGE: usize = 5_000;

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let catalog = wiring::catalog(app)?;
    match &args.channel {
        Some(channel) => of_channel(app, &catalog, &args.image, channel),
        None => of_image(app, &catalog, &args.image),
    }
}

fn of_image(app: &App, catalog: &dyn Catalog, wanted: &str) -> Result<Outcome, CmdError> {
    let image = catalog::id(app, catalog, wanted)?;
    let mut lines: Vec<AuditRow> = Vec::new();
    loop {
        let after = lines.last().map_or(0, |line| line.seq);
        let page = catalog.audit(Some(&image.to_string()), after, PAGE)?;
        let is_end = page.len() < PAGE;
        lines.extend(page);
        if is_end {
            break;
        }
    }
    let named: Vec<ChannelRow> = catalog
        .channel_history(&image.name, None)?
        .into_iter()
        .filter(|row| row.image.as_ref() == Some(&image))
        .collect();
    if app.output.is_json {
        let lines: Vec<_> = lines.iter().map(json).collect();
        let channels: Vec<_> = named.iter().map(channel_json).collect();
        app.output.json(
            &serde_json::json!({ "image": image.to_string(), "lines": lines,
            "channels": channels }),
        );
        return Ok(Outcome::Done);
    }
    let mut rows: Vec<(i64, [String; 4])> = Vec::new();
    for line in &lines {
        let row = [
            date(line.unix),
            line.actor.clone(),
            line.action.clone(),
            how(line),
        ];
        rows.push((line.unix, row));
    }
    for row in named.iter().rev() {
        let said = [
            date(row.unix),
            row.actor.clone(),
            "channel".to_owned(),
            named_so(row),
        ];
        rows.push((row.unix, said));
    }
    // Stable: what was done in one second stays in its order.
    rows.sort_by_key(|(unix, _)| *unix);
    app.output.text(&format!("{image}\n\n"));
    let rows = rows.into_iter().map(|(_, row)| row);
    app.output
        .text(&table(["WHEN", "WHO", "WHAT", "HOW"], rows));
    Ok(Outcome::Done)
}

fn of_channel(
    app: &App,
    catalog: &dyn Catalog,
    family: &str,
    channel: &str,
) -> Result<Outcome, CmdError> {
    let history = catalog.channel_history(family, Some(channel))?;
    if history.is_empty() {
        let mut channels: Vec<String> = catalog
            .channel_history(family, None)?
            .into_iter()
            .map(|row| row.channel)
            .collect();
        channels.sort();
        channels.dedup();
        let error = CmdError::usage(format!("`{family}` has no channel `{channel}`"));
        return Err(match channels.as_slice() {
            [] => error,
            known => error.hint(format!("there are: {}", known.join(", "))),
        });
    }
    let json = || {
        let rows: Vec<_> = history.iter().map(channel_json).collect();
        serde_json::json!({ "family": family, "channel": channel, "history": rows })
    };
    let rows = history.iter().map(|row| {
        let image = row.image.as_ref();
        [
            date(row.unix),
            image.map_or_else(|| "none".to_owned(), ToString::to_string),
            row.actor.clone(),
            row.reason.clone(),
        ]
    });
    app.output
        .result(&table(["SINCE", "IMAGE", "WHO", "WHY"], rows), json);
    Ok(Outcome::Done)
}

/// `production: a week in staging`.
fn named_so(row: &ChannelRow) -> String {
    match row.reason.as_str() {
        "" => row.channel.clone(),
        reason => format!("{}: {reason}", row.channel),
    }
}

fn channel_json(row: &ChannelRow) -> serde_json::Value {
    serde_json::json!({ "channel": row.channel, "unix": row.unix, "actor": row.actor,
        "reason": row.reason, "image": row.image.as_ref().map(ToString::to_string) })
}
