//! Repairing: what gives way when marking left something broken.
//!
//! Every package gets a score: how much breaks with it. From the highest down, a broken
//! package with less weight than what is in its way gives way itself; one with more
//! makes the other go. Packages that were asked for never give way.

use std::collections::BTreeMap;

use super::view::{CANDIDATE, CURRENT, Dep, INSTALL};
use super::{Mode, Solver};
use crate::index::{CandidateId, Field, PackageId, Priority};
use crate::relation::Alternative;

/// Rounds after which apt gives up.
const ROUNDS: usize = 10;

/// Score of a package that must not give way, and of an essential one.
const PROTECTED: i64 = 10_000;
const ESSENTIAL: i64 = 5_000;

struct Repair {
    scores: BTreeMap<PackageId, i64>,
    /// Packages that an upgrade was tried for.
    tried: Vec<PackageId>,
}

impl Repair {
    fn score(&self, package: PackageId) -> i64 {
        self.scores.get(&package).copied().unwrap_or(0)
    }
}

/// What an or-group comes to when none of its members helps.
#[derive(Clone, Copy, PartialEq)]
enum Unwind {
    Remove,
    Keep,
}

impl Solver<'_> {
    /// Resolves what is broken, as far as possible.
    pub(super) fn repair(&mut self) {
        if !self
            .installed()
            .iter()
            .any(|package| self.is_broken(*package))
        {
            return;
        }
        let mut repair = Repair {
            scores: self.scores(),
            tried: Vec::new(),
        };
        for round in 0..ROUNDS {
            let mut order = self.installed();
            order.sort_by_key(|package| -repair.score(*package));
            let mut changed = false;
            for package in order {
                if self.is_broken(package) {
                    changed |= self.repair_package(&mut repair, package, round);
                }
            }
            if !changed {
                return;
            }
        }
    }

    pub(super) fn installed(&self) -> Vec<PackageId> {
        (0..self.universe.package_count())
            .map(PackageId)
            .filter(|package| self.state(*package).install.is_some())
            .collect()
    }

    fn scores(&self) -> BTreeMap<PackageId, i64> {
        let installed = self.installed();
        let mut scores: BTreeMap<PackageId, i64> = BTreeMap::new();
        let mut names: BTreeMap<&str, i64> = BTreeMap::new();
        let version = |package: PackageId| self.state(package).install;
        for package in &installed {
            let Some(id) = version(*package) else {
                continue;
            };
            let candidate = self.universe.candidate(id);
            let mut score = match candidate.priority {
                Priority::None => 0,
                Priority::Required => 3,
                Priority::Important => 2,
                Priority::Standard => 1,
                Priority::Optional => -1,
                Priority::Extra => -2,
            };
            if self.is_indispensable(*package) {
                score += 100;
            }
            if self.state(*package).current.is_some() {
                score += 1;
            }
            *scores.entry(*package).or_default() += score;
            for dep in self.deps(id).iter() {
                let points = match dep.field {
                    Field::PreDepends | Field::Depends | Field::Recommends => 1,
                    Field::Conflicts | Field::Breaks => -1,
                    _ => continue,
                };
                for alternative in &dep.alternatives {
                    match self.universe.find_id(alternative.name, candidate.arch_id) {
                        Some(target) => *scores.entry(target).or_default() += points,
                        None => *names.entry(alternative.name).or_default() += points,
                    }
                }
            }
        }
        let old = scores.clone();
        let old_score = |package: PackageId| old.get(&package).copied().unwrap_or(0);
        for package in &installed {
            let Some(id) = version(*package) else {
                continue;
            };
            let arch_id = self.universe.candidate(id).arch_id;
            for dep in self.deps(id).iter() {
                if !matches!(
                    dep.field,
                    Field::PreDepends | Field::Depends | Field::Recommends
                ) {
                    continue;
                }
                for alternative in &dep.alternatives {
                    if let Some(target) = self.universe.find_id(alternative.name, arch_id)
                        && version(target).is_some()
                    {
                        *scores.entry(target).or_default() += old_score(*package).abs();
                    }
                }
            }
        }
        for (name, points) in names {
            for provide in self.universe.providers(name) {
                let owner = self.universe.package_of(provide.by);
                if version(owner) == Some(provide.by) {
                    *scores.entry(owner).or_default() += points.abs();
                }
            }
        }
        for package in installed {
            let score = scores.entry(package).or_default();
            if self.state(package).is_protected {
                *score += PROTECTED;
            }
            if self.is_indispensable(package) {
                *score += ESSENTIAL;
            }
        }
        scores
    }

    /// Every version there is that an alternative names.
    pub(super) fn all_targets(
        &self,
        owner: CandidateId,
        dep: &Dep<'_>,
        alternative: &Alternative<'_>,
    ) -> Vec<CandidateId> {
        let universe = self.universe;
        let mut packages: Vec<PackageId> = universe.siblings(alternative.name).collect();
        for provide in universe.providers(alternative.name) {
            packages.push(universe.package_of(provide.by));
        }
        let mut targets = Vec::new();
        let mut seen = Vec::new();
        for package in packages {
            if seen.contains(&package) {
                continue;
            }
            seen.push(package);
            for id in universe.versions(package) {
                let only = |other: PackageId| (other == package).then_some(*id);
                if self.each_hit(owner, dep, alternative, only, &mut |_| true) {
                    targets.push(*id);
                }
            }
        }
        targets
    }

    /// Deals with one broken package. `true` when something changed.
    fn repair_package(&mut self, repair: &mut Repair, package: PackageId, round: usize) -> bool {
        let Some(version) = self.state(package).install else {
            return false;
        };
        let deps = self.deps(version);
        let mut changed = false;
        let mut kills: Vec<(PackageId, usize)> = Vec::new();
        for (number, dep) in deps.iter().enumerate() {
            if !dep.field.is_critical() || self.holds(version, dep, INSTALL) {
                continue;
            }
            let in_or = dep.alternatives.len() > 1;
            let kills_before = kills.len();
            let mut unwind = Unwind::Remove;
            let mut is_done = false;
            for alternative in &dep.alternatives {
                let targets = self.all_targets(version, dep, alternative);
                let can_go = !self.state(package).is_protected;
                if targets.is_empty() && can_go && !dep.field.is_negative() {
                    if !in_or {
                        self.keep(package, 0);
                        if self.is_broken(package) {
                            self.delete(package, 0, false);
                        }
                        changed = true;
                        is_done = true;
                    }
                    continue;
                }
                for target in targets {
                    let other = self.universe.package_of(target);
                    let holds_now = !self.hits(version, dep, alternative, CURRENT).is_empty();
                    let gives_way = repair.score(package) <= repair.score(other)
                        || (!holds_now && !dep.field.is_negative());
                    if gives_way {
                        if !can_go {
                            if self.upgrade(repair, other) {
                                let score = repair.score(other).min(repair.score(package));
                                repair.scores.insert(other, score);
                                changed = true;
                                break;
                            }
                            continue;
                        }
                        let was_install = self.state(package).mode == Mode::Install;
                        self.keep(package, 0);
                        if !self.is_broken(package) {
                            unwind = Unwind::Keep;
                            if in_or && was_install {
                                self.install(package, false, 0, false);
                            }
                        } else if !self.upgrade(repair, package) && !in_or {
                            self.delete(package, 0, false);
                            if round > 1 {
                                let score = repair.score(package).max(repair.score(other));
                                repair.scores.insert(package, score);
                            }
                        }
                        changed = true;
                        is_done = true;
                        break;
                    }
                    if dep.field == Field::Conflicts && self.state(other).install != Some(target) {
                        continue;
                    }
                    if dep.field == Field::Breaks && self.holds(version, dep, CANDIDATE) {
                        self.install(other, false, 0, false);
                        continue;
                    }
                    if self.state(other).is_protected {
                        continue;
                    }
                    kills.push((other, number));
                    if dep.field != Field::Conflicts {
                        break;
                    }
                }
                if self.holds(version, dep, INSTALL) {
                    break;
                }
            }
            let is_open = !self.holds(version, dep, INSTALL);
            if in_or && is_open && kills.len() == kills_before {
                if unwind == Unwind::Keep {
                    changed |= self.keep(package, 0);
                } else if !self.state(package).is_protected {
                    changed |= self.delete(package, 0, false);
                }
            }
            if (is_done && !in_or) || self.state(package).install.is_none() {
                break;
            }
        }
        if self.state(package).install.is_none() {
            return changed;
        }
        for (other, number) in kills {
            let dep = &deps[number];
            let before = *self.state(other);
            if self.holds(version, dep, CURRENT) {
                self.keep(other, 0);
            } else if dep.field.is_negative() {
                self.delete(other, 0, false);
            }
            let after = self.state(other);
            changed |= (before.install, before.mode) != (after.install, after.mode);
            if round > 1 && repair.score(package) > repair.score(other) {
                repair.scores.insert(other, repair.score(package));
            }
        }
        changed
    }

    /// Installs a package to help another, with whatever its candidate's needs lack.
    fn upgrade(&mut self, repair: &mut Repair, package: PackageId) -> bool {
        let state = *self.state(package);
        if repair.tried.contains(&package)
            || state.candidate.is_none()
            || state.candidate == state.current
        {
            return false;
        }
        repair.tried.push(package);
        let was_kept = state.mode == Mode::Keep;
        self.install(package, false, 0, false);
        let Some(version) = self.state(package).install else {
            return false;
        };
        let deps = self.deps(version);
        let fine = deps
            .iter()
            .filter(|dep| dep.field.is_critical())
            .all(|dep| self.upgrade_for(repair, version, dep));
        if !fine {
            if was_kept {
                self.keep(package, 0);
            } else {
                self.delete(package, 0, false);
            }
        }
        fine
    }

    fn upgrade_for(&mut self, repair: &mut Repair, version: CandidateId, dep: &Dep<'_>) -> bool {
        if self.holds(version, dep, INSTALL) || dep.field == Field::Conflicts {
            return true;
        }
        dep.alternatives.iter().any(|alternative| {
            let Some(target) = self.smart_target(version, alternative) else {
                return false;
            };
            !self.state(target).is_protected
                && !self.hits(version, dep, alternative, CANDIDATE).is_empty()
                && self.upgrade(repair, target)
        })
    }

    /// The package of a name, or the only one that provides it.
    fn smart_target(&self, owner: CandidateId, alternative: &Alternative<'_>) -> Option<PackageId> {
        let arch_id = self.universe.candidate(owner).arch_id;
        if let Some(package) = self.universe.find_id(alternative.name, arch_id) {
            return Some(package);
        }
        let mut providers = self
            .universe
            .providers(alternative.name)
            .iter()
            .map(|provide| self.universe.package_of(provide.by));
        let first = providers.next()?;
        providers.all(|other| other == first).then_some(first)
    }
}
