//! Version 1 of the form, which is still read: every recipe starts from a Debian suite, and the
//! request is that of Debian without saying so.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::format::{DebianRequest, Input, Package, ReleaseRef, Request, Section};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "version")]
    _version: u32,
    recipes: BTreeMap<String, SectionV1>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionV1 {
    source: String,
    request: DebianRequest,
    epoch: i64,
    releases: Vec<ReleaseRef>,
    documents: Vec<Input>,
    packages: Vec<Package>,
    boot: Vec<Package>,
}

impl File {
    /// What it says, in today's form.
    pub(super) fn recipes(self) -> BTreeMap<String, Section> {
        let recipes = self.recipes.into_iter();
        recipes
            .map(|(name, section)| (name, section.into()))
            .collect()
    }
}

impl From<SectionV1> for Section {
    fn from(old: SectionV1) -> Self {
        Self {
            source: old.source,
            request: Request::Debian(old.request),
            parent: None,
            epoch: old.epoch,
            releases: old.releases,
            documents: old.documents,
            packages: old.packages,
            boot: old.boot,
        }
    }
}
