//! `goldsmith feed update`: feeds from those who publish them.

use std::fs;

use goldsmith_advisory::feed::{Import, Origin};
use goldsmith_advisory::format::{self, Header};
use goldsmith_core::failure::Class;
use goldsmith_core::remote::{Download, Unpinned, Validators};
use goldsmith_store::{FeedWriter, Feeds};

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;
use crate::wiring;

/// Feeds that have a name of their own, and where their publishers keep them.
const KNOWN: [(&str, &str); 17] = [
    (
        "debian-tracker",
        "https://security-tracker.debian.org/tracker/data/json",
    ),
    (
        "kev",
        "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    ),
    (
        "osv-almalinux",
        "https://osv-vulnerabilities.storage.googleapis.com/AlmaLinux/all.zip",
    ),
    (
        "osv-alpine",
        "https://osv-vulnerabilities.storage.googleapis.com/Alpine/all.zip",
    ),
    (
        "osv-crates.io",
        "https://osv-vulnerabilities.storage.googleapis.com/crates.io/all.zip",
    ),
    (
        "osv-debian",
        "https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip",
    ),
    (
        "osv-go",
        "https://osv-vulnerabilities.storage.googleapis.com/Go/all.zip",
    ),
    (
        "osv-maven",
        "https://osv-vulnerabilities.storage.googleapis.com/Maven/all.zip",
    ),
    (
        "osv-npm",
        "https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip",
    ),
    (
        "osv-pypi",
        "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip",
    ),
    (
        "osv-rocky",
        "https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip",
    ),
    (
        "osv-ubuntu",
        "https://osv-vulnerabilities.storage.googleapis.com/Ubuntu/all.zip",
    ),
    (
        "end-of-life-almalinux",
        "https://endoflife.date/api/almalinux.json",
    ),
    (
        "end-of-life-alpine-linux",
        "https://endoflife.date/api/alpine-linux.json",
    ),
    (
        "end-of-life-debian",
        "https://endoflife.date/api/debian.json",
    ),
    (
        "end-of-life-rocky-linux",
        "https://endoflife.date/api/rocky-linux.json",
    ),
    (
        "end-of-life-ubuntu",
        "https://endoflife.date/api/ubuntu.json",
    ),
];

/// What a first update without a name fetches: enough for an image of Debian.
const FIRST: [&str; 4] = ["debian-tracker", "kev", "osv-pypi", "end-of-life-debian"];

/// More than any of them has.
const LIMIT: u64 = 2 << 30;

/// Fetch feeds from their publishers
///
/// A feed is a URL (http, https) or one of: debian-tracker, kev, osv-almalinux, osv-alpine,
/// osv-crates.io, osv-debian, osv-go, osv-maven, osv-npm, osv-pypi, osv-rocky, osv-ubuntu,
/// end-of-life-almalinux, end-of-life-alpine-linux, end-of-life-debian, end-of-life-rocky-linux,
/// end-of-life-ubuntu. Feeds that are named once are renewed by every later update. What has not
/// changed is not fetched again; what cannot be fetched stays as it is and grows old.
///
/// Example: goldsmith feed update debian-tracker kev osv-npm
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Names and URLs; without any, those of earlier updates
    feeds: Vec<String>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    for feed in &args.feeds {
        url(feed)?;
    }
    let feeds = super::feeds(app)?;
    let writer = feeds.write()?;
    let mut sources = feeds.sources()?;
    let added = args.feeds.iter().filter(|feed| !sources.contains(feed));
    let added: Vec<String> = added.cloned().collect();
    sources.extend(added);
    if sources.is_empty() {
        sources = FIRST.map(str::to_owned).to_vec();
    }
    writer.set_sources(&sources)?;
    let wanted = if args.feeds.is_empty() {
        &sources
    } else {
        &args.feeds
    };
    let http = wiring::download(app);
    let (mut text, mut results, mut is_whole) = (String::new(), Vec::new(), true);
    for source in wanted {
        let outcome = renew(app, &http, &feeds, &writer, source);
        let (word, lines) = match &outcome {
            Ok(None) => ("unchanged", format!("{source}: nothing new\n")),
            Ok(Some(lines)) => ("renewed", lines.clone()),
            Err(error) if error.class() == Class::Cancelled => {
                return outcome.map(|_| Outcome::Done);
            }
            Err(error) => {
                is_whole = false;
                app.cx.warn(format!("{source}: {}", error.message()));
                ("failed", String::new())
            }
        };
        text.push_str(&lines);
        let message = outcome.as_ref().err().map(CmdError::message);
        results.push(serde_json::json!({ "source": source, "result": word, "error": message }));
    }
    app.output.result(
        &text,
        || serde_json::json!({ "version": 1, "sources": results }),
    );
    Ok(if is_whole {
        Outcome::Done
    } else {
        Outcome::No(Class::Remote)
    })
}

/// Where a name or a URL leads.
fn url(source: &str) -> Result<&str, CmdError> {
    if source.starts_with("http://") || source.starts_with("https://") {
        return Ok(source);
    }
    let known = KNOWN.iter().find(|(name, _)| *name == source);
    known.map(|(_, url)| *url).ok_or_else(|| {
        let names: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
        CmdError::usage(format!("there is no feed `{source}`"))
            .hint(format!("a URL, or one of {}", names.join(", ")))
    })
}

/// The lines of what came; `None`: nothing is new, which makes what is there as good as new.
fn renew(
    app: &App,
    http: &dyn Download,
    feeds: &Feeds,
    writer: &FeedWriter,
    source: &str,
) -> Result<Option<String>, CmdError> {
    let url = url(source)?;
    let now = app.cx.clock().unix_seconds();
    let had = of_origin(feeds, url)?;
    let validators = had
        .first()
        .map_or_else(Validators::default, |header| Validators {
            etag: header.etag.clone(),
            last_modified: header.last_modified.clone(),
        });
    let how = Unpinned {
        limit: LIMIT,
        ignore_certificate_errors: false,
    };
    let draft = writer.draft("download");
    let phase = app.cx.phase(format!("fetch {source}"), None);
    let Some(validators) = http.renew(&app.cx, url, how, &validators, &draft)? else {
        for header in had {
            let file = feeds.read(&header.name)?;
            let renewed = Header {
                as_of: now,
                taken: now,
                ..header
            };
            let file = format::with_header(&file, &renewed)
                .map_err(|e| CmdError::config(format!("the feed `{}`: {e}", renewed.name)))?;
            writer.replace(&renewed.name, &file)?;
        }
        phase.finish("nothing new");
        return Ok(None);
    };
    let bytes = fs::read(&draft);
    drop(fs::remove_file(&draft));
    let bytes =
        bytes.map_err(|e| CmdError::io(format!("cannot read `{}`", draft.display()), &e))?;
    let mut import = Import::default();
    import.add(url.rsplit('/').next().unwrap_or(url), &bytes)?;
    let made = import.finish(&Origin {
        url: Some(url.to_owned()),
        taken: now,
        is_current: true,
        etag: validators.etag,
        last_modified: validators.last_modified,
    });
    super::keep(writer, &made)?;
    phase.finish(format!("{} bytes", bytes.len()));
    Ok(Some(made.iter().map(super::line).collect()))
}

/// What is here from a URL.
fn of_origin(feeds: &Feeds, url: &str) -> Result<Vec<Header>, CmdError> {
    let mut found = Vec::new();
    for name in feeds.names()? {
        if let Ok((header, _)) = format::header(&feeds.head(&name)?)
            && header.origin == url
        {
            found.push(header);
        }
    }
    Ok(found)
}
