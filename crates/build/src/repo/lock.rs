//! From the archive to a section of the lock.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::{DebianSource, DiskSpec, Firmware};
use goldsmith_plan::index::{Candidate, Index, Universe};
use goldsmith_plan::lock::diff::{self, SectionDiff};
use goldsmith_plan::lock::format::Moment;
use goldsmith_plan::lock::{
    Input, Lock, Package, Parent, ReleaseRef, Request, Section, Why, check_package, stale,
};
use goldsmith_plan::resolve::{self, Solution};

use super::index::PackagesFile;
use super::release::Head;
use super::{Archive, RepoError, index, release};

/// What a recipe wants locked.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its source.
    pub source: &'a DebianSource,
    /// Its disk: what it starts with decides on boot loader packages.
    pub disk: &'a DiskSpec,
    /// Its component documents and their input files.
    pub documents: &'a [Input],
}

/// Which packages may get another version than the old lock has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update<'a> {
    /// Only those whose locked version the archive no longer has.
    None,
    /// These, and those whose locked version the archive no longer has. A recipe without
    /// one of them has nothing to move; see [`check_update`].
    Only(&'a [String]),
    /// Every one.
    All,
}

/// apt's priority of an archive that is simply used.
const PIN: i16 = 500;

/// Fetches the heads and indices of the source, solves, and gives the recipe's section.
pub fn lock(
    cx: &Cx,
    archive: Archive<'_>,
    wanted: Wanted<'_>,
    previous: Option<&Section>,
    update: Update<'_>,
) -> Result<Section, RepoError> {
    let source = wanted.source;
    let hold = hold(previous, update, &source.arch);
    let phase = cx.phase("fetch indices", None);
    let heads = release::fetch(cx, archive, source, previous)?;
    let files = index::fetch(cx, archive, &heads, &source.components, &source.arch)?;
    phase.finish(format!("{} suites, {} indices", heads.len(), files.len()));
    cx.cancel.check()?;
    let phase = cx.phase("solve", None);
    let universe = universe(&files, &heads, source)?;
    let (solution, hold) = solve(cx, &universe, source, hold)?;
    let read = Reader {
        universe: &universe,
        files: &files,
    };
    let packages = read.packages(&solution)?;
    let boot = read.boot(wanted, &packages, &hold)?;
    let section = section(wanted, &heads, packages, boot);
    phase.finish(format!("{} packages", section.packages.len()));
    Ok(section)
}

/// Solves; gives the versions that were really held as well.
fn solve(
    cx: &Cx,
    universe: &Universe<'_>,
    source: &DebianSource,
    hold: Held,
) -> Result<(Solution, Held), RepoError> {
    let mut request = resolve::Request {
        variant: source.variant,
        packages: &source.packages,
        hold,
        installed: Held::new(),
    };
    let mut outcome = resolve::resolve(universe, &request);
    // An archive may still list the locked version of a package, and no longer that of
    // another one that it needs.
    if outcome.is_err() && !request.hold.is_empty() {
        request.hold.clear();
        outcome = resolve::resolve(universe, &request);
        if outcome.is_ok() {
            cx.warn("the locked versions no longer go together: every package is locked anew");
        }
    }
    match outcome {
        Ok(solution) => Ok((solution, request.hold)),
        Err(error) => Err(RepoError::Unsolvable {
            source_name: source.name.clone(),
            source: error,
        }),
    }
}

/// What locking anew would change in packages: the answer of `lock --check`.
pub fn check(
    cx: &Cx,
    archive: Archive<'_>,
    wanted: Wanted<'_>,
    previous: &Section,
) -> Result<SectionDiff, RepoError> {
    let new = lock(cx, archive, wanted, Some(previous), Update::All)?;
    Ok(diff::section(Some(previous), Some(&new)))
}

/// Refuses a name of [`Update::Only`] that no recipe of the lock has.
pub fn check_update(lock: Option<&Lock>, names: &[String]) -> Result<(), RepoError> {
    let is_locked = |name: &&String| {
        let mut sections = lock.into_iter().flat_map(|lock| lock.recipes.values());
        let is_parent =
            |parent: &Parent| matches!(parent, Parent::Image(pin) if pin.name == **name);
        sections.any(|section| {
            section.parent.as_ref().is_some_and(is_parent)
                || section.all_packages().any(|package| package.name == **name)
        })
    };
    match names.iter().find(|name| !is_locked(name)) {
        Some(name) => Err(RepoError::NotLocked { name: name.clone() }),
        None => Ok(()),
    }
}

type Held = BTreeMap<(String, String), String>;

/// The versions to stay with, by name and architecture (`all` counts as the system's).
fn hold(previous: Option<&Section>, update: Update<'_>, native: &str) -> Held {
    let moving = match update {
        Update::All => return Held::new(),
        Update::None => &[],
        Update::Only(names) => names,
    };
    let locked = || previous.into_iter().flat_map(Section::all_packages);
    let held = locked().filter(|package| !moving.contains(&package.name));
    held.map(|package| {
        let arch = if package.arch == "all" {
            native
        } else {
            &package.arch
        };
        let id = (package.name.clone(), arch.to_owned());
        (id, package.version.clone())
    })
    .collect()
}

fn universe<'a>(
    files: &'a [PackagesFile],
    heads: &[Head],
    source: &DebianSource,
) -> Result<Universe<'a>, RepoError> {
    let suite_of = |file: &PackagesFile| {
        let head = heads.iter().find(|head| head.suite == file.suite);
        head.map_or_else(String::new, |head| head.verified.release.suite.clone())
    };
    let indices = files
        .iter()
        .map(|file| Index {
            name: format!("{}/{}", file.suite, file.place),
            suite: suite_of(file),
            codename: file.codename.clone(),
            pin: PIN,
            text: &file.text,
        })
        .collect();
    Universe::load(&source.arch, &[], indices).map_err(RepoError::Index)
}

/// Turns candidates into packages of the lock.
struct Reader<'a> {
    universe: &'a Universe<'a>,
    files: &'a [PackagesFile],
}

impl Reader<'_> {
    fn packages(&self, solution: &Solution) -> Result<Vec<Package>, RepoError> {
        let name_of = |place: usize| {
            let chosen = solution.packages.get(place);
            chosen.map_or_else(String::new, |chosen| {
                self.universe.candidate(chosen.candidate).package.to_owned()
            })
        };
        let mut packages = Vec::new();
        for chosen in &solution.packages {
            let why = match chosen.why {
                resolve::Why::Base => Why::Base,
                resolve::Why::Requested => Why::Requested,
                resolve::Why::Related => Why::Related,
                resolve::Why::NeededBy(place) => Why::NeededBy(name_of(place)),
            };
            packages.push(self.package(self.universe.candidate(chosen.candidate), why)?);
        }
        packages.sort_by(|a, b| a.id().cmp(&b.id()));
        Ok(packages)
    }

    /// The boot loader's packages, by name alone: their files are read, not installed.
    fn boot(
        &self,
        wanted: Wanted<'_>,
        tree: &[Package],
        held: &Held,
    ) -> Result<Vec<Package>, RepoError> {
        let arch = &wanted.source.arch;
        let mut packages: Vec<Package> = Vec::new();
        for firmware in &wanted.disk.boot {
            let name = boot_loader(*firmware, arch).ok_or_else(|| RepoError::NoBootLoader {
                firmware: firmware.name(),
                arch: arch.clone(),
            })?;
            if tree
                .iter()
                .chain(&packages)
                .any(|package| package.name == name)
            {
                continue;
            }
            let candidate =
                self.candidate(name, arch, held)
                    .ok_or_else(|| RepoError::NoBootPackage {
                        name,
                        firmware: firmware.name(),
                    })?;
            packages.push(self.package(candidate, Why::BootLoader(*firmware))?);
        }
        packages.sort_by(|a, b| a.id().cmp(&b.id()));
        Ok(packages)
    }

    /// The held version of a package, else its highest.
    fn candidate(&self, name: &str, arch: &str, held: &Held) -> Option<&Candidate<'_>> {
        let package = self.universe.find(name, arch)?;
        let versions = self.universe.versions(package);
        let held = held.get(&(name.to_owned(), arch.to_owned()));
        let is_held =
            |id: &&_| held.is_some_and(|held| self.universe.candidate(**id).version == held);
        let id = versions.iter().find(is_held).or(versions.first())?;
        Some(self.universe.candidate(*id))
    }

    fn package(&self, candidate: &Candidate<'_>, why: Why) -> Result<Package, RepoError> {
        let source = candidate.source.split(' ').next().unwrap_or_default();
        let package = Package {
            name: candidate.package.to_owned(),
            version: candidate.version.to_owned(),
            arch: candidate.arch.to_owned(),
            source: (!source.is_empty()).then(|| source.to_owned()),
            size: candidate.size,
            sha256: candidate.sha256,
            path: candidate.filename.trim_start_matches("./").to_owned(),
            suite: self.files[candidate.index].suite.clone(),
            essential: candidate.essential,
            why,
        };
        check_package("the archive", &package).map_err(RepoError::Package)?;
        Ok(package)
    }
}

/// The package that has the boot loader's files.
fn boot_loader(firmware: Firmware, arch: &str) -> Option<&'static str> {
    match (firmware, arch) {
        (Firmware::Bios, "amd64") => Some("grub-pc-bin"),
        (Firmware::Uefi, "amd64") => Some("grub-efi-amd64-bin"),
        (Firmware::Uefi, "arm64") => Some("grub-efi-arm64-bin"),
        _ => None,
    }
}

fn section(
    wanted: Wanted<'_>,
    heads: &[Head],
    packages: Vec<Package>,
    boot: Vec<Package>,
) -> Section {
    let releases: Vec<ReleaseRef> = heads
        .iter()
        .map(|head| ReleaseRef {
            suite: head.suite.clone(),
            sha256: head.verified.sha256,
            date: Moment(head.verified.release.date),
            valid_until: head.verified.release.valid_until.map(Moment),
            signed_by: head.verified.signed_by.clone(),
        })
        .collect();
    let mut documents = wanted.documents.to_vec();
    documents.sort();
    documents.dedup();
    Section {
        source: wanted.source.name.clone(),
        request: Request::Debian(stale::debian(wanted.source, wanted.disk)),
        parent: None,
        epoch: releases.iter().map(|r| r.date.0).max().unwrap_or_default(),
        releases,
        documents,
        packages,
        boot,
    }
}
