//! What changed between two locks, in packages.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use goldsmith_core::debversion;

use super::{AmiPin, Lock, Package, Parent, Section};

/// One package in two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// As locked.
    pub from: Package,
    /// As it would be.
    pub to: Package,
}

/// What changed in one recipe. Every list is in the order of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionDiff {
    /// Only in the new lock.
    pub added: Vec<Package>,
    /// Only in the old lock.
    pub removed: Vec<Package>,
    /// With a higher version.
    pub upgraded: Vec<Change>,
    /// With a lower version.
    pub downgraded: Vec<Change>,
    /// Of the same version, and yet other bytes.
    pub replaced: Vec<Change>,
    /// Suites that were signed anew, that came or went; a line each.
    pub releases: Vec<String>,
    /// What is neither: the image or disk that it starts from, documents; a line each.
    pub other: Vec<String>,
}

/// What changed in a lock, by recipe; a recipe where nothing changed is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockDiff {
    /// By the recipe's name.
    pub recipes: BTreeMap<String, SectionDiff>,
}

impl SectionDiff {
    /// Whether no package changed. A suite may be signed again without any change of it.
    pub fn has_same_packages(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.upgraded.is_empty()
            && self.downgraded.is_empty()
            && self.replaced.is_empty()
    }

    /// Whether an image would be made of anything else. A suite that was signed anew, as
    /// the security archive is every few days, does not count by itself.
    pub fn is_update(&self) -> bool {
        !self.has_same_packages() || !self.other.is_empty()
    }
}

impl LockDiff {
    /// Whether any recipe's image would be made of anything else.
    pub fn has_updates(&self) -> bool {
        self.recipes.values().any(SectionDiff::is_update)
    }
}

/// Compares two locks; a section that is missing on one side counts as empty.
pub fn diff(old: &Lock, new: &Lock) -> LockDiff {
    let names: BTreeSet<_> = old.recipes.keys().chain(new.recipes.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let changes = section(old.recipes.get(name), new.recipes.get(name));
        (changes != SectionDiff::default()).then(|| (name.clone(), changes))
    });
    LockDiff {
        recipes: changed.collect(),
    }
}

/// Compares two sections of one recipe.
pub fn section(old: Option<&Section>, new: Option<&Section>) -> SectionDiff {
    let mut diff = SectionDiff::default();
    let (before, after) = (packages(old), packages(new));
    let ids: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for id in ids {
        let change = |from: &&Package, to: &&Package| Change {
            from: (*from).clone(),
            to: (*to).clone(),
        };
        match (before.get(id), after.get(id)) {
            (None, Some(to)) => diff.added.push((*to).clone()),
            (Some(from), None) => diff.removed.push((*from).clone()),
            (Some(from), Some(to)) => match debversion::compare(&from.version, &to.version) {
                Ordering::Less => diff.upgraded.push(change(from, to)),
                Ordering::Greater => diff.downgraded.push(change(from, to)),
                Ordering::Equal if from.sha256 != to.sha256 => {
                    diff.replaced.push(change(from, to));
                }
                Ordering::Equal => {}
            },
            (None, None) => {}
        }
    }
    diff.other.extend(parents(old, new));
    if let (Some(old), Some(new)) = (old, new) {
        diff.releases = releases(old, new);
        let documents = super::stale::inputs(&old.documents, &new.documents);
        diff.other.extend(documents);
    }
    diff
}

/// What it starts from. An image that is another by its numbers alone is the same.
fn parents(old: Option<&Section>, new: Option<&Section>) -> Option<String> {
    fn shown(section: &Section) -> String {
        let parent = section.parent.as_ref();
        parent.map_or_else(|| "packages".to_owned(), ToString::to_string)
    }
    let digest = |section: &Section| section.parent.as_ref().map(Parent::digest);
    let (old, new) = match (old, new) {
        (None, Some(only)) => return digest(only).map(|_| format!("starts from {}", shown(only))),
        (Some(only), None) => return digest(only).map(|_| format!("started from {}", shown(only))),
        (Some(old), Some(new)) if digest(old) != digest(new) => (old, new),
        _ => return None,
    };
    if let (Some(Parent::Ami(from)), Some(Parent::Ami(to))) = (&old.parent, &new.parent) {
        return Some(format!("{}: {} -> {}", new.source, dated(from), dated(to)));
    }
    let (mut from, mut to) = (shown(old), shown(new));
    if from == to {
        for (text, section) in [(&mut from, old), (&mut to, new)] {
            let digest = digest(section).map(|digest| digest.short());
            *text = format!("{text} ({})", digest.unwrap_or_default());
        }
    }
    Some(format!("starts from {to}, before from {from}"))
}

/// `ami-0123456789abcdef0 (debian-12, 2026-07-11 10:16 UTC)`: names may be the same.
fn dated(pin: &AmiPin) -> String {
    let created = crate::release::show_time(pin.created.0);
    format!("{} ({}, {created})", pin.id, pin.name)
}

type ById<'a> = BTreeMap<(&'a str, &'a str), &'a Package>;

fn packages(section: Option<&Section>) -> ById<'_> {
    let all = section.into_iter().flat_map(Section::all_packages);
    all.map(|package| (package.id(), package)).collect()
}

fn releases(old: &Section, new: &Section) -> Vec<String> {
    let mut lines = Vec::new();
    for release in &new.releases {
        let suite = &release.suite;
        let date = crate::release::show_time(release.date.0);
        match old.release(suite) {
            None => lines.push(format!("suite {suite} of {date} is new")),
            Some(before) if before.sha256 != release.sha256 => {
                lines.push(format!("suite {suite} is now of {date}"));
            }
            Some(_) => {}
        }
    }
    for release in &old.releases {
        if new.release(&release.suite).is_none() {
            lines.push(format!("suite {} is gone", release.suite));
        }
    }
    lines
}

impl fmt::Display for SectionDiff {
    /// A line per change: `+ curl 8.1 amd64`, `- nano 7.2 amd64`, `^ nginx 1.22.1-9 -> 1.22.1-10`,
    /// `v` for a lower version, `!` for other bytes under the same version, `*` for the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mark, packages) in [('+', &self.added), ('-', &self.removed)] {
            for package in packages {
                let Package {
                    name,
                    version,
                    arch,
                    ..
                } = package;
                writeln!(f, "{mark} {name} {version} {arch}")?;
            }
        }
        for (mark, changes) in [('^', &self.upgraded), ('v', &self.downgraded)] {
            for Change { from, to } in changes {
                writeln!(f, "{mark} {} {} -> {}", to.name, from.version, to.version)?;
            }
        }
        for Change { from, to } in &self.replaced {
            let (name, version) = (&to.name, &to.version);
            let (from, to) = (from.sha256.short(), to.sha256.short());
            writeln!(f, "! {name} {version} has other bytes: {from} -> {to}")?;
        }
        for line in self.releases.iter().chain(&self.other) {
            writeln!(f, "* {line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for LockDiff {
    /// Every recipe's changes below its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, changes) in &self.recipes {
            writeln!(f, "recipe {name}")?;
            for line in changes.to_string().lines() {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}
