//! Which packages a system needs: the set that `apt-get install --no-install-recommends`
//! chooses, computed from the indices alone.
//!
//! apt does not search for a best set. It marks what was asked for, then, package by
//! package, what each one needs: the first alternative that works, of several providers the
//! one it likes best. Only what that leaves broken is repaired, by scores. Whoever wants
//! apt's set has to take apt's steps:
//!
//! ```text
//! request  words -> packages and versions
//! view     which candidate, installed or chosen version satisfies which relation
//! choose   of several ways to satisfy a relation, which comes first
//! mark     install with what it needs, keep, delete: each package's state
//! repair   scores, and what gives way when something is broken
//! sweep    what no longer has a reason to be there
//! explain  why there is no solution, in words
//! order    in which order the solution is unpacked and configured
//! ```

mod choose;
mod explain;
mod mark;
mod repair;
mod request;
mod sweep;
mod view;

pub mod order;

use std::collections::BTreeMap;

use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::recipe::Variant;

use crate::index::{CandidateId, Field, IndexError, PackageId, Priority, Universe};
pub use explain::Conflict;
use goldsmith_core::debversion;
pub use order::{Edges, Member};
pub use request::RequestError;

/// Deepest chain of packages that need each other, as in apt.
const MAX_DEPTH: usize = 3000;

/// Room for [`MAX_DEPTH`] steps of marking; only what is used is ever mapped.
const STACK_BYTES: usize = 256 << 20;

/// What to solve for.
#[derive(Debug, Clone)]
pub struct Request<'r> {
    /// Which packages are there without being named.
    pub variant: Variant,
    /// Packages to install: `name`, `name:arch`, `name=version`, `name/suite`, worked on
    /// in this order: one that comes first can decide what a later one finds.
    pub packages: &'r [String],
    /// Versions to prefer while the indices have them, by (package, architecture): those
    /// of an old lock, of which only some packages shall move.
    pub hold: BTreeMap<(String, String), String>,
    /// What the system has already, by (package, architecture); each version must be in an index.
    /// It stays, but for what the request needs otherwise, and the variant brings nothing. Empty:
    /// the system begins with the variant.
    pub installed: BTreeMap<(String, String), String>,
}

/// The packages of a system, by name and architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Every package, by name and architecture.
    pub packages: Vec<Chosen>,
}

/// One package of a [`Solution`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its version.
    pub candidate: CandidateId,
    /// Why it is there.
    pub why: Why,
    /// What it needs within the solution.
    pub edges: Edges,
}

/// Why a package is part of a [`Solution`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The variant has it.
    Base,
    /// It was asked for.
    Requested,
    /// The package at this place of the solution needs it.
    NeededBy(usize),
    /// No package needs it above all others: it was marked on the way and stays, as with
    /// apt, for a package that recommends or suggests it or that it is a second choice of.
    Related,
}

/// Why there is no [`Solution`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A stanza does not read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A word of the request names nothing.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The packages do not go together.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// This host gives no thread.
    #[error("no thread to solve in")]
    NoThread,
}

impl Failure for ResolveError {
    fn class(&self) -> Class {
        match self {
            Self::Index(error) => error.class(),
            Self::Request(_) | Self::Conflict(_) => Class::Config,
            Self::NoThread => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Index(error) => error.hints(),
            Self::Request(error) => error.hints(),
            Self::Conflict(_) | Self::NoThread => Vec::new(),
        }
    }
}

/// Chooses the packages of a system.
pub fn resolve(universe: &Universe<'_>, request: &Request<'_>) -> Result<Solution, ResolveError> {
    // Marking follows the packages' needs by recursion, as deep as the archive goes.
    std::thread::scope(|scope| {
        let solve = || Solver::new(universe, request).solve(request);
        std::thread::Builder::new()
            .name("resolve".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, solve)
            .map_err(|_| ResolveError::NoThread)?
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// apt's word for what happens to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Keep,
    Install,
    Delete,
}

/// What is known and decided about a package.
#[derive(Debug, Clone, Copy)]
struct State {
    /// The version that the indices and the request offer.
    offered: Option<CandidateId>,
    /// The version that would be installed: `offered`, until it turns out impossible.
    candidate: Option<CandidateId>,
    /// The version there will be.
    install: Option<CandidateId>,
    /// The version there was before this step.
    current: Option<CandidateId>,
    mode: Mode,
    /// Its mode must not change: asked for, or the only way to something asked for.
    is_protected: bool,
    /// Nobody asked for it.
    is_auto: bool,
}

/// The state of every package, and what is needed to change it as apt would.
struct Solver<'u> {
    universe: &'u Universe<'u>,
    states: Vec<State>,
    /// What there was before this step.
    there: Vec<PackageId>,
    view: view::Cache<'u>,
}

impl<'u> Solver<'u> {
    fn new(universe: &'u Universe<'_>, request: &Request<'_>) -> Self {
        let mut solver = Self {
            universe,
            states: Vec::new(),
            there: Vec::new(),
            view: view::Cache::new(universe),
        };
        solver.states = (0..universe.package_count())
            .map(|number| solver.first_choice(PackageId(number), request))
            .map(|offered| State {
                offered,
                candidate: offered,
                install: None,
                current: None,
                mode: Mode::Keep,
                is_protected: false,
                is_auto: false,
            })
            .collect();
        solver
    }

    /// The version apt would take: of the highest pin the highest version; before it,
    /// the one that is held.
    fn first_choice(&self, package: PackageId, request: &Request<'_>) -> Option<CandidateId> {
        let versions = self.universe.versions(package);
        if !request.hold.is_empty() {
            let (name, arch) = self.name_and_arch(package);
            let held = request.hold.get(&(name.to_owned(), arch.to_owned()));
            let matching = |id: &&CandidateId| {
                Some(self.universe.candidate(**id).version) == held.map(String::as_str)
            };
            if let Some(id) = versions.iter().find(matching) {
                return Some(*id);
            }
        }
        let pin = |id: CandidateId| {
            let index = self.universe.candidate(id).index;
            self.universe.origin(index).pin
        };
        let highest = versions.iter().map(|id| pin(*id)).max()?;
        let mut best = versions.iter().filter(|id| pin(**id) == highest);
        best.next().copied().filter(|_| highest >= 0)
    }

    fn name_and_arch(&self, package: PackageId) -> (&'u str, &'u str) {
        let package = self.universe.package(package);
        let arch = &self.universe.archs()[usize::from(package.arch_id)];
        (package.name, arch)
    }

    fn solve(mut self, request: &Request<'_>) -> Result<Solution, ResolveError> {
        let asked = request::read(self.universe, request.packages)?;
        if request.installed.is_empty() {
            for step in self.base_steps(request.variant) {
                self.step(&step, &[])?;
            }
        } else {
            self.begin_with(&request.installed);
        }
        let in_base: Vec<bool> = self.states.iter().map(|s| s.install.is_some()).collect();
        for (package, version) in &asked {
            if version.is_some() {
                self.state_mut(*package).offered = *version;
            }
        }
        let suites = request::suites(self.universe, request.packages, &asked);
        let mut asked: Vec<PackageId> = asked.into_iter().map(|(package, _)| package).collect();
        self.step(&asked, &suites)?;
        asked.retain(|package| !in_base[package.0 as usize]);
        self.solution(&in_base, &asked)
    }

    /// Has these packages as if steps before had installed them. Like apt, no step goes back to an
    /// older version of one by itself.
    fn begin_with(&mut self, installed: &BTreeMap<(String, String), String>) {
        for ((name, arch), version) in installed {
            let Some(package) = self.universe.find(name, arch) else {
                continue;
            };
            let versions = self.universe.versions(package).iter();
            let mut matching =
                versions.filter(|id| self.universe.candidate(**id).version == version);
            let Some(id) = matching.next().copied() else {
                continue;
            };
            let offered = self.state(package).offered;
            let is_older = offered.is_none_or(|offered| {
                let offered = self.universe.candidate(offered).version;
                debversion::compare(offered, version).is_lt()
            });
            let state = self.state_mut(package);
            state.install = Some(id);
            if is_older {
                state.offered = Some(id);
            }
        }
    }

    /// What mmdebstrap installs for a variant, run by run.
    fn base_steps(&self, variant: Variant) -> Vec<Vec<PackageId>> {
        let mut essential = Vec::new();
        let mut required = Vec::new();
        for number in 0..self.universe.package_count() {
            let package = PackageId(number);
            let Some(id) = self.states[number as usize].candidate else {
                continue;
            };
            if self.universe.package(package).arch_id != 0 {
                continue;
            }
            let candidate = self.universe.candidate(id);
            let is_apt = candidate.package == "apt";
            if candidate.essential || (is_apt && variant == Variant::Apt) {
                essential.push(package);
            } else if is_apt || candidate.priority == Priority::Required {
                required.push(package);
            }
        }
        match variant {
            Variant::Essential | Variant::Apt => vec![essential],
            Variant::Minbase => vec![essential, required],
        }
    }

    /// One `apt-get install` on what the steps before left.
    fn step(
        &mut self,
        asked: &[PackageId],
        suites: &[(CandidateId, &str)],
    ) -> Result<(), ResolveError> {
        for state in &mut self.states {
            state.current = state.install;
            state.candidate = state.offered;
            state.mode = Mode::Keep;
            state.is_protected = false;
            state.is_auto = false;
        }
        let states = self.states.iter().zip(0..);
        let there = states.filter(|(state, _)| state.current.is_some());
        self.there = there.map(|(_, number)| PackageId(number)).collect();
        self.install_asked(asked, suites);
        self.repair();
        self.view.check()?;
        if let Some(conflict) = self.explain(asked) {
            return Err(conflict.into());
        }
        self.sweep();
        self.view.check()?;
        Ok(())
    }

    fn solution(
        &mut self,
        in_base: &[bool],
        asked: &[PackageId],
    ) -> Result<Solution, ResolveError> {
        let packages: Vec<PackageId> = (0..self.universe.package_count())
            .map(PackageId)
            .filter(|package| self.state(*package).install.is_some())
            .collect();
        let candidates: Vec<CandidateId> = packages
            .iter()
            .filter_map(|package| self.state(*package).install)
            .collect();
        let edges = order::edges_of(self.universe, &candidates)?;
        let mut whys: Vec<Option<Why>> = packages
            .iter()
            .map(|package| in_base[package.0 as usize].then_some(Why::Base))
            .collect();
        let mut queue: Vec<usize> = Vec::new();
        for (place, package) in packages.iter().enumerate() {
            if whys[place].is_none() && asked.contains(package) {
                whys[place] = Some(Why::Requested);
                queue.push(place);
            }
        }
        let mut next = 0;
        while let Some(place) = queue.get(next).copied() {
            next += 1;
            for needed in edges[place].all() {
                if whys[needed].is_none() {
                    whys[needed] = Some(Why::NeededBy(place));
                    queue.push(needed);
                }
            }
        }
        let packages = candidates
            .into_iter()
            .zip(whys)
            .zip(edges)
            .map(|((candidate, why), edges)| Chosen {
                candidate,
                why: why.unwrap_or(Why::Related),
                edges,
            })
            .collect();
        Ok(Solution { packages })
    }

    fn state(&self, package: PackageId) -> &State {
        &self.states[package.0 as usize]
    }

    fn state_mut(&mut self, package: PackageId) -> &mut State {
        &mut self.states[package.0 as usize]
    }
}

impl Field {
    /// Must hold for a package to work.
    const fn is_critical(self) -> bool {
        matches!(
            self,
            Self::PreDepends | Self::Depends | Self::Conflicts | Self::Breaks
        )
    }

    /// Says what must not be there.
    const fn is_negative(self) -> bool {
        matches!(self, Self::Conflicts | Self::Breaks)
    }
}

#[cfg(test)]
mod tests;
