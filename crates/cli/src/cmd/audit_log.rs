//! `goldsmith audit-log`: who changed what, and whether that is all of it.

use goldsmith_catalog::Head;
use goldsmith_core::catalog::{AuditRow, Catalog as _};
use goldsmith_core::failure::Class;
use serde_json::Value;

use crate::app::App;
use crate::args::Outcome;
use crate::output::{date, table};
use crate::report::CmdError;
use crate::wiring;

/// Show the audit log, oldest first, after looking at all of it
///
/// Each line holds the digest of the one before: a line that was changed or taken away is found
/// and named, and the command fails with 7. Note the head that it prints where nobody who can
/// write the catalog can write; `--head` tells later whether it is still the same log.
///
/// Example: goldsmith audit-log "web 1.4.0/3"
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only what was done to this: `web 1.4.0/3`, `web@production`, `run 7`
    subject: Option<String>,
    /// At most this many lines, the last ones
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: usize,
    /// A line that must still be there as it was noted
    #[arg(long, value_name = "LINE:DIGEST", value_parser = head)]
    head: Option<Head>,
}

/// How many lines are read at once.
const PAGE: usize = 5_000;

/// `7:ba7816bf...`, as it is printed.
pub(crate) fn head(text: &str) -> Result<Head, String> {
    let parts = text.split_once(':');
    let parsed = parts.and_then(|(seq, digest)| {
        Some(Head {
            seq: seq.parse().ok()?,
            digest: digest.parse().ok()?,
        })
    });
    parsed.ok_or_else(|| "a head is a number and a digest, as `audit-log` prints them".to_owned())
}

/// The same the other way.
pub(crate) fn head_text(head: Head) -> String {
    format!("{}:{}", head.seq, head.digest)
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    if !app.home()?.exists() {
        return Err(CmdError::usage("there is no audit log yet"));
    }
    let catalog = wiring::catalog(app)?;
    let checked = catalog.check(args.head)?;
    let subject = args.subject.as_deref();
    // Without a subject the last ones are known by their number.
    let mut after = match subject {
        Some(_) => 0,
        None => checked.head.seq.saturating_sub(args.limit as u64),
    };
    let mut lines: Vec<AuditRow> = Vec::new();
    loop {
        let page = catalog.audit(subject, after, PAGE)?;
        let is_end = page.len() < PAGE;
        after = page.last().map_or(after, |line| line.seq);
        lines.extend(page);
        lines.drain(..lines.len().saturating_sub(args.limit));
        if is_end {
            break;
        }
    }
    let head = head_text(checked.head);
    if app.output.is_json {
        let problems: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
        let lines: Vec<_> = lines.iter().map(json).collect();
        app.output
            .json(&serde_json::json!({ "lines": lines, "head": head, "problems": problems }));
    } else {
        app.output.text(&table(
            ["LINE", "WHEN", "WHO", "WHAT", "TO", "HOW"],
            lines.iter().map(row),
        ));
        app.output.text(&format!("\nhead {head}\n"));
        for problem in &checked.problems {
            app.output.error(&format!("error: {problem}\n"));
        }
    }
    if checked.problems.is_empty() {
        Ok(Outcome::Done)
    } else {
        Ok(Outcome::No(Class::Environment))
    }
}

fn row(line: &AuditRow) -> [String; 6] {
    [
        line.seq.to_string(),
        date(line.unix),
        line.actor.clone(),
        line.action.clone(),
        line.subject.clone(),
        how(line),
    ]
}

/// What a line says besides, in words.
pub(crate) fn how(line: &AuditRow) -> String {
    let detail: Value = serde_json::from_str(&line.detail).unwrap_or_default();
    let word = |name: &str| detail[name].as_str().unwrap_or_default();
    let because = |text: String| match word("reason") {
        "" => text,
        reason => format!("{text}: {reason}"),
    };
    match line.action.as_str() {
        "image" => word("state").to_owned(),
        "state" => because(format!("{} -> {}", word("before"), word("state"))),
        "tag" if detail["value"].is_null() => format!("{} off", word("name")),
        "tag" => format!("{}={}", word("name"), word("value")),
        "copy" if detail["is_there"] == false => format!("{} gone", word("target")),
        "copy" => format!("{} {}", word("target"), word("location")),
        "statement" => word("predicate_type").to_owned(),
        "channel" if detail["image"].is_null() => because("none".to_owned()),
        "channel" => because(word("image").to_owned()),
        "run" if !word("pipeline").is_empty() => {
            format!(
                "{} {}, by {}",
                word("pipeline"),
                word("status"),
                word("trigger")
            )
        }
        "run" => [word("status"), word("note")]
            .join(" ")
            .trim_end()
            .to_owned(),
        _ => match &detail {
            Value::String(text) => text.clone(),
            _ => line.detail.clone(),
        },
    }
}

pub(crate) fn json(line: &AuditRow) -> Value {
    let detail: Value = serde_json::from_str(&line.detail).unwrap_or_default();
    serde_json::json!({ "line": line.seq, "unix": line.unix, "actor": line.actor,
        "action": line.action, "subject": line.subject, "detail": detail,
        "digest": line.digest.to_string() })
}
