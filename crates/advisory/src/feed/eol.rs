//! Until when releases of distributions are looked after, as endoflife.date says: its answer for
//! one product (a list, the product is the file's name), or a map of several.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Draft, FeedError, Kind, json};
use crate::format::Release;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Document {
    Product(Vec<Cycle>),
    Products(BTreeMap<String, Vec<Cycle>>),
}

#[derive(Debug, Deserialize)]
struct Cycle {
    #[serde(alias = "releaseCycle")]
    cycle: String,
    #[serde(default)]
    eol: Option<DateOrFlag>,
    #[serde(alias = "extendedSupport", default)]
    eoes: Option<DateOrFlag>,
    #[serde(default)]
    lts: Option<DateOrFlag>,
    #[serde(rename = "latestReleaseDate", default)]
    latest: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum DateOrFlag {
    Flag(bool),
    Date(String),
}

impl DateOrFlag {
    /// `true` is an end that has come, nobody says when.
    fn date(&self) -> Option<String> {
        match self {
            Self::Date(date) => Some(date.clone()),
            Self::Flag(true) => Some("0000-00-00".to_owned()),
            Self::Flag(false) => None,
        }
    }
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Draft, FeedError> {
    let mut feed = "end-of-life".to_owned();
    let products = match json(name, "endoflife.date", bytes)? {
        Document::Products(products) => products,
        Document::Product(cycles) => {
            let file = name.rsplit('/').next().unwrap_or(name);
            let product = file.split('.').next().unwrap_or(file);
            // Each comes and ages by itself.
            feed = format!("{feed}-{product}");
            BTreeMap::from([(product.to_owned(), cycles)])
        }
    };
    let mut draft = Draft::new(Kind::EndOfLife, feed);
    for (product, cycles) in products {
        let mut releases = Vec::new();
        for cycle in cycles {
            draft.saw(cycle.latest.as_deref().unwrap_or_default());
            let is_date = |it: &&DateOrFlag| matches!(it, DateOrFlag::Date(_));
            let extended = cycle.eoes.as_ref().filter(is_date);
            let extended = extended.or(cycle.lts.as_ref().filter(is_date));
            releases.push(Release {
                cycle: cycle.cycle,
                end: cycle.eol.as_ref().and_then(DateOrFlag::date),
                extended: extended.and_then(DateOrFlag::date),
            });
            draft.records += 1;
        }
        draft.entry('L', &[&product], &releases);
    }
    Ok(draft)
}
