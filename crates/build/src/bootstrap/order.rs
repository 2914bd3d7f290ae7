//! In which order maintainer scripts run: decided before anything runs, as a value.
//!
//! All packages are unpacked before the first script. What is left to decide is when the
//! `preinst` scripts run and what must be configured before them: first the essential packages
//! with all they depend on, as a debootstrap does; then, in as few batches as `Pre-Depends`
//! allows, the rest. The last stage configures everything that is left in one batch.

use std::collections::{BTreeMap, BTreeSet};

use crate::deb::meta::PackageMeta;

/// One step: `preinst` scripts, then a batch of configuring.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Stage {
    /// Packages whose `preinst` runs, in order.
    pub(super) preinst: Vec<usize>,
    /// Packages that are configured, in order; dpkg reorders them by what they depend on.
    pub(super) configure: Vec<usize>,
}

/// Decides for packages in their unpack order; `has_preinst` says which have such a script.
pub(super) fn stages(packages: &[&PackageMeta], has_preinst: &[bool]) -> Vec<Stage> {
    let names = Names::new(packages);
    let essential = (0..packages.len())
        .filter(|n| packages[*n].field("Essential") == "yes")
        .collect();
    let mut configured: BTreeSet<usize> = BTreeSet::new();
    let mut waiting: BTreeSet<usize> = (0..packages.len()).filter(|n| has_preinst[*n]).collect();
    let mut stages = Vec::new();

    let mut wanted = names.closure(essential, &["Pre-Depends", "Depends"]);
    loop {
        let new: Vec<usize> = wanted.difference(&configured).copied().collect();
        let mut preinst: Vec<usize> = new.iter().copied().filter(|n| waiting.remove(n)).collect();
        // Owners of files have to have names before any other script runs.
        preinst.sort_by_key(|n| packages[*n].name() != "base-passwd");
        configured.extend(&new);
        if !new.is_empty() {
            stages.push(Stage {
                preinst,
                configure: new,
            });
        }
        if configured.len() == packages.len() {
            return stages;
        }
        // What the scripts still to run need first; when that is all configured, the rest.
        let needed: BTreeSet<usize> = waiting
            .iter()
            .flat_map(|n| names.needs(*n, "Pre-Depends"))
            .collect();
        let needed = names.closure(needed, &["Pre-Depends", "Depends"]);
        wanted = if needed.is_subset(&configured) {
            (0..packages.len()).collect()
        } else {
            names.first_ready(&needed, &waiting, &configured)
        };
    }
}

/// Who answers to which name.
struct Names<'a> {
    packages: &'a [&'a PackageMeta],
    by_name: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn new(packages: &'a [&'a PackageMeta]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (n, package) in packages.iter().enumerate() {
            by_name.entry(package.name()).or_default().push(n);
        }
        for (n, package) in packages.iter().enumerate() {
            for name in package.fields.relations("Provides").into_iter().flatten() {
                by_name.entry(name).or_default().push(n);
            }
        }
        Self { packages, by_name }
    }

    /// What answers to a relation field: of each list of alternatives the first one there.
    fn needs(&self, package: usize, field: &str) -> Vec<usize> {
        self.packages[package]
            .fields
            .relations(field)
            .iter()
            .filter_map(|group| {
                group
                    .iter()
                    .find_map(|name| self.by_name.get(name)?.first())
            })
            .copied()
            .collect()
    }

    /// Those packages and all they need by these fields.
    fn closure(&self, from: BTreeSet<usize>, fields: &[&str]) -> BTreeSet<usize> {
        let mut stack: Vec<usize> = from.iter().copied().collect();
        let mut all = from;
        while let Some(package) = stack.pop() {
            for field in fields {
                for needed in self.needs(package, field) {
                    if all.insert(needed) {
                        stack.push(needed);
                    }
                }
            }
        }
        all
    }

    /// Of what is needed, the part that can be configured now: the closure of the first package
    /// whose own scripts wait for nothing. Packages that wait for one another in a circle are
    /// all taken together, as dpkg breaks circles.
    fn first_ready(
        &self,
        needed: &BTreeSet<usize>,
        waiting: &BTreeSet<usize>,
        configured: &BTreeSet<usize>,
    ) -> BTreeSet<usize> {
        let closure = |n: usize| self.closure(BTreeSet::from([n]), &["Pre-Depends", "Depends"]);
        let ready = |n: &usize| {
            closure(*n).difference(configured).all(|member| {
                !waiting.contains(member)
                    || self
                        .needs(*member, "Pre-Depends")
                        .iter()
                        .all(|p| configured.contains(p))
            })
        };
        let open: Vec<usize> = needed.difference(configured).copied().collect();
        let ready: BTreeSet<usize> = open.iter().copied().filter(ready).collect();
        if ready.is_empty() {
            needed.clone()
        } else {
            ready.into_iter().flat_map(closure).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deb::Stanza;

    /// Packages as `name!: depends / pre-depends`, with `!` for a preinst; expects stages as
    /// `preinsts | configured`.
    fn check(packages: &[&str], expected: &[&str]) {
        let mut has_preinst = Vec::new();
        let metas: Vec<PackageMeta> = packages
            .iter()
            .map(|text| {
                let (name, needs) = text.split_once(':').unwrap();
                let (depends, pre) = needs.split_once('/').unwrap_or((needs, ""));
                has_preinst.push(name.contains('!'));
                let essential = if name.contains('*') { "yes" } else { "no" };
                let control = format!(
                    "Package: {}\nEssential: {essential}\nDepends: {depends}\nPre-Depends: {pre}",
                    name.trim_end_matches(['!', '*'])
                );
                PackageMeta {
                    version: 1,
                    fields: Stanza::parse(&control).unwrap(),
                    paths: Vec::new(),
                    conffiles: Vec::new(),
                }
            })
            .collect();
        let refs: Vec<&PackageMeta> = metas.iter().collect();
        let names = |list: &[usize]| {
            let names: Vec<_> = list.iter().map(|n| refs[*n].name()).collect();
            names.join(" ")
        };
        let found: Vec<String> = stages(&refs, &has_preinst)
            .iter()
            .map(|s| format!("{} | {}", names(&s.preinst), names(&s.configure)))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn as_few_stages_as_possible() {
        check(&["a:", "b!:", "c:"], &["b | a b c"]);
        check(
            &[
                "libc!:",
                "dash!*: libc",
                "base-passwd!*:",
                "coin!: dash",
                "gold:",
            ],
            &[
                "base-passwd libc dash | libc dash base-passwd",
                "coin | coin gold",
            ],
        );
        check(
            &[
                "dash*:",
                "adduser: perl",
                "perl:",
                "coin!: / adduser (>= 3)",
                "gold!:",
            ],
            &[" | dash", " | adduser perl", "coin gold | coin gold"],
        );
    }

    #[test]
    fn chains_and_circles() {
        check(
            &["a!: / b", "b!: / c", "c!:", "d:"],
            &["c | c", "b | b", "a | a d"],
        );
        check(&["a!: / b", "b!: / a"], &["a b | a b"]);
        check(&["a!: / gone", "b: a"], &["a | a b"]);
    }
}
