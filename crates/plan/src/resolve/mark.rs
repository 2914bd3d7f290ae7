//! Marking: installing a package with what it needs, keeping one, deleting one.
//!
//! The steps are apt's (2.6), for each of them can decide which alternative is taken:
//! conflicts are looked at before a package is marked, dependencies after it; a package
//! that was asked for, or is the only way to one that was, is protected, and whatever
//! it conflicts with stops being possible at all.

use super::view::{CANDIDATE, CURRENT, Dep, INSTALL};
use super::{MAX_DEPTH, Mode, Solver};
use crate::index::{CandidateId, MultiArch, PackageId};

/// What installing a package has to do about others.
#[derive(Default)]
struct Others {
    /// Installed before, in the way: to be upgraded, else deleted.
    to_upgrade: Vec<PackageId>,
    /// Installed before, in the way, no newer version: deleted at the end.
    to_delete: Vec<PackageId>,
}

impl Solver<'_> {
    /// Installs what was asked for, then, in the same order, what that needs.
    pub(super) fn install_asked(&mut self, asked: &[PackageId], suites: &[(CandidateId, &str)]) {
        for package in asked {
            self.state_mut(*package).is_protected = true;
            self.install(*package, false, 0, true);
        }
        for (version, suite) in suites {
            self.follow_suite(*version, suite, &mut Vec::new());
        }
        for package in asked {
            if self.is_broken(*package) {
                self.install(*package, true, 0, true);
            }
        }
    }

    /// Marks a package for installation, if `follow` with what it needs. `false`: it cannot be.
    pub(super) fn install(
        &mut self,
        package: PackageId,
        follow: bool,
        depth: usize,
        is_asked: bool,
    ) -> bool {
        let before = *self.state(package);
        // A protected package that is there already comes by to protect what it needs.
        let is_there = before.is_protected
            && before.mode == Mode::Keep
            && before.candidate.is_some()
            && before.candidate == before.current;
        if !is_there && !self.may_change(package, Mode::Install, depth, is_asked) {
            return false;
        }
        let Some(version) = before.candidate else {
            return false;
        };
        if !before.is_protected && !self.is_broken(package) {
            if before.candidate == before.current {
                return before.install.is_some() || self.keep(package, depth + 1);
            }
            if before.mode == Mode::Install {
                return true;
            }
        }
        if !is_asked && !self.is_in_step_with_siblings(package) {
            return false;
        }
        if follow && !self.can_be_satisfied(package) {
            return false;
        }
        if is_asked {
            self.mark_installed(package, true);
        }
        if !follow {
            if !is_asked {
                self.mark_installed(package, false);
            }
            return true;
        }
        let fails_early = !before.is_protected && !is_asked;
        let deps = self.deps(version);
        let (needs, refuses) = self.sort_deps(version, &deps, before.is_protected);
        let mut others = Others::default();
        let mut ok = self.clear_way(package, version, &refuses, &mut others, is_asked);
        if !ok && fails_early {
            return false;
        }
        if !is_asked {
            self.mark_installed(package, false);
        }
        // While its needs are marked, nothing may take the package itself away.
        self.state_mut(package).is_protected = true;
        ok &= self.follow_deps(version, &needs, others, depth, &before, is_asked);
        self.state_mut(package).is_protected = before.is_protected;
        if !ok && fails_early {
            self.discard(package);
        }
        if ok {
            self.upgrade_by_source(version, depth);
        }
        ok
    }

    /// Packages that are there and were made of the same source come to the version of it that
    /// this one is of, if they can (`APT::Get::Upgrade-By-Source-Package`).
    fn upgrade_by_source(&mut self, version: CandidateId, depth: usize) {
        let source = self.universe.candidate(version).source_version();
        let is_old = |package: &PackageId| {
            let state = self.state(*package);
            let (Some(current), Some(candidate)) = (state.current, state.candidate) else {
                return false;
            };
            state.mode == Mode::Keep
                && candidate != current
                && self.universe.candidate(candidate).source_version() == source
                && self.universe.candidate(current).source_version().0 == source.0
        };
        let old: Vec<PackageId> = self.there.iter().copied().filter(is_old).collect();
        for package in old {
            self.install(package, true, depth + 1, false);
        }
    }

    /// The part of an installation that comes after the package itself is marked.
    fn follow_deps(
        &mut self,
        version: CandidateId,
        needs: &[&Dep<'_>],
        others: Others,
        depth: usize,
        before: &super::State,
        is_asked: bool,
    ) -> bool {
        let fails_early = !before.is_protected && !is_asked;
        let mut ok =
            self.upgrade_or_delete(&others.to_upgrade, depth, before.is_protected, is_asked);
        if !ok && fails_early {
            return false;
        }
        ok &= self.install_needs(version, needs, depth, before.is_protected, is_asked);
        if !ok && fails_early {
            return false;
        }
        for other in others.to_delete {
            ok &= self.delete(other, depth, false);
            if !ok && fails_early {
                return false;
            }
        }
        ok
    }

    /// Whether a package may get another mode.
    fn may_change(&self, package: PackageId, mode: Mode, depth: usize, is_asked: bool) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let state = self.state(package);
        if is_asked || state.mode == mode {
            return true;
        }
        if state.is_protected {
            return false;
        }
        mode != Mode::Delete || !self.is_indispensable(package)
    }

    /// Essential or protected: nobody but the user takes it away.
    pub(super) fn is_indispensable(&self, package: PackageId) -> bool {
        self.universe.versions(package).iter().any(|id| {
            let candidate = self.universe.candidate(*id);
            candidate.essential || candidate.protected
        })
    }

    /// Leaves a package as it was.
    pub(super) fn keep(&mut self, package: PackageId, depth: usize) -> bool {
        if !self.may_change(package, Mode::Keep, depth, false) {
            return false;
        }
        let state = self.state_mut(package);
        state.mode = Mode::Keep;
        state.install = state.current;
        true
    }

    /// Takes a package away.
    pub(super) fn delete(&mut self, package: PackageId, depth: usize, is_asked: bool) -> bool {
        if !self.may_change(package, Mode::Delete, depth, is_asked) {
            return false;
        }
        let state = self.state(package);
        if state.mode == Mode::Delete || state.install.is_none() {
            return true;
        }
        if !is_asked && !self.may_delete(package) {
            return false;
        }
        let state = self.state_mut(package);
        state.mode = match state.current {
            None => Mode::Keep,
            Some(_) => Mode::Delete,
        };
        state.install = None;
        true
    }

    /// What was asked for in this run stays.
    fn may_delete(&self, package: PackageId) -> bool {
        let state = self.state(package);
        state.current.is_some() || state.install.is_none() || state.is_auto
    }

    fn mark_installed(&mut self, package: PackageId, is_asked: bool) {
        let state = self.state_mut(package);
        if state.is_protected && state.install == state.candidate {
            return;
        }
        state.mode = Mode::Install;
        state.install = state.candidate;
        if state.current.is_none() {
            state.is_auto = !is_asked;
        }
        if state.candidate == state.current {
            state.mode = Mode::Keep;
        }
    }

    /// Undoes an installation that failed and does not try it again.
    fn discard(&mut self, package: PackageId) {
        let state = self.state_mut(package);
        let is_untouched = state.mode == Mode::Keep
            && state.install == state.candidate
            && state.candidate == state.current;
        if !is_untouched {
            state.install = state.current;
            state.mode = Mode::Keep;
            state.candidate = state.install;
        }
    }

    /// Packages made to stand side by side move together.
    fn is_in_step_with_siblings(&self, package: PackageId) -> bool {
        let state = self.state(package);
        if state.mode == Mode::Install && state.install == state.candidate {
            return true;
        }
        let Some(id) = state.candidate.filter(|id| state.current != Some(*id)) else {
            return true;
        };
        let candidate = self.universe.candidate(id);
        candidate.multi_arch != MultiArch::Same
            || self.universe.siblings(candidate.package).all(|sibling| {
                let other = self.state(sibling);
                sibling == package
                    || other.current.is_none()
                    || other.candidate.is_none_or(|id| {
                        let other = self.universe.candidate(id);
                        other.multi_arch != MultiArch::Same || other.version == candidate.version
                    })
            })
    }

    /// Whether every need has at least a candidate; if not, the version is given up.
    fn can_be_satisfied(&mut self, package: PackageId) -> bool {
        let state = *self.state(package);
        let Some(id) = state.candidate.filter(|id| state.current != Some(*id)) else {
            return true;
        };
        let deps = self.deps(id);
        let fine = deps
            .iter()
            .filter(|dep| dep.field.is_critical() && !dep.field.is_negative())
            .all(|dep| self.holds(id, dep, INSTALL) || self.holds(id, dep, CANDIDATE));
        if !fine && !state.is_protected {
            let state = self.state_mut(package);
            state.candidate = state.current;
            if state.mode != Mode::Delete {
                state.mode = Mode::Keep;
            }
        }
        fine
    }

    /// Splits relations into needs and refusals that have to be worked on. A protected
    /// package hands its protection on, so all of them have.
    fn sort_deps<'d, 'n>(
        &self,
        version: CandidateId,
        deps: &'d [Dep<'n>],
        is_protected: bool,
    ) -> (Vec<&'d Dep<'n>>, Vec<&'d Dep<'n>>) {
        deps.iter()
            .filter(|dep| dep.field.is_critical())
            .filter(|dep| is_protected || !self.holds(version, dep, INSTALL))
            .partition(|dep| !dep.field.is_negative())
    }

    /// Makes what a version refuses impossible, or notes what has to go.
    fn clear_way(
        &mut self,
        package: PackageId,
        version: CandidateId,
        refuses: &[&Dep<'_>],
        others: &mut Others,
        is_asked: bool,
    ) -> bool {
        let is_protected = self.state(package).is_protected;
        let goes_on = is_protected || is_asked;
        let mut ok = true;
        let mut bad = Vec::new();
        for dep in refuses {
            for id in self.solutions(version, dep, CANDIDATE) {
                let other = self.universe.package_of(id);
                let state = *self.state(other);
                if state.candidate != Some(id) {
                    continue;
                }
                if state.current == Some(id) {
                    ok &= self.delete_later(other, is_protected, others);
                } else if state.mode == Mode::Install && !self.keep(other, 0) {
                    ok = false;
                } else if is_protected {
                    let state = self.state_mut(other);
                    state.candidate = state.install;
                    state.is_protected |= state.current.is_none();
                } else {
                    bad.push(other);
                }
                if !ok && !goes_on {
                    return false;
                }
            }
            for id in self.solutions(version, dep, CURRENT) {
                let other = self.universe.package_of(id);
                let state = *self.state(other);
                if state.candidate.is_some_and(|candidate| candidate != id) && !bad.contains(&other)
                {
                    others.to_upgrade.push(other);
                } else if state.candidate != state.current {
                    ok &= self.delete_later(other, is_protected, others);
                }
                if !ok && !goes_on {
                    return false;
                }
            }
        }
        ok
    }

    fn delete_later(&mut self, other: PackageId, is_protected: bool, others: &mut Others) -> bool {
        if is_protected {
            if self.state(other).mode != Mode::Delete && !self.delete(other, 1, false) {
                return false;
            }
            let state = self.state_mut(other);
            state.candidate = state.install;
            state.is_protected = true;
            return true;
        }
        if self.state(other).mode == Mode::Delete {
            return true;
        }
        if !self.may_change(other, Mode::Delete, 0, false) || !self.may_delete(other) {
            return false;
        }
        others.to_delete.push(other);
        true
    }

    fn upgrade_or_delete(
        &mut self,
        others: &[PackageId],
        depth: usize,
        is_protected: bool,
        is_asked: bool,
    ) -> bool {
        let mut ok = true;
        for other in others {
            if self.state(*other).mode == Mode::Install
                || self.install(*other, true, depth + 1, false)
            {
                continue;
            }
            if self.delete(*other, depth + 1, false) {
                self.state_mut(*other).is_protected |= is_protected;
                continue;
            }
            ok = false;
            if !is_protected && !is_asked {
                break;
            }
        }
        ok
    }

    fn install_needs(
        &mut self,
        version: CandidateId,
        needs: &[&Dep<'_>],
        depth: usize,
        is_protected: bool,
        is_asked: bool,
    ) -> bool {
        let mut ok = true;
        for dep in needs {
            if self.holds(version, dep, INSTALL) {
                ok &= !is_protected || self.protect_only_way(version, dep, depth);
                continue;
            }
            let solutions = self.solutions(version, dep, CANDIDATE);
            let is_only_way = is_protected && solutions.len() == 1;
            let found = solutions.into_iter().any(|id| {
                let other = self.universe.package_of(id);
                if self.state(other).candidate != Some(id) {
                    return false;
                }
                if is_only_way {
                    if !self.install(other, false, depth + 1, false) {
                        return false;
                    }
                    self.state_mut(other).is_protected = true;
                }
                self.install(other, true, depth + 1, false)
            });
            if !found {
                ok = false;
                if !is_protected && !is_asked {
                    break;
                }
            }
        }
        ok
    }

    /// Hands protection on through a relation that holds already, when only one version
    /// can satisfy it.
    fn protect_only_way(&mut self, version: CandidateId, dep: &Dep<'_>, depth: usize) -> bool {
        let mut solutions = self.solutions(version, dep, CANDIDATE);
        solutions.extend(self.solutions(version, dep, CURRENT));
        solutions.sort_unstable();
        solutions.dedup();
        let [only] = solutions[..] else {
            return true;
        };
        let other = self.universe.package_of(only);
        if self.state(other).is_protected {
            return true;
        }
        self.state_mut(other).is_protected = true;
        self.install(other, true, depth + 1, false)
    }
}
