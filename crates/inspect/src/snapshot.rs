//! Everything the rules ask of an image, gathered by one walk: the sorted list of
//! nodes, the accounts with their homes, and which files belong to packages.

use std::collections::BTreeSet;

use goldsmith_core::cx::Cx;

use goldsmith_disk::read::Disk;

use crate::inventory::system::System;
use crate::known::Known;
use crate::view::disk::DiskView;
use crate::view::{Kind, Node, View, ViewError};

mod glob;

pub(crate) use glob::{match_name, matches};

/// The most bytes read of a configuration file.
const TEXT_LIMIT: usize = 1 << 20;
/// Folders whose content belongs to packages, though passwd calls them homes.
const NO_HOMES: &[&str] = &["/usr/", "/bin", "/sbin", "/dev", "/proc", "/run/"];
/// As many links as Linux follows.
const MAX_LINKS: usize = 40;

/// One row of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Its home.
    pub home: String,
}

/// An image at rest, ready for rules.
pub struct Snapshot<'v> {
    view: &'v dyn View,
    nodes: Vec<Node>,
    accounts: Vec<Account>,
    homes: BTreeSet<String>,
    system: System,
    known: Option<&'v dyn Known>,
}

impl std::fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("nodes", &self.nodes.len())
            .finish_non_exhaustive()
    }
}

impl<'v> Snapshot<'v> {
    /// Walks the view once and reads passwd and the packages' databases.
    pub fn take(view: &'v dyn View, cx: &Cx) -> Result<Self, ViewError> {
        Self::listed(view, view.nodes(cx)?, cx)
    }

    /// As [`Self::take`], of a view of which somebody knows what [`View::nodes`] would find.
    pub(crate) fn listed(
        view: &'v dyn View,
        mut nodes: Vec<Node>,
        cx: &Cx,
    ) -> Result<Self, ViewError> {
        nodes.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let mut snapshot = Self {
            view,
            nodes,
            accounts: Vec::new(),
            homes: BTreeSet::new(),
            system: System::default(),
            known: None,
        };
        snapshot.accounts = accounts(&snapshot.text("/etc/passwd")?.unwrap_or_default());
        snapshot.homes = snapshot.find_homes();
        snapshot.system = System::read(&snapshot, cx)?;
        Ok(snapshot)
    }

    /// The same, of an image some of whose files may be known.
    #[must_use]
    pub fn with_known(mut self, known: &'v dyn Known) -> Self {
        self.known = Some(known);
        self
    }

    /// Who knows files in which nothing is to be found.
    pub(crate) fn known(&self) -> Option<&dyn Known> {
        self.known
    }

    /// Every node, sorted by path.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The rows of `/etc/passwd`.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The packages of the system, and which of them brought which file.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// The node at exactly this path; links are not followed.
    pub fn get(&self, path: &str) -> Option<&Node> {
        let at = self
            .nodes
            .binary_search_by(|node| node.path.as_str().cmp(path))
            .ok()?;
        self.nodes.get(at)
    }

    /// The node that a path leads to, through links, inside the image.
    pub fn resolve(&self, path: &str) -> Option<&Node> {
        let mut todo: Vec<String> = parts(path);
        let mut at = String::new();
        let mut links = 0;
        while !todo.is_empty() {
            let part = todo.remove(0);
            if part == ".." {
                at.truncate(at.rfind('/').unwrap_or(0));
                continue;
            }
            let next = format!("{at}/{part}");
            let node = self.get(&next)?;
            if node.kind != Kind::Link {
                at = next;
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return None;
            }
            let target = node.target.as_deref().unwrap_or_default();
            if target.starts_with('/') {
                at.clear();
            }
            let mut head = parts(target);
            head.append(&mut todo);
            todo = head;
        }
        self.get(&at)
    }

    /// Everything beneath a folder, at any depth.
    pub fn beneath(&self, folder: &str) -> &[Node] {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let start = self
            .nodes
            .partition_point(|n| n.path.as_str() < prefix.as_str());
        let end = start + self.nodes[start..].partition_point(|n| n.path.starts_with(&prefix));
        &self.nodes[start..end]
    }

    /// What lies directly in a folder.
    pub(crate) fn children<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = &'s Node> {
        let depth = folder.trim_end_matches('/').len() + 1;
        self.beneath(folder)
            .iter()
            .filter(move |n| !n.path[depth..].contains('/'))
    }

    /// Path and text of every regular file that a pattern names and that no package
    /// brought as it is.
    pub(crate) fn foreign_texts(&self, pattern: &str) -> Result<Vec<(&Node, String)>, ViewError> {
        let mut texts = Vec::new();
        for node in self.select(pattern) {
            if node.kind == Kind::File && !self.is_pristine(node)? {
                texts.push((node, self.text_of(node)?));
            }
        }
        Ok(texts)
    }

    /// Bytes of a node and of everything beneath it.
    pub(crate) fn weight(&self, node: &Node) -> u64 {
        let inner = if node.kind == Kind::Folder {
            self.beneath(&node.path).iter().map(|n| n.size).sum()
        } else {
            0
        };
        node.size + inner
    }

    /// The first bytes of a regular file.
    pub fn read(&self, node: &Node, limit: usize) -> Result<Vec<u8>, ViewError> {
        self.view.read(node, limit)
    }

    /// A regular file, to be read wherever one wants.
    pub fn open(&self, node: &Node) -> Result<Box<dyn Disk + 'v>, ViewError> {
        self.view.open(node)
    }

    /// The text of a file that a path leads to; `None` when there is no such file.
    pub fn text(&self, path: &str) -> Result<Option<String>, ViewError> {
        match self.resolve(path) {
            Some(node) if node.kind == Kind::File => self.text_of(node).map(Some),
            _ => Ok(None),
        }
    }

    /// The text of a file, at most its first MiB; what is no UTF-8 is replaced.
    pub(crate) fn text_of(&self, node: &Node) -> Result<String, ViewError> {
        let bytes = self.read(node, TEXT_LIMIT)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Every node that a pattern names; see [`glob`] for its form.
    pub(crate) fn select(&self, pattern: &str) -> Vec<&Node> {
        let mut found = Vec::new();
        for pattern in glob::expand(pattern, &self.homes) {
            let literal = glob::literal_prefix(&pattern);
            let start = self.nodes.partition_point(|n| n.path.as_str() < literal);
            let range = self.nodes[start..]
                .iter()
                .take_while(|n| n.path.starts_with(literal));
            found.extend(range.filter(|n| matches(&pattern, &n.path, n.kind)));
        }
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        found.dedup_by(|a, b| a.path == b.path);
        found
    }

    /// Whether a package lists this path.
    pub(crate) fn is_owned(&self, node: &Node) -> bool {
        self.system.get(&node.path).is_some()
    }

    /// Whether a node belongs to a package and is as the package brought it.
    pub(crate) fn is_pristine(&self, node: &Node) -> Result<bool, ViewError> {
        match self.system.get(&node.path).map(|listed| listed.digest) {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(_)) if node.kind != Kind::File => Ok(false),
            Some(Some(_)) => self.is_as_brought(node, &*self.open(node)?),
        }
    }

    /// As [`Self::is_pristine`], of a file that is open.
    pub(crate) fn is_as_brought(&self, node: &Node, file: &dyn Disk) -> Result<bool, ViewError> {
        match self.system.get(&node.path).map(|listed| listed.digest) {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(digest)) => {
                let same = digest.is_of(file);
                same.map_err(|source| ViewError::read(node, source))
            }
        }
    }

    /// The disk that the files are on, when they are on one.
    pub(crate) fn disk(&self) -> Option<&DiskView> {
        self.view.disk()
    }

    fn find_homes(&self) -> BTreeSet<String> {
        let listed = self.accounts.iter().map(|a| a.home.clone());
        let present = self.children("/home").filter(|n| n.kind == Kind::Folder);
        listed
            .chain(present.map(|n| n.path.clone()))
            .chain(["/root".to_owned(), "/etc/skel".to_owned()])
            .map(|home| home.trim_end_matches('/').to_owned())
            .filter(|home| home.starts_with('/') && !home.contains(['*', '?', '{']))
            // Homes of system accounts in which nobody lives: programs are there.
            .filter(|home| !NO_HOMES.iter().any(|top| home.starts_with(top)))
            .collect()
    }
}

fn parts(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_owned)
        .collect()
}

fn accounts(passwd: &str) -> Vec<Account> {
    passwd
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            Some(Account {
                name: (*fields.first()?).to_owned(),
                uid: fields.get(2)?.parse().ok()?,
                home: (*fields.get(5)?).to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
