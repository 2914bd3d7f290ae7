//! Files that move because of a diversion, or wait for one.
//!
//! `dpkg-divert --rename` moves what is in the tree already. Two things are
//! left to us, as to a dpkg that unpacks package by package: the files of a
//! package that diverts are placed when its `preinst` has run, where the
//! diversions of that moment send them; and a file of a later package moves
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
use super::layout::{Layout, LayoutError};
use super::rooted::Rooted;
use crate::deb::Decoded;
use crate::deb::meta::Kind;

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

/// Places the held files of one package, whose `preinst` has run, and its list.
pub(super) fn place(
    tree: Rooted<'_>,
    layout: &Layout,
    packages: &[Decoded],
    package: usize,
) -> io::Result<Result<(), LayoutError>> {
    let name = packages[package].meta.name();
    let diversions = read(tree)?;
    let to = |path: &str| tree.place(target(&diversions, name, &format!("/{path}")));
    let mut held: Vec<(&String, usize)> = layout
        .held
        .iter()
        .filter(|(_, source)| source.package == package)
        .map(|(path, source)| (path, source.path))
        .collect();
    if held.is_empty() {
        return Ok(Ok(()));
    }
    // In the order of the archive: a file comes before its further names.
    held.sort_by_key(|(_, at)| *at);
    for (path, at) in held {
        let entry = &packages[package].meta.paths[at];
        let place = to(&entry.path)?;
        if place.exists() {
            if let Some(other) = layout.nodes.get(path) {
                return Ok(Err(LayoutError::Clash {
                    package: name.to_owned(),
                    other: packages[other.package].meta.name().to_owned(),
                    path: path.clone(),
                }));
            }
            fs::remove_file(place.path())?;
        }
        if let Kind::HardLink { of } = &entry.kind {
            fs::hard_link(to(of)?.path(), place.path())?;
        } else {
            let from = packages[package].path.join("root").join(&entry.path);
            farm::copy(&from, &place.path())?;
        }
    }
    let list = fs::read(packages[package].path.join("list"))?;
    let info = packages[package].meta.info_name();
    tree.write(&format!("/var/lib/dpkg/info/{info}.list"), &list, 0o644)?;
    Ok(Ok(()))
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
