//! Sweeping: what was marked on the way and nobody needs in the end is not installed.

use super::{Mode, Solver};
use crate::index::PackageId;

impl Solver<'_> {
    /// Takes back every new package that neither was asked for nor is needed, recommended
    /// or suggested by one that stays.
    pub(super) fn sweep(&mut self) {
        let mut is_needed = vec![false; self.states.len()];
        let mut open: Vec<PackageId> = (0..self.universe.package_count())
            .map(PackageId)
            .filter(|package| {
                let state = self.state(*package);
                state.install.is_some() && (!state.is_auto || self.is_indispensable(*package))
            })
            .collect();
        for package in &open {
            is_needed[package.0 as usize] = true;
        }
        while let Some(package) = open.pop() {
            let Some(id) = self.state(package).install else {
                continue;
            };
            for dep in self.deps(id).iter().filter(|dep| !dep.field.is_negative()) {
                for alternative in &dep.alternatives {
                    for hit in self.hits(id, dep, alternative, super::view::INSTALL) {
                        let other = self.universe.package_of(hit);
                        let is_needed = &mut is_needed[other.0 as usize];
                        if !*is_needed {
                            *is_needed = true;
                            open.push(other);
                        }
                    }
                }
            }
        }
        for (number, state) in self.states.iter_mut().enumerate() {
            if state.mode == Mode::Install && state.current.is_none() && !is_needed[number] {
                state.mode = Mode::Keep;
                state.install = None;
            }
        }
    }
}
