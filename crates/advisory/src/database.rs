//! All feeds together, in memory, and the answers that matching asks of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::inventory::Ecosystem;

use crate::format::{
    self, Advisory, Exploited, FormatError, Header, Lines, Rating, Release, Row, Support,
};
use crate::{space, version};

/// A feed file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the feed `{name}` cannot be read")]
pub struct DatabaseError {
    /// Its name.
    pub name: String,
    /// Why.
    #[source]
    pub source: FormatError,
}

impl Failure for DatabaseError {
    fn class(&self) -> Class {
        Class::Environment
    }

    fn hints(&self) -> Vec<String> {
        vec!["`goldsmith feed update` or `goldsmith feed import` writes it anew".to_owned()]
    }
}

/// Every feed at hand. Rows are decoded when somebody asks for their package, and then kept.
#[derive(Debug, Default)]
pub struct Database {
    /// Those that are believed first stand first.
    feeds: Vec<Feed>,
}

/// One feed.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) header: Header,
    lines: Lines,
    packages: Vec<OnceLock<Package>>,
}

/// What a feed says of one package.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) rows: Vec<Row>,
    /// Rows that say no more than "below this version", in the order of that version: what is
    /// affected is what stands behind a place that is found by halving.
    pub(crate) by_fix: Vec<u32>,
    /// All others.
    pub(crate) others: Vec<u32>,
}

impl Package {
    fn decode(rows: &str, ecosystem: Option<Ecosystem>) -> Self {
        // A line that this program did not write says nothing; it cannot come from `encode`.
        let rows: Vec<Row> = serde_json::from_str(rows).unwrap_or_default();
        let mut package = Self::default();
        for (at, row) in (0..).zip(&rows) {
            if ecosystem.is_some() && fix(row).is_some() {
                package.by_fix.push(at);
            } else {
                package.others.push(at);
            }
        }
        if let Some(ecosystem) = ecosystem {
            let fix = |at: &u32| fix(&rows[*at as usize]).unwrap_or_default();
            package
                .by_fix
                .sort_by(|a, b| version::compare(ecosystem, fix(a), fix(b)));
        }
        package.rows = rows;
        package
    }
}

/// The fixed version of a row that says nothing else.
pub(crate) fn fix(row: &Row) -> Option<&str> {
    let [range] = row.ranges.as_slice() else {
        return None;
    };
    let is_plain = row.state.is_none()
        && row.versions.is_empty()
        && row.module.is_none()
        && range.introduced.is_none();
    range.fixed.as_deref().filter(|_| is_plain)
}

impl Feed {
    /// What it says of a package; `None`: nothing.
    pub(crate) fn package(&self, space: &str, name: &str) -> Option<&Package> {
        let (at, rows) = self.lines.find(&format!("P\t{space}\t{name}"))?;
        let decode = || Package::decode(rows, space::ecosystem(space));
        Some(self.packages[at].get_or_init(decode))
    }

    pub(crate) fn knows(&self, space: &str) -> bool {
        self.header.spaces.iter().any(|known| known == space)
    }

    /// What an advisory says of itself.
    pub(crate) fn advisory(&self, id: &str) -> Advisory {
        self.value(&format!("A\t{id}")).unwrap_or_default()
    }

    fn value<T: serde::de::DeserializeOwned>(&self, key: &str) -> Option<T> {
        let (_, value) = self.lines.find(key)?;
        serde_json::from_str(value).ok()
    }
}

impl Database {
    /// Takes feed files with their names.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, DatabaseError> {
        let mut feeds = Vec::new();
        for (name, file) in files {
            let read = || {
                let (header, start) = format::header(&file)?;
                Ok((header, Lines::decode(&file[start..])?))
            };
            let (header, lines) = read().map_err(|source| DatabaseError { name, source })?;
            let packages = (0..lines.len()).map(|_| OnceLock::new()).collect();
            feeds.push(Feed {
                header,
                lines,
                packages,
            });
        }
        feeds.sort_by(|a, b| (a.header.kind, &a.header.name).cmp(&(b.header.kind, &b.header.name)));
        Ok(Self { feeds })
    }

    /// What each feed says of itself.
    pub fn headers(&self) -> impl Iterator<Item = &Header> {
        self.feeds.iter().map(|feed| &feed.header)
    }

    /// The feeds that know packages of this space.
    pub(crate) fn of_space<'a, 's>(
        &'a self,
        space: &'s str,
    ) -> impl Iterator<Item = &'a Feed> + use<'a, 's> {
        self.feeds.iter().filter(move |feed| feed.knows(space))
    }

    fn first<T: serde::de::DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.feeds.iter().find_map(|feed| feed.value(key))
    }

    /// Whether, and since when, a vulnerability is known to be exploited.
    pub(crate) fn exploited(&self, cve: &str) -> Option<Exploited> {
        self.first(&format!("X\t{cve}"))
    }

    /// How bad others call it.
    pub(crate) fn rating(&self, cve: &str) -> Option<Rating> {
        self.first(&format!("R\t{cve}"))
    }

    /// The releases of a product.
    pub(crate) fn releases(&self, product: &str) -> Option<Vec<Release>> {
        self.first(&format!("L\t{product}"))
    }

    /// Source packages of a release with less support, by the pattern of their name.
    pub(crate) fn support(&self, space: &str) -> BTreeMap<String, Support> {
        let prefix = format!("S\t{space}\t");
        let feeds = self.feeds.iter();
        feeds
            .flat_map(|feed| feed.lines.beginning(&prefix))
            .filter_map(|(key, value)| {
                let name = key.rsplit('\t').next()?;
                Some((name.to_owned(), serde_json::from_str(value).ok()?))
            })
            .collect()
    }
}
