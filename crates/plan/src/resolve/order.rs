//! In which order packages are unpacked and configured.
//!
//! dpkg configures a package after what it depends on; what depends on itself through
//! others is broken up somewhere. Here that place is always the same: packages that form
//! a cycle stay together; within it `Pre-Depends` still hold, and what is left comes by
//! name.

use std::collections::BTreeMap;

use crate::index::{CandidateId, IndexError, MultiArch, Universe};
use crate::relation::{Alternative, Operator, Qualifier, Relation, parse};

/// What a package needs of a set: places in that set, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edges {
    /// Must be configured before it is unpacked.
    pub pre_depends: Vec<usize>,
    /// Must be configured before it is configured.
    pub depends: Vec<usize>,
}

impl Edges {
    /// Both kinds, `pre_depends` first.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.pre_depends.iter().chain(&self.depends).copied()
    }
}

/// A package of a set whose edges are asked for, in the words of its control file.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// `Package`
    pub package: &'a str,
    /// `Version`
    pub version: &'a str,
    /// `Architecture`, with that of the system for `all`.
    pub arch: &'a str,
    /// `Multi-Arch`
    pub multi_arch: MultiArch,
    /// `Pre-Depends`
    pub pre_depends: &'a str,
    /// `Depends`
    pub depends: &'a str,
    /// `Provides`
    pub provides: &'a str,
}

/// The edges within a set of packages: for each relation one, to the first alternative
/// that the set has. What the set lacks is left out. A field that does not read is given
/// back with the place of its package.
pub fn edges(set: &[Member<'_>]) -> Result<Vec<Edges>, (usize, String)> {
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut provides: BTreeMap<&str, Vec<(usize, Option<&str>)>> = BTreeMap::new();
    for (place, member) in set.iter().enumerate() {
        names.entry(member.package).or_default().push(place);
        let fields = parse(member.provides, member.arch).map_err(|e| (place, e.to_string()))?;
        for provide in fields.into_iter().flatten() {
            let version = match provide.version {
                Some((Operator::Equal, version)) => Some(version),
                Some(_) => continue,
                None => None,
            };
            provides
                .entry(provide.name)
                .or_default()
                .push((place, version));
        }
    }
    let serves =
        |owner: &Member<'_>, other: &Member<'_>, alternative: &Alternative<'_>| match alternative
            .qualifier
        {
            Qualifier::Any => other.multi_arch == MultiArch::Allowed,
            Qualifier::Arch(arch) => other.arch == arch,
            Qualifier::None | Qualifier::Native => {
                other.arch == owner.arch || other.multi_arch == MultiArch::Foreign
            }
        };
    let find = |owner: &Member<'_>, relation: &Relation<'_>| {
        relation.iter().find_map(|alternative| {
            let real = names.get(alternative.name).into_iter().flatten().copied();
            let real = real.filter(|place| alternative.accepts(set[*place].version));
            let virtual_ = provides.get(alternative.name).into_iter().flatten();
            let virtual_ = virtual_.filter_map(|(place, version)| match alternative.version {
                None => Some(*place),
                Some((operator, bound)) => {
                    version.filter(|v| operator.holds(v, bound)).map(|_| *place)
                }
            });
            real.chain(virtual_)
                .find(|place| serves(owner, &set[*place], alternative))
        })
    };
    let mut all = Vec::with_capacity(set.len());
    for (place, owner) in set.iter().enumerate() {
        let read = |field| -> Result<Vec<usize>, (usize, String)> {
            let relations = parse(field, owner.arch).map_err(|e| (place, e.to_string()))?;
            let mut found: Vec<usize> = relations
                .iter()
                .filter_map(|relation| find(owner, relation))
                .filter(|other| *other != place)
                .collect();
            found.sort_unstable();
            found.dedup();
            Ok(found)
        };
        all.push(Edges {
            pre_depends: read(owner.pre_depends)?,
            depends: read(owner.depends)?,
        });
    }
    Ok(all)
}

/// [`edges`] of candidates.
pub(super) fn edges_of(
    universe: &Universe<'_>,
    candidates: &[CandidateId],
) -> Result<Vec<Edges>, IndexError> {
    let members: Vec<Member<'_>> = candidates
        .iter()
        .map(|id| {
            let candidate = universe.candidate(*id);
            Member {
                package: candidate.package,
                version: candidate.version,
                arch: universe.arch_of(*id),
                multi_arch: candidate.multi_arch,
                pre_depends: candidate.pre_depends,
                depends: candidate.depends,
                provides: candidate.provides,
            }
        })
        .collect();
    edges(&members)
        .map_err(|(place, problem)| universe.bad_field(candidates[place], "Depends", problem))
}

/// Places of a set in the order of configuration: what a package needs before it.
pub fn configure_order(edges: &[Edges]) -> Vec<usize> {
    groups(edges).concat()
}

/// Packages that need each other, needed ones first.
fn groups(edges: &[Edges]) -> Vec<Vec<usize>> {
    let mut early = vec![0; edges.len()];
    let by_pre_depends = components(edges, |edges| edges.pre_depends.clone());
    for (place, member) in by_pre_depends.into_iter().flatten().enumerate() {
        early[member] = place;
    }
    let mut groups = components(edges, |edges| edges.all().collect());
    for group in &mut groups {
        let inside = |needed: &usize| group.contains(needed);
        if group
            .iter()
            .any(|member| edges[*member].pre_depends.iter().any(inside))
        {
            group.sort_by_key(|member| early[*member]);
        }
    }
    groups
}

/// Places of a set in batches: all of a batch can be unpacked, then configured (in the
/// order of [`configure_order`]), once the batches before it are configured.
///
/// A batch ends only where a `Pre-Depends` asks for it, so most sets have few.
pub fn unpack_order(edges: &[Edges]) -> Vec<Vec<usize>> {
    let order = groups(edges);
    let mut batch_of = vec![0usize; edges.len()];
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for component in order {
        // What must be configured before any member is unpacked ends a batch; what
        // must be configured before it is configured may be in the same one.
        let mut batch = 0;
        for member in &component {
            for needed in &edges[*member].pre_depends {
                if !component.contains(needed) {
                    batch = batch.max(batch_of[*needed] + 1);
                }
            }
            for needed in &edges[*member].depends {
                if !component.contains(needed) {
                    batch = batch.max(batch_of[*needed]);
                }
            }
        }
        for member in component {
            batch_of[member] = batch;
            if batches.len() <= batch {
                batches.resize(batch + 1, Vec::new());
            }
            batches[batch].push(member);
        }
    }
    batches
}

/// Strongly connected components, needed ones first; members of one ascending, so that
/// the outcome is a function of the set alone. Tarjan's algorithm without recursion.
fn components(edges: &[Edges], needs: impl Fn(&Edges) -> Vec<usize>) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut number = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let mut stack = Vec::new();
    let mut out = Vec::new();
    let mut count = 0;
    for root in 0..edges.len() {
        if number[root] != UNSEEN {
            continue;
        }
        let mut frames = vec![(root, needs(&edges[root]), 0)];
        while let Some((node, needed, at)) = frames.last_mut() {
            let node = *node;
            if *at == 0 {
                number[node] = count;
                low[node] = count;
                count += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(next) = needed.get(*at).copied() {
                *at += 1;
                if number[next] == UNSEEN {
                    frames.push((next, needs(&edges[next]), 0));
                } else if on_stack[next] {
                    low[node] = low[node].min(number[next]);
                }
                continue;
            }
            frames.pop();
            if let Some((parent, ..)) = frames.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == number[node] {
                let start = stack.iter().rposition(|n| *n == node).unwrap_or(0);
                let mut component = stack.split_off(start);
                for member in &component {
                    on_stack[*member] = false;
                }
                component.sort_unstable();
                out.push(component);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(depends: &[&[usize]], pre_depends: &[&[usize]]) -> Vec<Edges> {
        let pair = depends.iter().zip(pre_depends);
        pair.map(|(depends, pre_depends)| Edges {
            pre_depends: pre_depends.to_vec(),
            depends: depends.to_vec(),
        })
        .collect()
    }

    #[test]
    fn needed_ones_come_first() {
        let chain = edges(&[&[1], &[2], &[], &[0]], &[&[], &[], &[], &[]]);
        assert_eq!(configure_order(&chain), [2, 1, 0, 3]);
        assert_eq!(unpack_order(&chain), [[2, 1, 0, 3]], "one batch will do");
    }

    #[test]
    fn a_cycle_stays_together() {
        let cycle = edges(&[&[2], &[0], &[1], &[]], &[&[], &[], &[], &[0]]);
        assert_eq!(configure_order(&cycle), [0, 1, 2, 3]);
        let strict = edges(&[&[], &[0], &[1]], &[&[2], &[], &[]]);
        assert_eq!(
            configure_order(&strict),
            [2, 0, 1],
            "2 before 0, which pre-depends on it"
        );
    }

    #[test]
    fn pre_depends_end_a_batch() {
        let set = edges(&[&[1], &[], &[0]], &[&[], &[], &[1]]);
        assert_eq!(unpack_order(&set), [vec![1, 0], vec![2]]);
    }
}
