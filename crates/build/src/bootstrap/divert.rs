//! Files that must move because of a diversion, or wait for one.
//!
//! `dpkg-divert --rename` moves what is in the tree already. Two things are
//! left to us, as to a dpkg that unpacks package by package: a file that
//! several packages claim is placed when each one's turn comes, where the
//! diversions of that moment send it; and a file of a later package moves
//! when an earlier one's diversion did not rename it.
//!
//! ```text
//! /var/lib/dpkg/diversions: three lines each
//!   /path/diverted
//!   /path/it/goes/to
//!   package that keeps the path for itself, or ":" for the administrator
//! ```

use std::fs;
use std::io;

use super::farm;
use super::layout::Layout;
use super::rooted::Rooted;
use crate::deb::Decoded;

/// One diversion, paths as dpkg writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Diversion {
    from: String,
    to: String,
    by: String,
}

/// Reads the diversions of a tree.
pub(super) fn read(tree: Rooted<'_>) -> io::Result<Vec<Diversion>> {
    let bytes = tree.read("/var/lib/dpkg/diversions")?.unwrap_or_default();
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

fn parse(text: &str) -> Vec<Diversion> {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .chunks_exact(3)
        .map(|three| Diversion {
            from: three[0].to_owned(),
            to: three[1].to_owned(),
            by: three[2].to_owned(),
        })
        .collect()
}

/// Where dpkg would put a package's path.
fn target<'a>(diversions: &'a [Diversion], package: &str, path: &'a str) -> &'a str {
    diversions
        .iter()
        .find(|d| d.from == path && d.by != package)
        .map_or(path, |d| &d.to)
}

/// A file that two packages have and that nobody diverts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clash {
    pub(super) path: String,
    pub(super) package: usize,
    pub(super) other: usize,
}

/// Places the contested files of one package, whose `preinst` has run.
pub(super) fn place(
    tree: Rooted<'_>,
    layout: &Layout,
    packages: &[Decoded],
    package: usize,
) -> io::Result<Option<Clash>> {
    let name = packages[package].meta.name();
    for (path, claimants) in &layout.contested {
        let Some(source) = claimants.iter().find(|s| s.package == package) else {
            continue;
        };
        let diversions = read(tree)?;
        let absolute = format!("/{path}");
        let to = target(&diversions, name, &absolute);
        let earlier = claimants.iter().take_while(|s| s.package != package);
        let taken = earlier
            .map(|s| s.package)
            .find(|other| target(&diversions, packages[*other].meta.name(), &absolute) == to);
        if let Some(other) = taken {
            return Ok(Some(Clash {
                path: path.clone(),
                package,
                other,
            }));
        }
        let entry = &packages[source.package].meta.paths[source.path];
        let from = packages[package].path.join("root").join(&entry.path);
        farm::copy(&from, &tree.place(to)?.path())?;
    }
    Ok(None)
}

/// Moves what later packages have at paths that `package` has just diverted without renaming.
/// `before` are the diversions before its `preinst` ran.
pub(super) fn follow(
    tree: Rooted<'_>,
    packages: &[Decoded],
    before: &[Diversion],
    package: usize,
) -> io::Result<()> {
    for diversion in read(tree)? {
        if before.contains(&diversion) {
            continue;
        }
        let owned_later = packages[package + 1..].iter().any(|p| {
            p.meta.name() != diversion.by
                && p.meta.paths.iter().any(|e| e.path == diversion.from[1..])
        });
        let (from, to) = (tree.place(&diversion.from)?, tree.place(&diversion.to)?);
        if owned_later && from.exists() && !to.exists() {
            fs::rename(from.path(), to.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_sent_elsewhere() {
        let diversions = parse("/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\nhalf\n");
        for (package, path, expected) in [
            ("dash", "/bin/sh", "/bin/sh"),
            ("bash", "/bin/sh", "/bin/sh.distrib"),
            ("dash", "/a", "/b"),
            ("dash", "/c", "/c"),
        ] {
            assert_eq!(target(&diversions, package, path), expected);
        }
    }
}
