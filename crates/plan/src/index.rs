//! Package indices: every version of every package that the sources offer.
//!
//! A `Packages` file is a list of stanzas, as Debian Policy 5.1 and the repository format
//! say:
//!
//! ```text
//! Package: nginx
//! Architecture: amd64
//! Version: 1.22.1-9+deb12u2
//! Depends: libc6 (>= 2.34), nginx-common (= 1.22.1-9+deb12u2), iproute2
//!  (a line that starts with a blank goes on with the field above)
//! Filename: pool/main/n/nginx/nginx_1.22.1-9+deb12u2_amd64.deb
//! Size: 527292
//! SHA256: 5d...
//!                                   <- a blank line ends the stanza
//! ```
//!
//! [`Universe::load`] reads several of them (suites, components, architectures) into one
//! table that borrows from their text. Relations are read when somebody looks at them:
//! of sixty thousand packages a solution touches some hundreds.

mod mention;
mod scan;

use std::ops::Range;

use goldsmith_core::debversion;
use goldsmith_core::diagnostic::nearest;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure};

use crate::relation::{self, Operator, Qualifier, Relation};

pub(crate) use mention::Mention;

/// One `Packages` file, uncompressed, and where it stands among the sources.
#[derive(Debug, Clone)]
pub struct Index<'a> {
    /// How errors and reports call it: `bookworm-security/main amd64`.
    pub name: String,
    /// `bookworm-security`: what `package/suite` in a request may say.
    pub suite: String,
    /// `bookworm-security`; of `stable`, `bookworm`. May be said as well.
    pub codename: String,
    /// apt's pin priority of the whole index: 500, or 100 for one such as backports
    /// that is there but not used by itself. Negative: never used.
    pub pin: i16,
    /// The file.
    pub text: &'a [u8],
}

/// Whether packages of several architectures can stand together (`Multi-Arch`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MultiArch {
    /// Only one architecture of it; serves its own architecture.
    #[default]
    No,
    /// Several architectures of one version side by side.
    Same,
    /// Only one architecture of it; serves every architecture.
    Foreign,
    /// Whoever depends on it may say `:any`.
    Allowed,
}

/// How much a system needs a package (`Priority`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Priority {
    /// Not said.
    None,
    /// `required`
    Required,
    /// `important`
    Important,
    /// `standard`
    Standard,
    /// `optional`
    #[default]
    Optional,
    /// `extra`, and whatever else stands there.
    Extra,
}

/// One version of one package in one index. Relations are as written; see
/// [`Universe::relations`].
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// `Package`
    pub package: &'a str,
    /// `Version`
    pub version: &'a str,
    /// `Architecture`: also `all`.
    pub arch: &'a str,
    /// `Multi-Arch`
    pub multi_arch: MultiArch,
    /// `Essential: yes`
    pub essential: bool,
    /// `Protected: yes` or `Important: yes`
    pub protected: bool,
    /// `Priority`
    pub priority: Priority,
    /// `Section`
    pub section: &'a str,
    /// `Source`, its version in brackets included; empty when it is the package's own name.
    pub source: &'a str,
    /// `Pre-Depends`
    pub pre_depends: &'a str,
    /// `Depends`
    pub depends: &'a str,
    /// `Conflicts`
    pub conflicts: &'a str,
    /// `Breaks`
    pub breaks: &'a str,
    /// `Recommends`
    pub recommends: &'a str,
    /// `Suggests`
    pub suggests: &'a str,
    /// `Provides`
    pub provides: &'a str,
    /// `Replaces`
    pub replaces: &'a str,
    /// `Filename`: path below the mirror's base, without `..`.
    pub filename: &'a str,
    /// `Size` of the package file in bytes.
    pub size: u64,
    /// `SHA256` of the package file.
    pub sha256: Sha256,
    /// `Installed-Size` in KiB; 0 when not said.
    pub installed_size_kib: u64,
    /// Number of its index, as given to [`Universe::load`].
    pub index: usize,
    /// Byte offset of its stanza in the index.
    pub(crate) offset: usize,
    pub(crate) arch_id: u8,
}

/// Names a [`Candidate`] of a [`Universe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CandidateId(pub(crate) u32);

/// Names a package of one architecture in a [`Universe`]; `all` counts as native.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageId(pub(crate) u32);

/// A package of one architecture, with its versions.
#[derive(Debug, Clone)]
pub(crate) struct Package<'a> {
    pub(crate) name: &'a str,
    pub(crate) arch_id: u8,
    /// Places in [`Universe::order`], highest version first.
    versions: Range<u32>,
}

/// Somebody who says to be `name` as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provide<'a> {
    pub(crate) name: &'a str,
    pub(crate) qualifier: Qualifier<'a>,
    pub(crate) version: Option<&'a str>,
    pub(crate) by: CandidateId,
}

/// A field of relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// `Pre-Depends`
    PreDepends,
    /// `Depends`
    Depends,
    /// `Conflicts`
    Conflicts,
    /// `Breaks`
    Breaks,
    /// `Recommends`
    Recommends,
    /// `Suggests`
    Suggests,
    /// `Provides`
    Provides,
    /// `Replaces`
    Replaces,
}

impl Field {
    /// As written in a control file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreDepends => "Pre-Depends",
            Self::Depends => "Depends",
            Self::Conflicts => "Conflicts",
            Self::Breaks => "Breaks",
            Self::Recommends => "Recommends",
            Self::Suggests => "Suggests",
            Self::Provides => "Provides",
            Self::Replaces => "Replaces",
        }
    }
}

/// An index that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("index `{index}`: package `{package}`: field `{field}`: {problem}")]
pub struct IndexError {
    index: String,
    package: String,
    field: &'static str,
    problem: String,
}

impl Failure for IndexError {
    fn class(&self) -> Class {
        Class::Remote
    }

    fn hints(&self) -> Vec<String> {
        vec!["the index is signed as it is: ask whoever runs the mirror".to_owned()]
    }
}

impl Candidate<'_> {
    /// Name and version of the source package that it was made of.
    pub fn source_version(&self) -> (&str, &str) {
        match self.source.split_once(' ') {
            Some((name, version)) => (name, version.trim_matches(['(', ')'])),
            None if self.source.is_empty() => (self.package, self.version),
            None => (self.source, self.version),
        }
    }
}

/// Everything that can be installed.
#[derive(Debug)]
pub struct Universe<'a> {
    /// Native first.
    archs: Vec<String>,
    indices: Vec<Index<'a>>,
    candidates: Vec<Candidate<'a>>,
    /// Candidates by name, architecture, version (highest first), index.
    order: Vec<CandidateId>,
    /// By name and architecture.
    packages: Vec<Package<'a>>,
    /// The package of each candidate.
    belongs: Vec<PackageId>,
    /// By name.
    provides: Vec<Provide<'a>>,
}

impl<'a> Universe<'a> {
    /// Reads indices for a system of the architecture `native` that accepts `foreign` ones
    /// as well; stanzas of any other architecture are passed over.
    ///
    /// The order of the indices is the order of apt's sources: it decides between equals.
    pub fn load(
        native: &str,
        foreign: &[&str],
        indices: Vec<Index<'a>>,
    ) -> Result<Self, IndexError> {
        let mut archs = vec![native.to_owned()];
        for arch in foreign {
            if !archs.iter().any(|known| known == arch) {
                archs.push((*arch).to_owned());
            }
        }
        let mut candidates = Vec::new();
        for (number, index) in indices.iter().enumerate() {
            scan::scan(number, index, &archs, &mut candidates)?;
        }
        let mut universe = Self {
            archs,
            indices,
            candidates,
            order: Vec::new(),
            packages: Vec::new(),
            belongs: Vec::new(),
            provides: Vec::new(),
        };
        universe.sort();
        universe.collect_provides()?;
        Ok(universe)
    }

    fn sort(&mut self) {
        let number = |place: usize| u32::try_from(place).expect("fewer than 2^32 stanzas");
        let mut keys: Vec<(&str, u8, u32)> = self
            .candidates
            .iter()
            .enumerate()
            .map(|(place, candidate)| (candidate.package, candidate.arch_id, number(place)))
            .collect();
        keys.sort_unstable();
        self.belongs = vec![PackageId(0); keys.len()];
        self.order.reserve(keys.len());
        for group in keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (name, arch_id, _) = group[0];
            let id = PackageId(number(self.packages.len()));
            let start = self.order.len();
            for (_, _, place) in group {
                self.belongs[*place as usize] = id;
                self.order.push(CandidateId(*place));
            }
            let candidates = &self.candidates;
            let version = |id: &CandidateId| candidates[id.0 as usize].version;
            self.order[start..].sort_by(|a, b| debversion::compare(version(b), version(a)));
            self.packages.push(Package {
                name,
                arch_id,
                versions: number(start)..number(self.order.len()),
            });
        }
    }

    fn collect_provides(&mut self) -> Result<(), IndexError> {
        for number in 0..self.candidates.len() {
            let candidate = &self.candidates[number];
            if candidate.provides.is_empty() {
                continue;
            }
            let by = CandidateId(u32::try_from(number).expect("checked when sorted"));
            for alternative in self.relations(by, Field::Provides)?.into_iter().flatten() {
                let version = match alternative.version {
                    None => None,
                    Some((Operator::Equal, version)) => Some(version),
                    // Policy 7.5 knows no other operator here; apt passes it over too.
                    Some(_) => continue,
                };
                self.provides.push(Provide {
                    name: alternative.name,
                    qualifier: alternative.qualifier,
                    version,
                    by,
                });
            }
        }
        self.provides.sort_by_key(|provide| provide.name);
        Ok(())
    }

    /// The architecture of the system.
    pub fn native(&self) -> &str {
        &self.archs[0]
    }

    /// The index a candidate came from.
    pub fn origin(&self, number: usize) -> &Index<'a> {
        &self.indices[number]
    }

    /// Every candidate, in the order of the indices.
    pub fn candidates(&self) -> &[Candidate<'a>] {
        &self.candidates
    }

    /// The candidate of a name that this universe gave out.
    pub fn candidate(&self, id: CandidateId) -> &Candidate<'a> {
        &self.candidates[id.0 as usize]
    }

    /// The stanza of a candidate, as it stands in its index.
    pub fn stanza(&self, id: CandidateId) -> &'a str {
        let candidate = self.candidate(id);
        let text = &self.indices[candidate.index].text[candidate.offset..];
        let end = memchr::memmem::find(text, b"\n\n").unwrap_or(text.len());
        std::str::from_utf8(&text[..end]).unwrap_or_default()
    }

    /// Its architecture; that of the system for `all`.
    pub fn arch_of(&self, id: CandidateId) -> &str {
        &self.archs[usize::from(self.candidate(id).arch_id)]
    }

    /// Reads a field of a candidate.
    pub fn relations(
        &self,
        id: CandidateId,
        field: Field,
    ) -> Result<Vec<Relation<'a>>, IndexError> {
        let candidate = self.candidate(id);
        let text = match field {
            Field::PreDepends => candidate.pre_depends,
            Field::Depends => candidate.depends,
            Field::Conflicts => candidate.conflicts,
            Field::Breaks => candidate.breaks,
            Field::Recommends => candidate.recommends,
            Field::Suggests => candidate.suggests,
            Field::Provides => candidate.provides,
            Field::Replaces => candidate.replaces,
        };
        if text.is_empty() {
            return Ok(Vec::new());
        }
        relation::parse(text, self.arch_of(id))
            .map_err(|error| self.bad_field(id, field.name(), error.to_string()))
    }

    pub(crate) fn bad_field(
        &self,
        id: CandidateId,
        field: &'static str,
        problem: String,
    ) -> IndexError {
        let candidate = self.candidate(id);
        IndexError {
            index: self.indices[candidate.index].name.clone(),
            package: candidate.package.to_owned(),
            field,
            problem,
        }
    }

    /// The package of a name and an architecture.
    pub fn find(&self, name: &str, arch: &str) -> Option<PackageId> {
        let arch_id = self.arch_id(arch)?;
        self.find_id(name, arch_id)
    }

    /// The versions of a package, highest first.
    pub fn versions(&self, package: PackageId) -> &[CandidateId] {
        let range = &self.package(package).versions;
        &self.order[range.start as usize..range.end as usize]
    }

    /// The known name nearest to a mistyped one.
    pub fn nearest(&self, name: &str) -> Option<&'a str> {
        // Edit distance is slow on sixty thousand names: whoever mistypes a name gets
        // most of its letters right.
        let letters = |text: &str| text.bytes().fold(0u64, |set, b| set | 1 << (b & 63));
        let wanted = letters(name);
        nearest(
            name,
            self.packages
                .iter()
                .map(|package| package.name)
                .filter(|known| known.len().abs_diff(name.len()) <= 3)
                .filter(|known| (letters(known) ^ wanted).count_ones() <= 4),
        )
    }

    pub(crate) fn archs(&self) -> &[String] {
        &self.archs
    }

    pub(crate) fn arch_id(&self, arch: &str) -> Option<u8> {
        let place = self.archs.iter().position(|known| known == arch)?;
        u8::try_from(place).ok()
    }

    pub(crate) fn package_count(&self) -> u32 {
        u32::try_from(self.packages.len()).expect("fewer than candidates")
    }

    pub(crate) fn package(&self, id: PackageId) -> &Package<'a> {
        &self.packages[id.0 as usize]
    }

    pub(crate) fn find_id(&self, name: &str, arch_id: u8) -> Option<PackageId> {
        let place = self
            .packages
            .binary_search_by(|package| (package.name, package.arch_id).cmp(&(name, arch_id)))
            .ok()?;
        Some(PackageId(
            u32::try_from(place).expect("fewer than candidates"),
        ))
    }

    /// The package of a name in every architecture that has one.
    pub(crate) fn siblings(&self, name: &str) -> impl Iterator<Item = PackageId> {
        let start = self.packages.partition_point(|package| package.name < name);
        let count = self.packages[start..]
            .iter()
            .take_while(|package| package.name == name)
            .count();
        (start..start + count)
            .map(|place| PackageId(u32::try_from(place).expect("fewer than candidates")))
    }

    pub(crate) fn package_of(&self, id: CandidateId) -> PackageId {
        self.belongs[id.0 as usize]
    }

    pub(crate) fn providers(&self, name: &str) -> &[Provide<'a>] {
        let start = self.provides.partition_point(|provide| provide.name < name);
        let count = self.provides[start..].partition_point(|provide| provide.name == name);
        &self.provides[start..start + count]
    }
}

#[cfg(test)]
mod tests;
