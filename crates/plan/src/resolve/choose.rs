//! Choosing: of several versions that satisfy a relation, which one apt tries first.

use super::view::{Dep, Select};
use super::{Mode, Solver};
use crate::index::{CandidateId, MultiArch};

impl Solver<'_> {
    /// The versions that can satisfy a relation, best first: those of packages that are
    /// there already, then by alternative, then as [`Self::liking`] says.
    pub(super) fn solutions(
        &self,
        owner: CandidateId,
        dep: &Dep<'_>,
        select: Select,
    ) -> Vec<CandidateId> {
        let mut there = Vec::new();
        let mut new = Vec::new();
        for alternative in &dep.alternatives {
            let mut hits = self.hits(owner, dep, alternative, select);
            if hits.len() > 1 {
                let mut liked: Vec<_> = hits
                    .into_iter()
                    .map(|id| (self.liking(id, alternative.name), id))
                    .collect();
                liked.sort_by(|(a, a_id), (b, b_id)| {
                    // To look up when apt first heard of a package is slow.
                    let newest = || self.mention_of(*b_id).cmp(&self.mention_of(*a_id));
                    a.cmp(b).then_with(newest)
                });
                hits = liked.into_iter().map(|(_, id)| id).collect();
            }
            for id in hits {
                let state = self.state(self.universe.package_of(id));
                let is_ruled_out = state.is_protected
                    && (state.mode == Mode::Delete
                        || (state.mode == Mode::Keep && state.current.is_none()));
                if is_ruled_out && !dep.field.is_negative() {
                    continue;
                }
                let list = if state.current.is_some() {
                    &mut there
                } else {
                    &mut new
                };
                if !list.contains(&id) {
                    list.push(id);
                }
            }
        }
        there.append(&mut new);
        there
    }

    /// Which of several providers apt takes: the smallest; of equals, the one it heard
    /// of last.
    fn liking(&self, id: CandidateId, wanted: &str) -> impl Ord + use<> {
        let candidate = self.universe.candidate(id);
        let package = self.universe.package_of(id);
        let state = self.state(package);
        let has_installed_sibling = candidate.multi_arch == MultiArch::Same
            && self
                .universe
                .siblings(candidate.package)
                .any(|sibling| self.state(sibling).current.is_some());
        (
            !state.is_protected,
            !has_installed_sibling,
            state.current.is_none(),
            candidate.package != wanted,
            !candidate.essential,
            !candidate.protected,
            candidate.arch_id,
            candidate.priority,
        )
    }
}
