//! Fixed versions of one Debian release, as read from the changelogs of its packages: what there
//! is without Debian's tracker. It knows fixes only; what is open is not in it.
//!
//! ```text
//! {"schema":1,"distro":"debian","release":"12","codename":"bookworm","archive_date":"2026-11-21",
//!  "sources":{"openssl":{"fixes":{"CVE-…":{"fixed_version":"3.0.20-1~deb12u2","suite":…,"date":…}}}}}
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Draft, FeedError, Kind, json};
use crate::format::{Range, Row};
use crate::space;

#[derive(Debug, Deserialize)]
struct Document {
    release: String,
    #[serde(default)]
    archive_date: String,
    sources: BTreeMap<String, Source>,
}

#[derive(Debug, Deserialize)]
struct Source {
    #[serde(default)]
    fixes: BTreeMap<String, Fix>,
}

#[derive(Debug, Deserialize)]
struct Fix {
    fixed_version: String,
    #[serde(default)]
    review: bool,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Draft, FeedError> {
    let document: Document = json(name, "fixes of a Debian release", bytes)?;
    let space = space::of_debian(&document.release).ok_or_else(|| FeedError::Release {
        name: name.to_owned(),
    })?;
    let mut draft = Draft::new(Kind::DebianFixes, space.replace(':', "-fixes-"));
    draft.saw(&document.archive_date);
    for (source, found) in document.sources {
        for (id, fix) in found.fixes {
            let note = "the changelog does not say plainly that this version mends it";
            let row = Row {
                advisory: id,
                ranges: vec![Range {
                    fixed: Some(fix.fixed_version),
                    ..Range::default()
                }],
                note: fix.review.then(|| note.to_owned()),
                ..Row::default()
            };
            draft.row(&space, &source, row);
            draft.records += 1;
        }
    }
    Ok(draft)
}
