//! `goldsmith feed status`: which feeds there are, and how old they are.

use goldsmith_advisory::format::{self, Header};
use goldsmith_core::recipe::ScanSpec;

use crate::app::App;
use crate::args::Outcome;
use crate::output::{date, table};
use crate::report::CmdError;

/// List the feeds on this machine with their age
///
/// Example: goldsmith feed status
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let feeds = super::feeds(app)?;
    let mut headers = Vec::new();
    for name in feeds.names()? {
        match format::header(&feeds.head(&name)?) {
            Ok((header, _)) => headers.push(header),
            Err(error) => app
                .cx
                .warn(format!("the feed `{name}` cannot be read: {error}")),
        }
    }
    let now = app.cx.clock().unix_seconds();
    if app.output.is_json {
        let feeds: Vec<_> = headers
            .iter()
            .map(|header| {
                let mut value = serde_json::to_value(header).expect("texts and numbers");
                value["age_seconds"] = now.saturating_sub(header.as_of).into();
                value["is_stale"] = is_stale(header, now).into();
                value
            })
            .collect();
        let sources = super::feeds(app)?.sources()?;
        app.output
            .json(&serde_json::json!({ "version": 1, "feeds": feeds, "sources": sources }));
        return Ok(Outcome::Done);
    }
    if headers.is_empty() {
        app.output.aside(
            "no feeds yet: `goldsmith feed update` fetches them, `goldsmith feed import` reads files\n",
        );
        return Ok(Outcome::Done);
    }
    app.output.text(&table(
        ["FEED", "ENTRIES", "AS OF", "AGE", "FROM"],
        headers.iter().map(|header| row(header, now)),
    ));
    Ok(Outcome::Done)
}

fn row(header: &Header, now: i64) -> [String; 5] {
    let days = now.saturating_sub(header.as_of) / (24 * 60 * 60);
    let age = match days {
        ..=0 => "today".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let mark = if is_stale(header, now) { ", stale" } else { "" };
    [
        header.name.clone(),
        header.records.to_string(),
        date(header.as_of),
        format!("{age}{mark}"),
        header.origin.clone(),
    ]
}

/// Older than a policy allows that says nothing of it.
fn is_stale(header: &Header, now: i64) -> bool {
    let limit = i64::try_from(ScanSpec::default().max_feed_age.as_secs()).unwrap_or(i64::MAX);
    header.kind.ages() && now.saturating_sub(header.as_of) > limit
}
