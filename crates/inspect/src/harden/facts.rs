//! What several kinds of checks ask of an image, read once.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::cx::Cx;

use super::kind::{cmdline, mount, sysctl, unit};
use crate::snapshot::Snapshot;
use crate::view::ViewError;

/// Parsed parts of an image.
pub(super) struct Facts<'s> {
    pub(super) snapshot: &'s Snapshot<'s>,
    /// Names of installed packages.
    pub(super) packages: BTreeSet<String>,
    pub(super) units: unit::Units,
    pub(super) sysctl: sysctl::Settings,
    pub(super) mounts: BTreeMap<String, mount::Mount>,
    pub(super) kernels: Vec<cmdline::Line>,
    /// `ID` of os-release.
    pub(super) distribution: String,
}

impl<'s> Facts<'s> {
    pub(super) fn gather(snapshot: &'s Snapshot<'s>, cx: &Cx) -> Result<Self, ViewError> {
        cx.cancel.check()?;
        let release = match snapshot.text("/etc/os-release")? {
            Some(text) => text,
            None => snapshot.text("/usr/lib/os-release")?.unwrap_or_default(),
        };
        let id = release.lines().find_map(|line| line.strip_prefix("ID="));
        Ok(Self {
            snapshot,
            packages: snapshot
                .system()
                .packages()
                .iter()
                .map(|package| package.name.clone())
                .collect(),
            units: unit::Units::read(snapshot),
            sysctl: sysctl::Settings::read(snapshot)?,
            mounts: mount::read(snapshot)?,
            kernels: cmdline::read(snapshot)?,
            distribution: id.unwrap_or_default().trim_matches('"').to_owned(),
        })
    }

    pub(super) fn has_package(&self, name: &str) -> bool {
        self.packages.contains(name)
    }

    /// Path and text of every file that patterns name, links followed, in the order of the paths.
    pub(super) fn texts(&self, patterns: &[&str]) -> Result<Vec<(String, String)>, ViewError> {
        let mut texts = Vec::new();
        for pattern in patterns {
            for node in self.snapshot.select(pattern) {
                if let Some(text) = self.snapshot.text(&node.path)? {
                    texts.push((node.path.clone(), text));
                }
            }
        }
        Ok(texts)
    }
}

/// Lines of a text without comments and empty ones.
pub(super) fn rows(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}
