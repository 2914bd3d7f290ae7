//! CISA's catalogue of vulnerabilities that are known to be exploited, as published
//! (`vulnerabilities` is a list) or by CVE (it is a map).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Draft, FeedError, Kind, json};
use crate::format::Exploited;

#[derive(Debug, Deserialize)]
struct Catalogue {
    #[serde(rename = "catalogVersion")]
    version: String,
    vulnerabilities: Vulnerabilities,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Vulnerabilities {
    List(Vec<Entry>),
    Map(BTreeMap<String, Entry>),
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "cveID", default)]
    id: String,
    #[serde(rename = "dateAdded")]
    date: String,
    #[serde(alias = "vulnerabilityName", default)]
    name: String,
    #[serde(alias = "knownRansomwareCampaignUse", default)]
    ransomware: String,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Draft, FeedError> {
    let catalogue: Catalogue = json(name, "CISA's KEV catalogue", bytes)?;
    let mut draft = Draft::new(Kind::Kev, "kev");
    draft.saw(&catalogue.version.replace('.', "-"));
    let entries: Vec<(String, Entry)> = match catalogue.vulnerabilities {
        Vulnerabilities::List(list) => list.into_iter().map(|it| (it.id.clone(), it)).collect(),
        Vulnerabilities::Map(map) => map.into_iter().collect(),
    };
    for (id, entry) in entries {
        let exploited = Exploited {
            date: entry.date,
            name: entry.name,
            is_ransomware: entry.ransomware == "Known",
        };
        draft.entry('X', &[&id], &exploited);
        draft.records += 1;
    }
    Ok(draft)
}
