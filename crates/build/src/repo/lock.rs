//! From the archive to a section of the lock.

use std::collections::{BTreeMap, BTreeSet};

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
use super::status::Installed;
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
/// apt's priority of what is installed.
const INSTALLED_PIN: i16 = 100;

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
    let universe = universe(&files, &heads, source, None)?;
    let (solution, hold) = solve(cx, &universe, source, hold, Held::new())?;
    let read = Reader {
        universe: &universe,
        files: &files,
    };
    let packages = read.packages(&solution, |_| true)?;
    let boot = read.boot(wanted, &packages, &hold)?;
    let section = section(wanted, &heads, packages, boot);
    phase.finish(format!("{} packages", section.packages.len()));
    Ok(section)
}

/// Packages that a recipe adds to those of an image.
#[derive(Debug, Clone, Copy)]
pub struct Added<'a> {
    /// The archive, and what is asked for.
    pub source: &'a DebianSource,
    /// dpkg's `status` in the image.
    pub status: &'a [u8],
}

/// Locks packages on top of what is installed, as `apt-get install` would add them: adds them to a
/// section, with the heads that they come from. What else they need in another version than it has
/// is among them.
pub fn add(
    cx: &Cx,
    archive: Archive<'_>,
    added: Added<'_>,
    mut section: Section,
    previous: Option<&Section>,
    update: Update<'_>,
) -> Result<Section, RepoError> {
    let source = added.source;
    let installed = Installed::read(&String::from_utf8_lossy(added.status), &source.arch);
    let mut hold = hold(previous, update, &source.arch);
    // The versions of the image are no wish: they are there.
    hold.retain(|id, _| !installed.versions.contains_key(id));
    let phase = cx.phase("fetch indices", None);
    let heads = release::fetch(cx, archive, source, previous)?;
    let files = index::fetch(cx, archive, &heads, &source.components, &source.arch)?;
    phase.finish(format!("{} suites, {} indices", heads.len(), files.len()));
    cx.cancel.check()?;
    let phase = cx.phase("solve", None);
    let universe = universe(&files, &heads, source, Some(&installed))?;
    let (solution, _) = solve(cx, &universe, source, hold, installed.versions.clone())?;
    let read = Reader {
        universe: &universe,
        files: &files,
    };
    let (packages, removed) = read.new_packages(&solution, &installed, &source.arch)?;
    if !removed.is_empty() {
        return Err(RepoError::Removes {
            source_name: source.name.clone(),
            packages: removed,
        });
    }
    phase.finish(format!("{} packages to add", packages.len()));
    section.releases = releases(&heads);
    let newest = section.releases.iter().map(|release| release.date.0).max();
    section.epoch = section.epoch.max(newest.unwrap_or_default());
    section.packages = packages;
    Ok(section)
}

/// Solves; gives the versions that were really held as well.
fn solve(
    cx: &Cx,
    universe: &Universe<'_>,
    source: &DebianSource,
    hold: Held,
    installed: Held,
) -> Result<(Solution, Held), RepoError> {
    let mut request = resolve::Request {
        variant: source.variant,
        packages: &source.packages,
        hold,
        installed,
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
        sections.any(|section| {
            let is_parent = match &section.parent {
                Some(Parent::Image(pin)) => pin.name == **name,
                // Names of images of AWS change with each: that of the source does not.
                Some(Parent::Ami(_)) => section.source == **name,
                Some(Parent::Disk(_)) | None => false,
            };
            is_parent || section.all_packages().any(|package| package.name == **name)
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
    installed: Option<&'a Installed>,
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
        .chain(installed.map(|installed| Index {
            name: "status".to_owned(),
            suite: "now".to_owned(),
            codename: "now".to_owned(),
            pin: INSTALLED_PIN,
            text: installed.index.as_bytes(),
        }))
        .collect();
    Universe::load(&source.arch, &[], indices).map_err(RepoError::Index)
}

/// Turns candidates into packages of the lock.
struct Reader<'a> {
    universe: &'a Universe<'a>,
    files: &'a [PackagesFile],
}

impl Reader<'_> {
    fn packages(
        &self,
        solution: &Solution,
        is_wanted: impl Fn(&resolve::Chosen) -> bool,
    ) -> Result<Vec<Package>, RepoError> {
        let name_of = |place: usize| {
            let chosen = solution.packages.get(place);
            chosen.map_or_else(String::new, |chosen| {
                self.universe.candidate(chosen.candidate).package.to_owned()
            })
        };
        let mut packages = Vec::new();
        for chosen in solution.packages.iter().filter(|chosen| is_wanted(chosen)) {
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

    /// What a solution has that is not installed, or in another version; and the names of what is
    /// installed and would not be.
    fn new_packages(
        &self,
        solution: &Solution,
        installed: &Installed,
        native: &str,
    ) -> Result<(Vec<Package>, Vec<String>), RepoError> {
        let id = |candidate: &Candidate<'_>| {
            let arch = if candidate.arch == "all" {
                native
            } else {
                candidate.arch
            };
            (candidate.package.to_owned(), arch.to_owned())
        };
        let chosen = solution.packages.iter();
        let chosen = chosen.map(|chosen| self.universe.candidate(chosen.candidate));
        let all: BTreeSet<_> = chosen.map(id).collect();
        let gone = installed.versions.keys().filter(|id| !all.contains(id));
        let gone = gone.map(|(name, _)| name.clone()).collect();
        let is_new = |chosen: &resolve::Chosen| {
            let candidate = self.universe.candidate(chosen.candidate);
            installed.versions.get(&id(candidate)).map(String::as_str) != Some(candidate.version)
        };
        Ok((self.packages(solution, is_new)?, gone))
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

fn releases(heads: &[Head]) -> Vec<ReleaseRef> {
    let heads = heads.iter();
    heads
        .map(|head| ReleaseRef {
            suite: head.suite.clone(),
            sha256: head.verified.sha256,
            date: Moment(head.verified.release.date),
            valid_until: head.verified.release.valid_until.map(Moment),
            signed_by: head.verified.signed_by.clone(),
        })
        .collect()
}

fn section(
    wanted: Wanted<'_>,
    heads: &[Head],
    packages: Vec<Package>,
    boot: Vec<Package>,
) -> Section {
    let releases = releases(heads);
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
