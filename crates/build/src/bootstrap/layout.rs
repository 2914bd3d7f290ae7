//! Which package's file stands at which path: decided before anything is
//! linked, by dpkg's rules, as a value.
//!
//! Packages come in the order in which dpkg would unpack them. The first
//! directory at a path gives its metadata; a directory is never replaced by a
//! link; a file is replaced by that of a package that says `Replaces`. What
//! several packages claim without saying so is *contested*: a diversion must
//! settle it, so it is placed later, package by package ([`super::divert`]).

use std::collections::{BTreeMap, BTreeSet};

use crate::deb::meta::{Kind, PackageMeta, PathMeta};

/// Directories of the root that are links into `/usr` in every release since bookworm.
const MERGED: [&str; 7] = ["bin", "lib", "lib32", "lib64", "libo32", "libx32", "sbin"];
/// How many links a path may go through, as in the kernel.
const LINKS_MAX: u32 = 40;

/// A path of a package: index of the package, index in its `paths`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) package: usize,
    pub(super) path: usize,
}

/// What stands where.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// By path in the tree, without leading slash and without links in it.
    pub(super) nodes: BTreeMap<String, Source>,
    /// Links of the root into `/usr` that the packages need: `bin`.
    pub(super) merged: BTreeSet<&'static str>,
    /// Paths that several packages claim, as the packages write them, each with its claimants in
    /// the order of the packages.
    pub(super) contested: BTreeMap<String, Vec<Source>>,
    /// Paths (as packages write them) that are in the package's archive but no longer its own.
    pub(super) lost: BTreeSet<(usize, String)>,
}

/// Two packages that cannot stand in one tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A file where another package has a directory.
    #[error("package {package} has a file at `/{path}`, where package {other} has a directory")]
    FileOverDirectory {
        /// The later package.
        package: String,
        /// The earlier one.
        other: String,
        /// The path.
        path: String,
    },
    /// A path whose parent is no directory.
    #[error("package {package} has `/{path}`, whose parent is no directory")]
    Parent {
        /// The package.
        package: String,
        /// The path.
        path: String,
    },
}

/// Decides for all packages.
pub(super) fn layout(packages: &[&PackageMeta]) -> Result<Layout, LayoutError> {
    let replaces: Vec<BTreeSet<&str>> = packages
        .iter()
        .map(|p| {
            p.fields
                .relations("Replaces")
                .into_iter()
                .flatten()
                .collect()
        })
        .collect();
    let mut builder = Builder {
        packages,
        replaces,
        layout: Layout::default(),
        parents: BTreeMap::new(),
    };
    for (package, meta) in packages.iter().enumerate() {
        for (path, entry) in meta.paths.iter().enumerate() {
            builder.add(Source { package, path }, entry)?;
        }
    }
    Ok(builder.layout)
}

struct Builder<'a> {
    packages: &'a [&'a PackageMeta],
    replaces: Vec<BTreeSet<&'a str>>,
    layout: Layout,
    /// Directories as packages write them, with the links in them resolved. Links appear as
    /// packages come; what is here stays right, since a directory never becomes a link.
    parents: BTreeMap<String, String>,
}

impl<'a> Builder<'a> {
    fn entry(&self, source: Source) -> &'a PathMeta {
        &self.packages[source.package].paths[source.path]
    }

    fn add(&mut self, source: Source, entry: &PathMeta) -> Result<(), LayoutError> {
        if entry.path.is_empty() {
            self.layout.nodes.entry(String::new()).or_insert(source);
            return Ok(());
        }
        if let Some(alias) = MERGED.iter().find(|m| **m == entry.path) {
            // The directory, or the link that newer packages bring themselves.
            self.layout.merged.insert(alias);
            return Ok(());
        }
        let path = self.place(&entry.path).ok_or_else(|| LayoutError::Parent {
            package: self.packages[source.package].name().to_owned(),
            path: entry.path.clone(),
        })?;
        let Some(&other) = self.layout.nodes.get(&path) else {
            if let Some(claimants) = self.layout.contested.get_mut(&entry.path) {
                claimants.push(source);
            } else {
                self.layout.nodes.insert(path, source);
            }
            return Ok(());
        };
        let earlier = self.entry(other);
        let name = |s: Source| self.packages[s.package].name();
        match (&entry.kind, &earlier.kind) {
            // The first gives the metadata; and a link to a directory serves as one.
            (Kind::Directory, Kind::Directory | Kind::SymbolicLink { .. })
            | (Kind::SymbolicLink { .. }, Kind::Directory) => Ok(()),
            (_, Kind::Directory) | (Kind::Directory, _) => Err(LayoutError::FileOverDirectory {
                package: name(source).to_owned(),
                other: name(other).to_owned(),
                path,
            }),
            // The same package of another architecture shares the file.
            _ if name(source) == name(other) => Ok(()),
            _ if self.replaces[source.package].contains(name(other)) => {
                self.layout
                    .lost
                    .insert((other.package, earlier.path.clone()));
                self.layout.nodes.insert(path, source);
                Ok(())
            }
            _ if self.replaces[other.package].contains(name(source)) => {
                self.layout
                    .lost
                    .insert((source.package, entry.path.clone()));
                Ok(())
            }
            // dpkg compares paths as they are written: by two names, the later one simply wins.
            _ if earlier.path != entry.path => {
                self.layout.nodes.insert(path, source);
                Ok(())
            }
            _ => {
                self.layout.nodes.remove(&path);
                let claimants = vec![other, source];
                self.layout.contested.insert(entry.path.clone(), claimants);
                Ok(())
            }
        }
    }

    /// Where a path stands, the links of its parents resolved.
    fn place(&mut self, path: &str) -> Option<String> {
        let Some((parent, name)) = path.rsplit_once('/') else {
            return Some(path.to_owned());
        };
        let directory = if let Some(directory) = self.parents.get(parent) {
            directory.clone()
        } else {
            let directory = self.resolve(parent, LINKS_MAX)?;
            self.parents.insert(parent.to_owned(), directory.clone());
            directory
        };
        Some(if directory.is_empty() {
            name.to_owned()
        } else {
            format!("{directory}/{name}")
        })
    }

    /// The directory that a path names, in the tree; `None` when it goes in circles or through a
    /// file.
    fn resolve(&mut self, path: &str, links_left: u32) -> Option<String> {
        let mut at: Vec<String> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => continue,
                ".." => {
                    at.pop();
                    continue;
                }
                _ => {}
            }
            if at.is_empty()
                && let Some(alias) = MERGED.iter().find(|m| **m == part)
            {
                self.layout.merged.insert(alias);
                at.push("usr".to_owned());
            }
            at.push(part.to_owned());
            let here = at.join("/");
            let Some(&source) = self.layout.nodes.get(&here) else {
                continue;
            };
            match &self.entry(source).kind {
                Kind::Directory => {}
                Kind::SymbolicLink { target } => {
                    at.pop();
                    let from = if target.starts_with('/') {
                        target.clone()
                    } else {
                        format!("{}/{target}", at.join("/"))
                    };
                    let to = self.resolve(&from, links_left.checked_sub(1)?)?;
                    at = to
                        .split('/')
                        .filter(|p| !p.is_empty())
                        .map(str::to_owned)
                        .collect();
                }
                _ => return None,
            }
        }
        Some(at.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deb::Stanza;

    const DIR: Kind = Kind::Directory;
    const FILE: Kind = Kind::File { size: 1 };

    fn link(target: &str) -> Kind {
        Kind::SymbolicLink {
            target: target.to_owned(),
        }
    }

    fn package(control: &str, paths: &[(&str, Kind)]) -> PackageMeta {
        PackageMeta {
            version: 1,
            fields: Stanza::parse(control).unwrap(),
            paths: paths
                .iter()
                .map(|(path, kind)| PathMeta {
                    path: (*path).to_owned(),
                    kind: kind.clone(),
                    mode: 0o755,
                    uid: 0,
                    gid: 0,
                    mtime: 0,
                })
                .collect(),
            conffiles: Vec::new(),
        }
    }

    /// Lines of `path package`, of the nodes and then of `path: claimants`.
    fn check(packages: &[PackageMeta], expected: &[&str]) -> Layout {
        let packages: Vec<&PackageMeta> = packages.iter().collect();
        let layout = layout(&packages).unwrap();
        let name = |s: &Source| packages[s.package].name().to_owned();
        let mut lines: Vec<String> = layout
            .nodes
            .iter()
            .map(|(path, s)| format!("{path} {}", name(s)))
            .collect();
        lines.extend(layout.contested.iter().map(|(path, all)| {
            format!(
                "{path}: {}",
                all.iter().map(name).collect::<Vec<_>>().join(" ")
            )
        }));
        assert_eq!(lines, expected);
        layout
    }

    #[test]
    fn merged_usr_and_links() {
        let layout = check(
            &[
                package(
                    "Package: base",
                    &[("var", DIR), ("run", DIR), ("var/run", link("/run"))],
                ),
                package(
                    "Package: coin",
                    &[
                        ("bin", DIR),
                        ("bin/coin", FILE),
                        ("var/run", DIR),
                        ("var/run/coin", DIR),
                        ("usr", DIR),
                        ("usr/lib", DIR),
                    ],
                ),
            ],
            &[
                "run base",
                "run/coin coin",
                "usr coin",
                "usr/bin/coin coin",
                "usr/lib coin",
                "var base",
                "var/run base",
            ],
        );
        assert_eq!(layout.merged, BTreeSet::from(["bin"]));
    }

    #[test]
    fn who_wins() {
        let layout = check(
            &[
                package(
                    "Package: a",
                    &[
                        ("etc", DIR),
                        ("etc/x", FILE),
                        ("etc/y", FILE),
                        ("etc/z", FILE),
                    ],
                ),
                package(
                    "Package: b\nReplaces: a (<< 2)",
                    &[("etc", DIR), ("etc/x", FILE)],
                ),
                package("Package: c", &[("etc/y", FILE), ("etc/q", DIR)]),
                package("Package: d", &[("etc/y", FILE), ("etc/q", link("z"))]),
            ],
            &["etc a", "etc/q c", "etc/x b", "etc/z a", "etc/y: a c d"],
        );
        assert_eq!(layout.lost, BTreeSet::from([(0, "etc/x".to_owned())]));
    }

    #[test]
    fn what_cannot_stand() {
        let a = package("Package: a", &[("x", DIR), ("l", link("l")), ("f", FILE)]);
        for (path, kind, text) in [
            ("x", FILE, "where package a has a directory"),
            ("l/y", FILE, "whose parent is no directory"),
            ("f/y", FILE, "whose parent is no directory"),
        ] {
            let b = package("Package: b", &[(path, kind)]);
            let error = layout(&[&a, &b]).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
