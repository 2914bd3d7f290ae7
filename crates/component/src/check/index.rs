//! What a document declares, by name: references are many, and each is looked up.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::Document;

/// Everything that references can name.
pub(super) struct Index<'a> {
    pub(super) document: &'a Document,
    declared: BTreeSet<&'a str>,
    /// First phase of a name.
    phases: BTreeMap<&'a str, usize>,
    /// First step of a name in its phase.
    steps: BTreeMap<(usize, &'a str), usize>,
    unread: BTreeSet<(&'a str, &'a str)>,
    /// A step without a name was left out: any name may have been meant to be its.
    has_nameless: bool,
}

impl<'a> Index<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let mut phases = BTreeMap::new();
        let mut steps = BTreeMap::new();
        for (number, phase) in document.phases.iter().enumerate() {
            phases.entry(phase.name.value.as_str()).or_insert(number);
            for (at, step) in phase.steps.iter().enumerate() {
                let key = (number, step.name.value.as_str());
                steps.entry(key).or_insert(at);
            }
        }
        let unread = document.unread.iter();
        let named = unread
            .clone()
            .filter_map(|unread| Some((unread.phase.as_str(), unread.step.as_deref()?)));
        Self {
            document,
            declared: document.declared().collect(),
            phases,
            steps,
            unread: named.collect(),
            has_nameless: unread.clone().any(|unread| unread.step.is_none()),
        }
    }

    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.declared.contains(name)
    }

    pub(super) fn phase(&self, name: &str) -> Option<usize> {
        self.phases.get(name).copied()
    }

    pub(super) fn step(&self, phase: usize, name: &str) -> Option<usize> {
        self.steps.get(&(phase, name)).copied()
    }

    /// Whether it is there but wrong, which was said already.
    pub(super) fn is_unread(&self, phase: &str, step: &str) -> bool {
        self.has_nameless || self.unread.contains(&(phase, step))
    }
}
