//! Which package's file stands at which path: decided before anything is
//! linked, by dpkg's rules, as a value.
//!
//! Packages come in the order in which dpkg would unpack them. The first
//! directory at a path gives its metadata; a directory is never replaced by a
//! link; a file is replaced by that of a package that says `Replaces`. The
//! files of a package whose `preinst` diverts others are *held*: they are
//! placed when that script has run ([`super::divert`]). So are none of a package
//! that shares no path with another one: what every script needs may be among them.

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
    /// Files of packages whose `preinst` has to run first, where they stand if nobody diverts them.
    pub(super) held: BTreeMap<String, Source>,
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
    /// Two packages have the same file, and neither replaces or diverts the other's.
    #[error("package {package} has `/{path}`, which package {other} has, too")]
    Clash {
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

/// Decides for all packages; `diverts` says whose `preinst` may divert files.
pub(super) fn layout(packages: &[&PackageMeta], diverts: &[bool]) -> Result<Layout, LayoutError> {
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
        waits: waiting(packages, diverts),
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

/// Of the packages that may divert files, those that have a file where another one has, too.
fn waiting(packages: &[&PackageMeta], diverts: &[bool]) -> Vec<bool> {
    let mut waits = vec![false; packages.len()];
    let mut theirs: BTreeMap<&str, usize> = BTreeMap::new();
    let files = |at: usize| {
        let entries = packages[at].paths.iter();
        let files = entries.filter(|entry| entry.kind != Kind::Directory);
        files.map(|entry| unmerged(&entry.path))
    };
    let diverters = (0..packages.len()).filter(|at| diverts[*at]);
    for (at, path) in diverters.flat_map(|at| files(at).map(move |path| (at, path))) {
        theirs.entry(path).or_insert(at);
    }
    if theirs.is_empty() {
        return waits;
    }
    for at in 0..packages.len() {
        for path in files(at) {
            if let Some(&other) = theirs.get(path)
                && packages[other].name() != packages[at].name()
            {
                waits[other] |= diverts[other];
                waits[at] |= diverts[at];
            }
        }
    }
    waits
}

/// A path by the one name that it has below `/usr` and beside it.
fn unmerged(path: &str) -> &str {
    path.strip_prefix("usr/")
        .filter(|rest| MERGED.contains(&rest.split('/').next().unwrap_or_default()))
        .unwrap_or(path)
}

struct Builder<'a> {
    packages: &'a [&'a PackageMeta],
    /// Whose files are held.
    waits: Vec<bool>,
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
        if self.waits[source.package] && entry.kind != Kind::Directory {
            if let Some(&other) = self.layout.nodes.get(&path)
                && self.replaces(source, other)
            {
                self.lose(other);
                self.layout.nodes.remove(&path);
            }
            self.layout.held.insert(path, source);
            return Ok(());
        }
        if let Some(&holder) = self.layout.held.get(&path)
            && self.replaces(holder, source)
        {
            self.lose(source);
            return Ok(());
        }
        let Some(&other) = self.layout.nodes.get(&path) else {
            self.layout.nodes.insert(path, source);
            return Ok(());
        };
        let earlier = self.entry(other);
        match (&entry.kind, &earlier.kind) {
            // The first gives the metadata; and a link to a directory serves as one.
            (Kind::Directory, Kind::Directory | Kind::SymbolicLink { .. })
            | (Kind::SymbolicLink { .. }, Kind::Directory) => {}
            (_, Kind::Directory) | (Kind::Directory, _) => {
                return Err(LayoutError::FileOverDirectory {
                    package: self.name(source).to_owned(),
                    other: self.name(other).to_owned(),
                    path,
                });
            }
            // The same package of another architecture shares the file.
            _ if self.name(source) == self.name(other) => {}
            _ if self.replaces(source, other) => {
                self.lose(other);
                self.layout.nodes.insert(path, source);
            }
            _ if self.replaces(other, source) => self.lose(source),
            // dpkg compares paths as they are written: by two names, the later one simply wins.
            _ if earlier.path != entry.path => {
                self.layout.nodes.insert(path, source);
            }
            _ => {
                return Err(LayoutError::Clash {
                    package: self.name(source).to_owned(),
                    other: self.name(other).to_owned(),
                    path,
                });
            }
        }
        Ok(())
    }

    fn name(&self, source: Source) -> &'a str {
        self.packages[source.package].name()
    }

    /// Whether the first one's package says that it replaces the second one's.
    fn replaces(&self, source: Source, other: Source) -> bool {
        self.replaces[source.package].contains(self.name(other))
    }

    /// Takes a path from a package.
    fn lose(&mut self, source: Source) {
        let path = self.entry(source).path.clone();
        self.layout.lost.insert((source.package, path));
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

    /// Lines of `path package`; held files have a `?`. Packages called `diverter` divert.
    fn check(packages: &[PackageMeta], expected: &[&str]) -> Layout {
        let packages: Vec<&PackageMeta> = packages.iter().collect();
        let diverts: Vec<bool> = packages.iter().map(|p| p.name() == "diverter").collect();
        let layout = layout(&packages, &diverts).unwrap();
        let line = |(path, s): (&String, &Source)| format!("{path} {}", packages[s.package].name());
        let mut lines: Vec<String> = layout.nodes.iter().map(line).collect();
        lines.extend(layout.held.iter().map(line).map(|line| line + "?"));
        assert_eq!(lines, expected);
        layout
    }

    #[test]
    fn merged_usr_and_links() {
        let run = ("var/run", link("/run"));
        let layout = check(
            &[
                package("Package: base", &[("var", DIR), ("run", DIR), run]),
                package(
                    "Package: coin",
                    &[
                        ("bin", DIR),
                        ("bin/coin", FILE),
                        ("var/run", DIR),
                        ("var/run/coin", DIR),
                    ],
                ),
            ],
            &[
                "run base",
                "run/coin coin",
                "usr/bin/coin coin",
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
                    &[("etc", DIR), ("etc/x", FILE), ("etc/z", FILE)],
                ),
                package(
                    "Package: b\nReplaces: a (<< 2)",
                    &[("etc", DIR), ("etc/x", FILE)],
                ),
                package(
                    "Package: c\nReplaces: d",
                    &[("etc/y", FILE), ("etc/q", DIR)],
                ),
                package("Package: d", &[("etc/y", FILE), ("etc/q", link("z"))]),
            ],
            &["etc a", "etc/q c", "etc/x b", "etc/y c", "etc/z a"],
        );
        let lost = [(0, "etc/x".to_owned()), (3, "etc/y".to_owned())];
        assert_eq!(layout.lost, BTreeSet::from(lost));
    }

    #[test]
    fn files_of_diverters_wait() {
        let files = [
            ("sbin", DIR),
            ("sbin/halt", FILE),
            ("sbin/stop", FILE),
            ("sbin/x", FILE),
        ];
        let layout = check(
            &[
                package("Package: a", &[("usr/sbin/halt", FILE), ("sbin/x", FILE)]),
                package("Package: diverter\nReplaces: a", &files[..3]),
                package("Package: b", &files[1..3]),
                package("Package: a", &files[3..]),
            ],
            &[
                "usr/sbin/halt b",
                "usr/sbin/stop b",
                "usr/sbin/x a",
                "usr/sbin/halt diverter?",
                "usr/sbin/stop diverter?",
            ],
        );
        assert_eq!(
            layout.lost,
            BTreeSet::from([(0, "usr/sbin/halt".to_owned())])
        );
    }

    #[test]
    fn files_of_a_diverter_that_nobody_else_has_are_there_from_the_start() {
        let other = package("Package: a", &[("usr/bin/x", FILE)]);
        let shell = package("Package: diverter", &[("bin", DIR), ("bin/sh", FILE)]);
        let here = ["usr/bin/sh diverter", "usr/bin/x a"];
        check(&[shell.clone(), other.clone()], &here);
        let clash = package("Package: diverter", &[("bin/x", FILE), ("bin/y", FILE)]);
        let held = ["usr/bin/x a", "usr/bin/x diverter?", "usr/bin/y diverter?"];
        check(&[clash, other], &held);
    }

    #[test]
    fn what_cannot_stand() {
        let paths = [("x", DIR), ("l", link("l")), ("f", FILE)];
        let a = package("Package: a", &paths);
        for (path, kind, text) in [
            ("x", FILE, "where package a has a directory"),
            ("f", FILE, "which package a has, too"),
            ("l/y", FILE, "whose parent is no directory"),
            ("f/y", FILE, "whose parent is no directory"),
        ] {
            let b = package("Package: b", &[(path, kind)]);
            let error = layout(&[&a, &b], &[false; 2]).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
