//! What an image is made of: the software found in it, in the words of each package system.
//!
//! The bill of materials, the matching of vulnerabilities and the difference of two images all
//! read this. Nothing here knows how a package was found.

use std::fmt;

mod purl;

pub use purl::{Purl, parse as parse_purl, purl, python_name};

/// The package system that a version belongs to, and by whose rules versions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// dpkg, of Debian and what derives from it.
    Deb,
    /// rpm.
    Rpm,
    /// Alpine's apk.
    Apk,
    /// Python distributions.
    Python,
    /// Packages of npm.
    Npm,
    /// Java archives by group and artifact.
    Maven,
    /// Go modules.
    Go,
    /// Rust crates.
    Cargo,
}

impl Ecosystem {
    /// Every one, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Deb,
        Self::Rpm,
        Self::Apk,
        Self::Python,
        Self::Npm,
        Self::Maven,
        Self::Go,
        Self::Cargo,
    ];

    /// The type of a package URL, from the list kept by the purl specification.
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::Python => "pypi",
            Self::Npm => "npm",
            Self::Maven => "maven",
            Self::Go => "golang",
            Self::Cargo => "cargo",
        }
    }

    /// The one of a package URL's type; `None`: it is not known here.
    pub fn of_purl_type(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.purl_type() == kind)
    }

    /// Whether its packages come from a distribution, which owns the files and states what is
    /// fixed.
    pub const fn is_of_system(self) -> bool {
        matches!(self, Self::Deb | Self::Rpm | Self::Apk)
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.purl_type())
    }
}

/// The source package that a binary package was built from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its version, which differs from the binary's where that was only built again.
    pub version: String,
}

/// One piece of software.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// Its package system.
    pub ecosystem: Ecosystem,
    /// As its package system writes it; of Java `group:artifact`.
    pub name: String,
    /// As its package system writes it, with the epoch.
    pub version: String,
    /// Of the binary, where the package system knows one.
    pub arch: Option<String>,
    /// `None`: the same name and version as the binary.
    pub source: Option<SourcePackage>,
    /// The module stream that an rpm was built in: `nodejs:18`.
    pub module: Option<String>,
    /// Who says to look after it: `Debian Security Team <...>`. Tells a vendor's package from the
    /// distribution's own.
    pub maintainer: Option<String>,
    /// As the package states it, where it does: an SPDX expression or free text.
    pub license: Option<String>,
    /// The package of the system that brought its files, `name` or `name:arch`; such a package is
    /// fixed by the distribution, not by its own ecosystem.
    pub owner: Option<String>,
    /// The files that say it is there: dpkg's database, a `METADATA`, a program.
    pub evidence: Vec<String>,
}

impl Package {
    /// One of which nothing more is known.
    pub fn new(ecosystem: Ecosystem, name: &str, version: &str) -> Self {
        Self {
            ecosystem,
            name: name.to_owned(),
            version: version.to_owned(),
            arch: None,
            source: None,
            module: None,
            maintainer: None,
            license: None,
            owner: None,
            evidence: Vec::new(),
        }
    }

    /// The name that advisories use: the source package's, or its own.
    pub fn source_name(&self) -> &str {
        self.source
            .as_ref()
            .map_or(&self.name, |source| &source.name)
    }

    /// The version that advisories use: the source package's, or its own.
    pub fn source_version(&self) -> &str {
        self.source
            .as_ref()
            .map_or(&self.version, |source| &source.version)
    }
}

/// The distribution, as `os-release` names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distribution {
    /// `ID`: `debian`.
    pub id: String,
    /// `ID_LIKE`, in its order.
    pub like: Vec<String>,
    /// `VERSION_ID`: `12`; nothing for rolling and unreleased ones.
    pub version: Option<String>,
    /// `VERSION_CODENAME`: `bookworm`.
    pub codename: Option<String>,
    /// `PRETTY_NAME`, for people.
    pub title: String,
    /// The point release, where the image says it elsewhere: `12.15` of `/etc/debian_version`.
    pub point_release: Option<String>,
}

/// Everything found in one image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// `None`: the image has no `os-release`.
    pub distribution: Option<Distribution>,
    /// In the order of their fields; no two equal.
    pub packages: Vec<Package>,
}
