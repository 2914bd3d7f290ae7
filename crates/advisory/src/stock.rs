//! An inventory in the units that advisories speak of: source packages of Debian, binary packages
//! of AlmaLinux, distributions of Python. It is all that matching needs, so it is kept beside an
//! image and held against every new feed without the disk.
//!
//! ```text
//! goldsmith-stock 1\n
//! {"id":"debian","version":"12","codename":"bookworm","title":…,"point_release":"12.15"}\n   or null
//! one line each, sorted; fields between tabs:
//!   ecosystem  name  version  module stream  group  foreign  binaries, with blanks between
//! ```
//!
//! `foreign` says why a package is none of the distribution's own; empty: it is.

mod foreign;

use std::collections::BTreeMap;

use goldsmith_core::inventory::{Distribution, Ecosystem, Inventory, Package, python_name};
use serde::{Deserialize, Serialize};

use crate::space;

const MAGIC: &str = "goldsmith-stock ";
/// The version this program reads and writes.
const VERSION: &str = "1";

/// What an image is made of, ready to be matched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    /// `None`: the image does not say.
    pub distribution: Option<Distribution>,
    /// Sorted, no two for the same thing.
    pub items: Vec<Item>,
}

/// One thing that advisories may name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Its package system.
    pub ecosystem: Ecosystem,
    /// As advisories call it.
    pub name: String,
    /// Its version, as advisories count.
    pub version: String,
    /// The module stream it was built in.
    pub module: Option<String>,
    /// What it is reported with: the source package, else its own name.
    pub group: String,
    /// Why it is not the distribution's own; `None`: it is.
    pub foreign: Option<String>,
    /// The installed packages that it stands for.
    pub binaries: Vec<String>,
}

/// A stock that is not in its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not a list of packages of Goldsmith, or damaged: {0}")]
pub struct StockError(String);

#[derive(Serialize, Deserialize)]
struct DistributionForm {
    id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    like: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    codename: Option<String>,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    point_release: Option<String>,
}

impl Stock {
    /// The stock of an inventory. What a package of the system brought is left to that package.
    pub fn of(inventory: &Inventory) -> Self {
        let distribution = inventory.distribution.clone();
        let mut items: BTreeMap<Item, Vec<String>> = BTreeMap::new();
        for package in inventory.packages.iter().filter(|it| it.owner.is_none()) {
            let item = item(package, distribution.as_ref());
            items.entry(item).or_default().push(package.name.clone());
        }
        let items = items.into_iter().map(|(mut item, mut binaries)| {
            binaries.sort();
            binaries.dedup();
            item.binaries = binaries;
            item
        });
        Self {
            distribution,
            items: items.collect(),
        }
    }

    /// The space of an item; `None`: of a distribution that does not say its release.
    pub(crate) fn space(&self, ecosystem: Ecosystem) -> Option<String> {
        match space::of_language(ecosystem) {
            Some(language) => Some(language.to_owned()),
            None => space::of_distribution(self.distribution.as_ref()?),
        }
    }

    /// As it is stored.
    pub fn encode(&self) -> String {
        let form = self.distribution.as_ref().map(|it| DistributionForm {
            id: it.id.clone(),
            like: it.like.clone(),
            version: it.version.clone(),
            codename: it.codename.clone(),
            title: it.title.clone(),
            point_release: it.point_release.clone(),
        });
        let head = serde_json::to_string(&form).expect("texts");
        let mut text = format!("{MAGIC}{VERSION}\n{head}\n");
        for item in &self.items {
            let field = |text: &str| text.replace(['\t', '\n', '\r'], " ");
            let fields = [
                item.ecosystem.purl_type().to_owned(),
                field(&item.name),
                field(&item.version),
                field(item.module.as_deref().unwrap_or_default()),
                field(&item.group),
                field(item.foreign.as_deref().unwrap_or_default()),
                field(&item.binaries.join(" ")),
            ];
            text.push_str(&fields.join("\t"));
            text.push('\n');
        }
        text
    }

    /// Reads what [`Stock::encode`] wrote.
    pub fn decode(text: &str) -> Result<Self, StockError> {
        let damaged = |what: &str| StockError(what.to_owned());
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        if first.strip_prefix(MAGIC) != Some(VERSION) {
            return Err(damaged("it begins otherwise"));
        }
        let head = lines.next().unwrap_or_default();
        let form: Option<DistributionForm> =
            serde_json::from_str(head).map_err(|e| StockError(e.to_string()))?;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut items = Vec::new();
        for line in lines {
            let mut fields = line.split('\t');
            let mut next = || fields.next().ok_or_else(|| damaged("a line is too short"));
            let system = next()?;
            let ecosystem = Ecosystem::ALL
                .into_iter()
                .find(|one| one.purl_type() == system)
                .ok_or_else(|| damaged("an unknown package system"))?;
            items.push(Item {
                ecosystem,
                name: next()?.to_owned(),
                version: next()?.to_owned(),
                module: some(next()?),
                group: next()?.to_owned(),
                foreign: some(next()?),
                binaries: next()?.split(' ').map(str::to_owned).collect(),
            });
        }
        let distribution = form.map(|it| Distribution {
            id: it.id,
            like: it.like,
            version: it.version,
            codename: it.codename,
            title: it.title,
            point_release: it.point_release,
        });
        Ok(Self {
            distribution,
            items,
        })
    }
}

fn item(package: &Package, distribution: Option<&Distribution>) -> Item {
    let (name, version) = match package.ecosystem {
        Ecosystem::Deb => debian(package),
        Ecosystem::Apk => (
            package.source_name().to_owned(),
            package.source_version().to_owned(),
        ),
        Ecosystem::Python => (python_name(&package.name), package.version.clone()),
        _ => (package.name.clone(), package.version.clone()),
    };
    let group = match package.ecosystem {
        Ecosystem::Rpm => package.source_name().to_owned(),
        _ => name.clone(),
    };
    Item {
        ecosystem: package.ecosystem,
        name,
        version,
        module: package.module.clone(),
        group,
        foreign: foreign::reason(package, distribution),
        binaries: Vec::new(),
    }
}

/// The source package and its version. Signed kernels are built from a source package of their
/// own (`linux-signed-amd64` 6.1.176+1), but what is known is filed under `linux`, whose version
/// the signed binary has (6.1.176-1).
fn debian(package: &Package) -> (String, String) {
    let source = package.source_name();
    let Some(rest) = source.strip_prefix("linux-signed") else {
        return (source.to_owned(), package.source_version().to_owned());
    };
    let middle = ["-amd64", "-arm64", "-i386"]
        .iter()
        .find_map(|arch| rest.strip_suffix(arch))
        .unwrap_or(rest);
    (format!("linux{middle}"), package.version.clone())
}

#[cfg(test)]
mod tests;
