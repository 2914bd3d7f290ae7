//! Which versions satisfy which relation: apt's reading of names, architectures and Provides.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Solver, State};
use crate::index::{CandidateId, Field, IndexError, Mention, MultiArch, PackageId, Universe};
use crate::relation::{Alternative, Operator, Qualifier};

/// One relation of a version. What must not be there has one alternative each.
#[derive(Debug)]
pub(super) struct Dep<'u> {
    pub(super) field: Field,
    pub(super) alternatives: Vec<Alternative<'u>>,
    /// Comes from `Multi-Arch`, not from a field: only for the package itself in another
    /// architecture.
    is_implicit: bool,
}

/// Which of a package's versions a question is about.
pub(super) type Select = fn(&State) -> Option<CandidateId>;

pub(super) const INSTALL: Select = |state| state.install;
pub(super) const CURRENT: Select = |state| state.current;
pub(super) const CANDIDATE: Select = |state| state.candidate;

/// What was looked up once.
pub(super) struct Cache<'u> {
    deps: Vec<OnceCell<Rc<[Dep<'u>]>>>,
    mentions: RefCell<BTreeMap<PackageId, Mention>>,
    problem: OnceCell<IndexError>,
}

impl Cache<'_> {
    pub(super) fn new(universe: &Universe<'_>) -> Self {
        Self {
            deps: universe
                .candidates()
                .iter()
                .map(|_| OnceCell::new())
                .collect(),
            mentions: RefCell::default(),
            problem: OnceCell::new(),
        }
    }

    /// The first field that did not read, if any was met.
    pub(super) fn check(&self) -> Result<(), IndexError> {
        self.problem.get().cloned().map_or(Ok(()), Err)
    }
}

impl<'u> Solver<'u> {
    /// The relations of a version, in apt's order.
    pub(super) fn deps(&self, id: CandidateId) -> Rc<[Dep<'u>]> {
        let cell = &self.view.deps[id.0 as usize];
        Rc::clone(cell.get_or_init(|| self.read_deps(id)))
    }

    fn read_deps(&self, id: CandidateId) -> Rc<[Dep<'u>]> {
        let mut deps = Vec::new();
        for field in [
            Field::PreDepends,
            Field::Depends,
            Field::Conflicts,
            Field::Breaks,
            Field::Recommends,
            Field::Suggests,
        ] {
            let relations = match self.universe.relations(id, field) {
                Ok(relations) => relations,
                Err(problem) => {
                    self.view.problem.get_or_init(|| problem);
                    continue;
                }
            };
            for relation in relations {
                let dep = |alternatives| Dep {
                    field,
                    alternatives,
                    is_implicit: false,
                };
                if field.is_negative() {
                    deps.extend(relation.into_iter().map(|one| dep(vec![one])));
                } else {
                    deps.push(dep(relation));
                }
            }
        }
        if self.universe.archs().len() > 1 {
            self.add_implicit_deps(id, &mut deps);
        }
        deps.into()
    }

    /// Of one package, several architectures are possible only in one version, and only
    /// when it is made for that.
    fn add_implicit_deps(&self, id: CandidateId, deps: &mut Vec<Dep<'u>>) {
        let candidate = self.universe.candidate(id);
        let package = self.universe.package_of(id);
        for sibling in self.universe.siblings(candidate.package) {
            if sibling == package {
                continue;
            }
            let (name, arch) = self.name_and_arch(sibling);
            let mut add = |field, version| {
                deps.push(Dep {
                    field,
                    alternatives: vec![Alternative {
                        name,
                        qualifier: Qualifier::Arch(arch),
                        version,
                    }],
                    is_implicit: true,
                });
            };
            if candidate.multi_arch == MultiArch::Same {
                add(Field::Breaks, Some((Operator::Less, candidate.version)));
                add(Field::Breaks, Some((Operator::Greater, candidate.version)));
            } else {
                add(Field::Conflicts, None);
            }
        }
    }

    /// apt's number of a version's package.
    pub(super) fn mention_of(&self, id: CandidateId) -> Mention {
        let package = self.universe.package_of(id);
        *self
            .view
            .mentions
            .borrow_mut()
            .entry(package)
            .or_insert_with(|| self.universe.first_mention(package))
    }

    /// Every selected version that an alternative names: of a relation that must hold,
    /// those that satisfy it; of one that must not, those in its way.
    pub(super) fn hits(
        &self,
        owner: CandidateId,
        dep: &Dep<'_>,
        alternative: &Alternative<'_>,
        select: Select,
    ) -> Vec<CandidateId> {
        let mut hits = Vec::new();
        self.each_hit(
            owner,
            dep,
            alternative,
            |package| select(self.state(package)),
            &mut |id| {
                hits.push(id);
                false
            },
        );
        hits
    }

    /// Calls `found` for each hit until it says `true`.
    pub(super) fn each_hit(
        &self,
        owner: CandidateId,
        dep: &Dep<'_>,
        alternative: &Alternative<'_>,
        select: impl Fn(PackageId) -> Option<CandidateId>,
        found: &mut dyn FnMut(CandidateId) -> bool,
    ) -> bool {
        let universe = self.universe;
        let own = universe.candidate(owner);
        let own_package = universe.package_of(owner);
        let is_negative = dep.field.is_negative();
        let name = alternative.name;
        let mut real = |package: PackageId, accepts_kind: fn(MultiArch) -> bool| {
            // No package is in its own way; siblings made for it are not either.
            let is_own = is_negative
                && universe.package(package).name == own.package
                && (package == own_package
                    || (own.multi_arch == MultiArch::Same && !dep.is_implicit));
            select(package)
                .filter(|_| !is_own)
                .filter(|id| accepts_kind(universe.candidate(*id).multi_arch))
                .filter(|id| alternative.accepts(universe.candidate(*id).version))
                .is_some_and(&mut *found)
        };
        let any: fn(MultiArch) -> bool = |_| true;
        let wanted_arch = match alternative.qualifier {
            Qualifier::None => Some(own.arch_id),
            Qualifier::Native => Some(0),
            Qualifier::Arch(arch) => match universe.arch_id(arch) {
                Some(arch_id) => Some(arch_id),
                None => return false,
            },
            Qualifier::Any => None,
        };
        match wanted_arch {
            Some(arch_id) if !is_negative || alternative.qualifier != Qualifier::None => {
                if let Some(package) = universe.find_id(name, arch_id)
                    && real(package, any)
                {
                    return true;
                }
            }
            Some(_) => {
                if universe.siblings(name).any(|package| real(package, any)) {
                    return true;
                }
            }
            None => {
                let allowed: fn(MultiArch) -> bool = |kind| kind == MultiArch::Allowed;
                if universe
                    .siblings(name)
                    .any(|package| real(package, allowed))
                {
                    return true;
                }
            }
        }
        if dep.is_implicit {
            return false;
        }
        for provide in universe.providers(name) {
            let provider = universe.candidate(provide.by);
            let serves = match (alternative.qualifier, provide.qualifier) {
                (Qualifier::Any, Qualifier::Any) => true,
                (Qualifier::Any, Qualifier::None) => provider.multi_arch == MultiArch::Allowed,
                (_, Qualifier::None) => {
                    is_negative
                        || provider.multi_arch == MultiArch::Foreign
                        || wanted_arch == Some(provider.arch_id)
                }
                (_, Qualifier::Arch(arch)) => {
                    wanted_arch.is_some() && wanted_arch == universe.arch_id(arch)
                }
                _ => false,
            };
            let version_fits = match (alternative.version, provide.version) {
                (None, _) => true,
                (Some((operator, bound)), Some(version)) => operator.holds(version, bound),
                (Some(_), None) => false,
            };
            let is_own = is_negative && provider.package == own.package;
            if serves
                && version_fits
                && !is_own
                && select(universe.package_of(provide.by)) == Some(provide.by)
                && found(provide.by)
            {
                return true;
            }
        }
        // A package that serves every architecture stands in for its siblings.
        if !is_negative && universe.archs().len() > 1 && wanted_arch.is_some() {
            for package in universe.siblings(name) {
                if Some(universe.package(package).arch_id) == wanted_arch {
                    continue;
                }
                let hit = select(package)
                    .filter(|id| universe.candidate(*id).multi_arch == MultiArch::Foreign)
                    .filter(|id| alternative.accepts(universe.candidate(*id).version));
                if hit.is_some_and(&mut *found) {
                    return true;
                }
            }
        }
        false
    }

    /// Whether a relation holds: one alternative has a hit, or, of what must not be there,
    /// none has.
    pub(super) fn holds(&self, owner: CandidateId, dep: &Dep<'_>, select: Select) -> bool {
        self.holds_with(owner, dep, |package| select(self.state(package)))
    }

    /// [`Self::holds`] with any choice of versions.
    pub(super) fn holds_with(
        &self,
        owner: CandidateId,
        dep: &Dep<'_>,
        select: impl Fn(PackageId) -> Option<CandidateId>,
    ) -> bool {
        let hit = dep
            .alternatives
            .iter()
            .any(|alternative| self.each_hit(owner, dep, alternative, &select, &mut |_| true));
        hit != dep.field.is_negative()
    }

    /// Whether some relation that a version cannot do without does not hold.
    pub(super) fn is_version_broken(&self, id: CandidateId, select: Select) -> bool {
        self.deps(id)
            .iter()
            .any(|dep| dep.field.is_critical() && !self.holds(id, dep, select))
    }

    /// Whether a package will be there and not work.
    pub(super) fn is_broken(&self, package: PackageId) -> bool {
        self.state(package)
            .install
            .is_some_and(|id| self.is_version_broken(id, INSTALL))
    }
}
