//! Bills of materials: an inventory as `CycloneDX` 1.6 or SPDX 2.3, written and read.
//!
//! ```text
//! inventory --write--> JSON, the same bytes for the same inventory and subject
//! JSON -------read---> inventory: ours as it was, others' as far as they say
//! ```
//!
//! What has no field of its own in a form stands in properties named `goldsmith:...` (`CycloneDX`)
//! or
//! in rows `name: value` of a package's comment (SPDX). The identity of a document is derived from
//! its content; its time is the image's.

use std::collections::BTreeMap;

use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::inventory::{
    Distribution, Ecosystem, Inventory, Package, Purl, SourcePackage, parse_purl,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::inventory::system::System;

mod cyclonedx;
mod spdx;

/// Who writes.
const TOOL: &str = "goldsmith";
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The form of a bill of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `CycloneDX` 1.6, JSON.
    CycloneDx,
    /// SPDX 2.3, JSON.
    Spdx,
}

/// What a bill of materials is of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its name: `web`, or that of a file.
    pub name: &'a str,
    /// Its version: `1.4.0/2`.
    pub version: Option<&'a str>,
    /// SHA-256 of its disk, in hexadecimal digits.
    pub sha256: Option<&'a str>,
    /// The image's time, in seconds since 1970.
    pub epoch: Option<i64>,
    /// Who owns which file, when the files are to be listed.
    pub files: Option<&'a System>,
}

/// A document that is no bill of materials.
#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    /// No JSON.
    #[error("not JSON")]
    Json(#[from] serde_json::Error),
    /// Neither form.
    #[error("neither CycloneDX nor SPDX")]
    Other,
}

impl Failure for SbomError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        vec!["CycloneDX and SPDX are read as JSON".to_owned()]
    }
}

impl Form {
    /// The one that the command line calls so.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "cyclonedx" => Some(Self::CycloneDx),
            "spdx" => Some(Self::Spdx),
            _ => None,
        }
    }

    /// How names of its files end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::CycloneDx => ".cdx.json",
            Self::Spdx => ".spdx.json",
        }
    }
}

/// The document, with a line end.
pub fn write(inventory: &Inventory, form: Form, subject: &Subject<'_>) -> String {
    let value = match form {
        Form::CycloneDx => cyclonedx::write(inventory, subject),
        Form::Spdx => spdx::write(inventory, subject),
    };
    format!("{value:#}\n")
}

/// What a document lists, ours or another tool's.
pub fn read(bytes: &[u8]) -> Result<Inventory, SbomError> {
    let document: Value = serde_json::from_slice(bytes)?;
    let mut inventory = if document["bomFormat"] == "CycloneDX" {
        cyclonedx::read(&document)
    } else if document["spdxVersion"].is_string() {
        spdx::read(&document)
    } else {
        return Err(SbomError::Other);
    };
    inventory.packages.sort_unstable();
    inventory.packages.dedup();
    Ok(inventory)
}

/// The identity of a document: of the disk and of what is said of it.
fn identity(subject: &Subject<'_>, content: &Value) -> Uuid {
    let mut digest = Sha256::new();
    for part in [
        subject.name,
        subject.version.unwrap_or(""),
        subject.sha256.unwrap_or(""),
    ] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.update(content.to_string());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &digest.finalize())
}

fn time(subject: &Subject<'_>) -> Option<String> {
    let time = jiff::Timestamp::from_second(subject.epoch?).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The files that each package owns, by what tells packages apart.
type Owned<'s> = BTreeMap<(Ecosystem, &'s str, &'s str, Option<&'s str>), Vec<&'s str>>;

fn owned<'s>(subject: &Subject<'s>) -> Owned<'s> {
    let mut owned = Owned::new();
    if let Some(system) = subject.files {
        for (place, path) in system.files() {
            owned
                .entry(key(system.package(place)))
                .or_default()
                .push(path);
        }
    }
    owned
}

fn key(package: &Package) -> (Ecosystem, &str, &str, Option<&str>) {
    let arch = package.arch.as_deref();
    (package.ecosystem, &package.name, &package.version, arch)
}

/// Facts of a package that its package URL does not say in full, by name.
fn facts(package: &Package) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("type", package.ecosystem.purl_type().to_owned()),
        ("name", package.name.clone()),
    ];
    facts.extend(package.arch.clone().map(|arch| ("arch", arch)));
    if let Some(source) = &package.source {
        facts.push(("source-name", source.name.clone()));
        facts.push(("source-version", source.version.clone()));
    }
    facts.extend(package.module.clone().map(|module| ("module", module)));
    facts.extend(package.owner.clone().map(|owner| ("owner", owner)));
    facts
}

/// The package that a document tells of; `None`: it is of no kind that is known here. `fact` gives
/// what [`facts`] wrote.
fn package(
    purl: &str,
    version: Option<&str>,
    fact: &dyn Fn(&str) -> Option<String>,
) -> Option<(Package, Purl)> {
    let parsed = parse_purl(purl)?;
    let ecosystem = Ecosystem::of_purl_type(&parsed.kind)?;
    let name = fact("name").unwrap_or_else(|| full_name(ecosystem, &parsed));
    let mut found = version.unwrap_or(&parsed.version).to_owned();
    let epoch = parsed.qualifier("epoch").filter(|epoch| *epoch != "0");
    if let Some(epoch) = epoch.filter(|_| ecosystem == Ecosystem::Rpm && !found.contains(':')) {
        found = format!("{epoch}:{found}");
    }
    let source = match (fact("source-name"), fact("source-version")) {
        (Some(name), Some(version)) => Some(SourcePackage { name, version }),
        _ => parsed
            .qualifier("upstream")
            .filter(|_| ecosystem.is_of_system())
            .map(|upstream| upstream_source(upstream, &found)),
    };
    let mut package = crate::inventory::plain(ecosystem, &name, &found, "");
    package.evidence.clear();
    package.arch = fact("arch").or_else(|| parsed.qualifier("arch").map(str::to_owned));
    // A source that is the binary's own is not said.
    package.source = source.filter(|source| {
        fact("source-name").is_some() || source.name != name || source.version != found
    });
    package.module = fact("module");
    package.owner = fact("owner");
    Some((package, parsed))
}

/// `gcc-12@12.2.0-14`, or, as others write it, `gcc-12` or `openssl-3.0.7-27.el9.src.rpm`.
fn upstream_source(upstream: &str, version: &str) -> SourcePackage {
    let rpm = upstream.strip_suffix(".src.rpm").and_then(|stem| {
        let (rest, release) = stem.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        Some((name, format!("{version}-{release}")))
    });
    let (name, version) = match (upstream.split_once('@'), rpm) {
        (Some((name, version)), _) => (name, version.to_owned()),
        (None, Some(rpm)) => rpm,
        (None, None) => (upstream, version.to_owned()),
    };
    SourcePackage {
        name: name.to_owned(),
        version,
    }
}

fn full_name(ecosystem: Ecosystem, purl: &Purl) -> String {
    let separator = match ecosystem {
        Ecosystem::Maven => ":",
        Ecosystem::Npm | Ecosystem::Go => "/",
        _ => return purl.name.clone(),
    };
    if purl.namespace.is_empty() {
        return purl.name.clone();
    }
    format!("{}{separator}{}", purl.namespace, purl.name)
}

/// The distribution by the package URLs of its packages, where a document says it in no other way:
/// `debian-12.5` of `pkg:deb/debian/...?distro=debian-12.5`.
fn of_purls(purls: &[Purl]) -> Option<Distribution> {
    let mut systems = purls
        .iter()
        .filter(|purl| Ecosystem::of_purl_type(&purl.kind).is_some_and(Ecosystem::is_of_system));
    let purl = systems.next()?;
    let said = purl.qualifier("distro").unwrap_or_default();
    let version = said.strip_prefix(purl.namespace.as_str());
    let version = version.map_or(said, |rest| rest.trim_start_matches('-'));
    Some(distribution(
        &purl.namespace,
        Some(version).filter(|v| !v.is_empty()),
    ))
}

/// A distribution of which only name and version are known.
fn distribution(id: &str, version: Option<&str>) -> Distribution {
    // Debian counts point releases behind the version that everything goes by.
    let is_point = id == "debian" && version.is_some_and(|version| version.contains('.'));
    let short = version.map(|version| match version.split_once('.') {
        Some((release, _)) if is_point => release.to_owned(),
        _ => version.to_owned(),
    });
    let title = [id, version.unwrap_or_default()].join(" ");
    Distribution {
        id: id.to_owned(),
        like: Vec::new(),
        version: short,
        codename: None,
        title: title.trim().to_owned(),
        point_release: version.filter(|_| is_point).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests;
