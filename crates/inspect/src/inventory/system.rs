//! The packages of the system by its own databases, and which of them brought which file.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::inventory::Package;

use crate::snapshot::Snapshot;
use crate::view::{Kind, Node, ViewError};

mod apk;
mod deb;
mod digest;
mod rpm;

pub use digest::FileDigest;

/// Databases are not larger.
pub(super) const DATABASE_MAX: usize = 256 << 20;

/// What a database says about one path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listed {
    /// Which of the packages, by its place among [`System::packages`].
    pub package: Option<u32>,
    /// Of files as they were brought; folders, links and some files have none.
    pub digest: Option<FileDigest>,
}

/// What the databases of an image say.
#[derive(Debug, Default)]
pub struct System {
    packages: Vec<Package>,
    files: BTreeMap<String, Listed>,
    notes: Vec<String>,
}

impl System {
    /// Reads every database that is there.
    pub(crate) fn read(snapshot: &Snapshot<'_>, cx: &Cx) -> Result<Self, ViewError> {
        let mut system = Self::default();
        let aliases = Aliases::of(snapshot);
        deb::read(snapshot, &aliases, &mut system, cx)?;
        rpm::read(snapshot, &aliases, &mut system, cx)?;
        apk::read(snapshot, &aliases, &mut system)?;
        Ok(system)
    }

    /// The packages, in the order of their databases.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The package at a place.
    pub fn package(&self, place: u32) -> &Package {
        &self.packages[usize::try_from(place).expect("a place in memory")]
    }

    /// What is said of a path, as the image has it: through no link.
    pub fn get(&self, path: &str) -> Option<Listed> {
        self.files.get(path).copied()
    }

    /// The package that brought a path.
    pub fn owner(&self, path: &str) -> Option<&Package> {
        let package = self.files.get(path)?.package?;
        Some(self.package(package))
    }

    /// Whether any package says which files it brought.
    pub fn lists_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// The paths that each package lists, by its place among [`Self::packages`], in order.
    pub fn files(&self) -> impl Iterator<Item = (u32, &str)> {
        let rows = self.files.iter();
        rows.filter_map(|(path, listed)| Some((listed.package?, path.as_str())))
    }

    /// Databases that could not be read, and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds a package; gives its place.
    fn add(&mut self, package: Package) -> u32 {
        self.packages.push(package);
        u32::try_from(self.packages.len() - 1).expect("a database within its limit")
    }
}

/// Links at the root such as `/bin -> usr/bin`: packages list files under both names.
struct Aliases(Vec<(String, String)>);

impl Aliases {
    fn of(snapshot: &Snapshot<'_>) -> Self {
        let is_at_root = |n: &&Node| n.kind == Kind::Link && n.path.rfind('/') == Some(0);
        let links = snapshot.nodes().iter().filter(is_at_root);
        Self(
            links
                .filter_map(|n| {
                    let real = snapshot.resolve(&n.path)?;
                    Some((format!("{}/", n.path), format!("{}/", real.path)))
                })
                .collect(),
        )
    }

    fn real(&self, path: &str) -> String {
        for (alias, real) in &self.0 {
            if let Some(rest) = path.strip_prefix(alias.as_str()) {
                return format!("{real}{rest}");
            }
        }
        path.to_owned()
    }
}
