//! The packages of dpkg.
//!
//! ```text
//! /var/lib/dpkg/status                     stanzas: Package, Status, Version, Source: NAME (VERSION),
//!                                          Conffiles: ` PATH MD5 [obsolete]` rows
//! /var/lib/dpkg/status.d/NAME              a stanza without Status: images without dpkg
//! /var/lib/dpkg/status.d/NAME.md5sums      as below
//! /var/lib/dpkg/info/NAME[:ARCH].list      a path a line
//! /var/lib/dpkg/info/NAME[:ARCH].md5sums   32 hex digits, two spaces, path without its first slash
//! /var/lib/ucf/hashfile                    MD5, two spaces, path: configuration kept by ucf
//! ```
//!
//! Diverted files count under the name their package gave them.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::inventory::{Ecosystem, Package, SourcePackage};

use super::{Aliases, DATABASE_MAX, FileDigest, Listed, System};
use crate::inventory::plain;
use crate::snapshot::Snapshot;
use crate::view::{Kind, Node, ViewError};

const STATUS: &str = "/var/lib/dpkg/status";
const STATUS_FOLDER: &str = "/var/lib/dpkg/status.d";
const INFO: &str = "/var/lib/dpkg/info";
const UCF: &str = "/var/lib/ucf/hashfile";

/// States in which a package's files are there and in use.
const INSTALLED: [&str; 3] = ["installed", "triggers-pending", "triggers-awaited"];

pub(super) fn read(
    snapshot: &Snapshot<'_>,
    aliases: &Aliases,
    system: &mut System,
    cx: &Cx,
) -> Result<(), ViewError> {
    let mut reader = Reader {
        aliases,
        system,
        places: BTreeMap::new(),
        sums: Vec::new(),
    };
    if let Some(status) = file(snapshot, STATUS) {
        let text = text(snapshot, status)?;
        reader.status(&text);
    }
    for node in snapshot.beneath(STATUS_FOLDER) {
        if node.kind == Kind::File {
            let text = text(snapshot, node)?;
            match node.path.strip_suffix(".md5sums") {
                Some(stem) => reader.md5sums(name_of(stem), &text),
                None => reader.single(node, &text),
            }
        }
    }
    for node in snapshot.beneath(INFO) {
        cx.cancel.check()?;
        let Some((stem, suffix)) = node.path.rsplit_once('.') else {
            continue;
        };
        if node.kind == Kind::File && matches!(suffix, "list" | "md5sums") {
            let text = text(snapshot, node)?;
            match suffix {
                "list" => reader.list(name_of(stem), &text),
                _ => reader.md5sums(name_of(stem), &text),
            }
        }
    }
    if let Some(hashes) = file(snapshot, UCF) {
        let text = text(snapshot, hashes)?;
        let rows = text.lines().filter_map(|line| line.split_once("  "));
        let rows = rows.map(|(digest, path)| (aliases.real(path), None, digest.to_owned()));
        reader.sums.extend(rows);
    }
    reader.finish();
    Ok(())
}

fn file<'s>(snapshot: &'s Snapshot<'_>, path: &str) -> Option<&'s Node> {
    snapshot.get(path).filter(|node| node.kind == Kind::File)
}

fn text(snapshot: &Snapshot<'_>, node: &Node) -> Result<String, ViewError> {
    let bytes = snapshot.read(node, DATABASE_MAX)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

struct Reader<'a> {
    aliases: &'a Aliases,
    system: &'a mut System,
    /// By `name` and `name:arch`.
    places: BTreeMap<String, u32>,
    /// Path, package, MD5: put in last, since they say more than a list.
    sums: Vec<(String, Option<u32>, String)>,
}

impl Reader<'_> {
    fn status(&mut self, text: &str) {
        for stanza in text.split("\n\n") {
            let state = field(stanza, "Status").and_then(|status| status.split(' ').nth(2));
            let package = package(stanza, STATUS);
            let is_installed = state.is_some_and(|state| INSTALLED.contains(&state));
            let place = package.filter(|_| is_installed).map(|p| self.add(p));
            // Configuration stays, and keeps its digest, when its package goes.
            let rows = stanza.lines().filter_map(|line| {
                let (path, digest) = line.strip_prefix(" /")?.split_once(' ')?;
                Some((path, digest.split(' ').next()?))
            });
            for (path, digest) in rows {
                let path = self.aliases.real(&format!("/{path}"));
                self.sums.push((path, place, digest.to_owned()));
            }
        }
    }

    fn single(&mut self, node: &Node, text: &str) {
        if let Some(package) = package(text, &node.path) {
            // The file may be named in another way than the package.
            let place = self.add(package);
            self.places.entry(node.name().to_owned()).or_insert(place);
        }
    }

    fn add(&mut self, package: Package) -> u32 {
        let (name, arch) = (package.name.clone(), package.arch.clone());
        let place = self.system.add(package);
        self.places
            .insert(format!("{name}:{}", arch.unwrap_or_default()), place);
        self.places.entry(name).or_insert(place);
        place
    }

    fn list(&mut self, name: &str, text: &str) {
        let package = self.places.get(name).copied();
        for path in text.lines() {
            let listed = self
                .system
                .files
                .entry(self.aliases.real(path))
                .or_default();
            // A folder is of many; a file is of whoever listed it last.
            listed.package = package.or(listed.package);
        }
    }

    fn md5sums(&mut self, name: &str, text: &str) {
        let package = self.places.get(name).copied();
        let rows = text.lines().filter_map(|line| line.split_once("  "));
        for (digest, path) in rows {
            let path = self.aliases.real(&format!("/{path}"));
            self.sums.push((path, package, digest.to_owned()));
        }
    }

    fn finish(self) {
        for (path, package, digest) in self.sums {
            let Some(digest) = FileDigest::of_hex(&digest) else {
                continue;
            };
            let listed = self.system.files.entry(path).or_default();
            *listed = Listed {
                package: listed.package.or(package),
                digest: Some(digest),
            };
        }
    }
}

fn field<'t>(stanza: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = stanza.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.map(str::trim).filter(|value| !value.is_empty())
}

fn package(stanza: &str, evidence: &str) -> Option<Package> {
    let (name, version) = (field(stanza, "Package")?, field(stanza, "Version")?);
    let source = field(stanza, "Source").map(|source| match source.split_once(' ') {
        Some((name, in_brackets)) => SourcePackage {
            name: name.to_owned(),
            version: in_brackets.trim_matches(['(', ')', ' ']).to_owned(),
        },
        None => SourcePackage {
            name: source.to_owned(),
            version: version.to_owned(),
        },
    });
    Some(Package {
        arch: field(stanza, "Architecture").map(str::to_owned),
        source,
        maintainer: field(stanza, "Maintainer").map(str::to_owned),
        ..plain(Ecosystem::Deb, name, version, evidence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::testing::{Tree, cx};
    use crate::view::tree::TreeView;

    fn system(files: &[(&str, &str)]) -> System {
        let tree = Tree::clean();
        tree.put(files);
        let view = TreeView::open(tree.root()).unwrap();
        let snapshot = Snapshot::take(&view, &cx()).unwrap();
        System::read(&snapshot, &cx()).unwrap()
    }

    fn shown(system: &System) -> Vec<String> {
        let row = |p: &Package| {
            let (source, version) = (p.source_name(), p.source_version());
            let arch = p.arch.as_deref().unwrap_or("-");
            format!("{} {arch} {} of {source} {version}", p.name, p.version)
        };
        system.packages().iter().map(row).collect()
    }

    #[test]
    fn of_status() {
        let status = "Package: b\nStatus: hold ok installed\nArchitecture: amd64\nSource: bb (1:2-2)\nVersion: 1:2-3\nDescription: x\n Version: 9\n\n\
                      Package: a\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: foreign\nSource: aa\nVersion: 2\n\
                      Conffiles:\n /etc/a.conf 900150983cd24fb0d6963f7d28e17f72\n /etc/new newconffile\n\n\
                      Package: t\nStatus: install ok triggers-pending\nArchitecture: all\nVersion: 3\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 2\n\
                      Conffiles:\n /etc/gone.conf 900150983cd24fb0d6963f7d28e17f72\n";
        let found = system(&[
            (STATUS, status),
            (
                "/var/lib/dpkg/info/b:amd64.list",
                "/.\n/bin\n/bin/b\n/etc/b.conf\n",
            ),
            (
                "/var/lib/dpkg/info/b:amd64.md5sums",
                "900150983cd24fb0d6963f7d28e17f72  bin/b\n",
            ),
            ("/var/lib/dpkg/info/a.list", "/opt/a\n"),
            (
                "/var/lib/ucf/hashfile",
                "900150983cd24fb0d6963f7d28e17f72  /etc/kept\n",
            ),
            ("/bin", "-> usr/bin"),
            ("/usr/bin/b", "abc"),
        ]);
        assert_eq!(
            shown(&found),
            [
                "b amd64 1:2-3 of bb 1:2-2",
                "a all 2 of aa 2",
                "t all 3 of t 3",
            ]
        );
        let owner = |path: &str| found.owner(path).map(|p| p.name.as_str());
        assert_eq!(owner("/usr/bin/b"), Some("b"));
        assert_eq!(owner("/opt/a"), Some("a"));
        assert_eq!(owner("/etc/a.conf"), Some("a"));
        assert_eq!(owner("/etc/gone.conf"), None);
        let digest = |path: &str| {
            found
                .get(path)
                .is_some_and(|listed| listed.digest.is_some())
        };
        let with = ["/usr/bin/b", "/etc/a.conf", "/etc/gone.conf", "/etc/kept"];
        assert_eq!(with.map(digest), [true; 4]);
        assert!(!digest("/opt/a") && found.get("/etc/new").is_none());
    }

    #[test]
    fn of_images_without_dpkg() {
        let found = system(&[
            (
                "/var/lib/dpkg/status.d/tzdata",
                "Package: tzdata\nVersion: 2024a-0\nArchitecture: all\n",
            ),
            (
                "/var/lib/dpkg/status.d/tzdata.md5sums",
                "900150983cd24fb0d6963f7d28e17f72  usr/share/zone\n",
            ),
        ]);
        assert_eq!(shown(&found), ["tzdata all 2024a-0 of tzdata 2024a-0"]);
        let owner = found.owner("/usr/share/zone").map(|p| p.name.as_str());
        assert_eq!(owner, Some("tzdata"));
    }
}
