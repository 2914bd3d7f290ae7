//! Why there is no solution, in words: who needs what, and what is wrong with each way.

use std::collections::BTreeMap;
use std::fmt;

use super::view::{Dep, INSTALL};
use super::{Solver, request};
use crate::index::{CandidateId, Field, PackageId};
use crate::relation::{self, Alternative};

/// Deepest explanation: who reads more has the chain already.
const MAX_DEPTH: usize = 8;

/// Longest explanation.
const MAX_LINES: usize = 40;

/// Packages that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Conflict {
    /// What was asked for and cannot be.
    pub packages: Vec<String>,
    /// The reasons, a line each, indented by two blanks for each step from what was
    /// asked for.
    pub reasons: Vec<String>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.packages.join("`, `");
        write!(f, "cannot install `{names}`")?;
        for reason in &self.reasons {
            write!(f, "\n  {reason}")?;
        }
        Ok(())
    }
}

/// Who needs each package first; nobody, when it was asked for.
type Roots = BTreeMap<PackageId, Option<PackageId>>;

struct Story {
    lines: Vec<String>,
    told: Vec<PackageId>,
    /// Packages that were said to be in each other's way.
    pairs: Vec<[PackageId; 2]>,
}

impl Story {
    fn tell(&mut self, depth: usize, text: &str) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(format!("{}{text}", "  ".repeat(depth)));
        }
    }

    /// Tells once that two packages are in each other's way.
    fn tell_pair(&mut self, depth: usize, pair: [PackageId; 2], text: &str) {
        let mut pair = pair;
        pair.sort_unstable();
        if !self.pairs.contains(&pair) {
            self.pairs.push(pair);
            self.tell(depth, text);
        }
    }
}

impl Solver<'_> {
    /// The conflict that is left, if there is one.
    pub(super) fn explain(&self, asked: &[PackageId]) -> Option<Conflict> {
        let mut broken: Vec<PackageId> = asked
            .iter()
            .copied()
            .filter(|package| self.state(*package).install.is_none() || self.is_broken(*package))
            .collect();
        if broken.is_empty() {
            let installed = self.installed();
            broken = installed
                .into_iter()
                .filter(|p| self.is_broken(*p))
                .collect();
        }
        if broken.is_empty() {
            return None;
        }
        let roots = self.roots(asked);
        let mut story = Story {
            lines: Vec::new(),
            told: Vec::new(),
            pairs: Vec::new(),
        };
        for package in broken.iter().take(5) {
            self.tell_package(*package, 0, &roots, &mut story);
        }
        Some(Conflict {
            packages: self.tops(&broken, &roots),
            reasons: story.lines,
        })
    }

    /// Name as a person writes it: with its architecture only when it is a foreign one.
    fn shown(&self, package: PackageId) -> String {
        let (name, arch) = self.name_and_arch(package);
        if arch == self.universe.native() {
            name.to_owned()
        } else {
            format!("{name}:{arch}")
        }
    }

    /// What was asked for and brought the broken packages in.
    fn tops(&self, broken: &[PackageId], roots: &Roots) -> Vec<String> {
        let mut tops = Vec::new();
        for package in broken {
            let mut top = *package;
            while let Some(Some(above)) = roots.get(&top) {
                top = *above;
            }
            let name = self.shown(top);
            if !tops.contains(&name) {
                tops.push(name);
            }
        }
        tops
    }

    /// Who brings in each package that will be there: `None` for what was asked for.
    fn roots(&self, asked: &[PackageId]) -> Roots {
        let mut roots: Roots = asked.iter().map(|package| (*package, None)).collect();
        let mut open = asked.to_vec();
        let mut next = 0;
        while let Some(package) = open.get(next).copied() {
            next += 1;
            let Some(id) = self.state(package).install else {
                continue;
            };
            for dep in self.deps(id).iter() {
                if dep.field.is_negative() || !dep.field.is_critical() {
                    continue;
                }
                for alternative in &dep.alternatives {
                    for hit in self.hits(id, dep, alternative, INSTALL) {
                        let other = self.universe.package_of(hit);
                        roots.entry(other).or_insert_with(|| {
                            open.push(other);
                            Some(package)
                        });
                    }
                }
            }
        }
        roots
    }

    /// `x`, which was asked for; `x`, which `y` needs.
    fn with_reason(&self, package: PackageId, roots: &Roots) -> String {
        let name = self.shown(package);
        match roots.get(&package) {
            Some(None) => format!("`{name}`, which was asked for"),
            Some(Some(by)) => {
                let mut text = format!("`{name}`, which `{}` needs", self.shown(*by));
                let mut top = *by;
                while let Some(Some(above)) = roots.get(&top) {
                    top = *above;
                }
                if top != *by {
                    text = format!("{text} (for `{}`)", self.shown(top));
                }
                text
            }
            None if self.state(package).current.is_some() => {
                format!("`{name}`, which is part of the base")
            }
            None => format!("`{name}`"),
        }
    }

    fn tell_package(&self, package: PackageId, depth: usize, roots: &Roots, story: &mut Story) {
        let name = self.shown(package);
        if story.told.contains(&package) || depth > MAX_DEPTH {
            story.tell(depth, &format!("`{name}` cannot be installed, as said"));
            return;
        }
        story.told.push(package);
        let is_news = depth == 0 && roots.get(&package) != Some(&None);
        let subject = if is_news {
            self.with_reason(package, roots) + ","
        } else {
            format!("`{name}`")
        };
        let state = self.state(package);
        let Some(version) = state.install.or(state.offered) else {
            let versions = request::available(self.universe, package);
            story.tell(
                depth,
                &format!("no version of `{name}` may be used: {versions}"),
            );
            return;
        };
        let lines_before = story.lines.len();
        for dep in self.deps(version).iter() {
            if !dep.field.is_critical() || self.holds(version, dep, INSTALL) {
                continue;
            }
            if dep.field.is_negative() {
                for alternative in &dep.alternatives {
                    for hit in self.hits(version, dep, alternative, INSTALL) {
                        let other = self.universe.package_of(hit);
                        let verb = match dep.field {
                            Field::Breaks => "breaks",
                            _ => "conflicts with",
                        };
                        let text = format!("{subject} {verb} {}", self.with_reason(other, roots));
                        story.tell_pair(depth, [package, other], &text);
                    }
                }
                continue;
            }
            let wanted = relation::display(&dep.alternatives);
            // Alternatives that only wait for the package itself are no reason.
            if state.install.is_none() && self.could_hold(version, dep) {
                continue;
            }
            story.tell(depth, &format!("{subject} needs `{wanted}`"));
            for alternative in &dep.alternatives {
                self.tell_alternative(version, dep, alternative, depth + 1, roots, story);
            }
        }
        for (other, words) in self.refusers(version) {
            let text = format!("{} refuses `{words}`", self.with_reason(other, roots));
            story.tell_pair(depth, [package, other], &text);
        }
        let is_told = story.pairs.iter().any(|pair| pair.contains(&package));
        if story.lines.len() == lines_before && !is_told {
            story.tell(
                depth,
                &format!("`{name}` gave way to other packages that were asked for"),
            );
        }
    }

    /// Whether a need could be met if only its package were there.
    fn could_hold(&self, version: CandidateId, dep: &Dep<'_>) -> bool {
        self.holds_with(version, dep, |package| {
            let state = self.state(package);
            state.install.or(state.candidate)
        })
    }

    /// Packages that will be there and refuse a version, with the words of the refusal.
    fn refusers(&self, version: CandidateId) -> Vec<(PackageId, String)> {
        let wanted = self.universe.package_of(version);
        let mut refusers = Vec::new();
        for package in self.installed() {
            let Some(id) = self.state(package).install.filter(|_| package != wanted) else {
                continue;
            };
            for dep in self.deps(id).iter().filter(|dep| dep.field.is_negative()) {
                let only = |other: PackageId| (other == wanted).then_some(version);
                if !self.holds_with(id, dep, only) {
                    refusers.push((package, relation::display(&dep.alternatives)));
                }
            }
        }
        refusers
    }

    fn tell_alternative(
        &self,
        owner: CandidateId,
        dep: &Dep<'_>,
        alternative: &Alternative<'_>,
        depth: usize,
        roots: &Roots,
        story: &mut Story,
    ) {
        let name = alternative.name;
        let targets = self.all_targets(owner, dep, alternative);
        if targets.is_empty() {
            let arch = self.universe.arch_of(owner);
            let text = match self.universe.find(name, arch) {
                Some(package) => {
                    let versions = request::available(self.universe, package);
                    format!("no fitting version of `{name}`: {versions}")
                }
                None => match self.universe.nearest(name) {
                    Some(near) => format!("`{name}` does not exist; the nearest name is `{near}`"),
                    None => format!("`{name}` does not exist"),
                },
            };
            story.tell(depth, &text);
            return;
        }
        for target in targets.into_iter().take(3) {
            let package = self.universe.package_of(target);
            let state = self.state(package);
            let shown = self.shown(package);
            let version = self.universe.candidate(target).version;
            if let Some(other) = state.install.or(state.offered).filter(|id| *id != target) {
                let other = self.universe.candidate(other).version;
                let text = format!("`{shown}` would have to be `{version}`, but is `{other}`");
                story.tell(depth, &text);
            } else {
                self.tell_package(package, depth, roots, story);
            }
        }
    }
}
