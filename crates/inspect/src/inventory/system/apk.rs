//! The packages of Alpine's apk.
//!
//! ```text
//! /lib/apk/db/installed, /usr/lib/apk/db/installed: stanzas, a letter a line
//!   P name   V version   A architecture   o source package   L license   m maintainer
//!   F folder, without its first slash; then R name of a file in it, Z its digest: Q1, base64 of SHA-1
//! ```
//!
//! A source package has the version of its packages.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use goldsmith_core::inventory::{Ecosystem, Package, SourcePackage};

use super::{Aliases, DATABASE_MAX, FileDigest, System};
use crate::inventory::plain;
use crate::snapshot::Snapshot;
use crate::view::{Kind, ViewError};

const DATABASES: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];

pub(super) fn read(
    snapshot: &Snapshot<'_>,
    aliases: &Aliases,
    system: &mut System,
) -> Result<(), ViewError> {
    for path in DATABASES {
        let node = snapshot.resolve(path);
        let Some(node) = node.filter(|node| node.kind == Kind::File) else {
            continue;
        };
        let bytes = snapshot.read(node, DATABASE_MAX)?;
        let text = String::from_utf8_lossy(&bytes);
        for stanza in text.split("\n\n") {
            one(stanza, &node.path, aliases, system);
        }
        return Ok(());
    }
    Ok(())
}

fn one(stanza: &str, evidence: &str, aliases: &Aliases, system: &mut System) {
    let rows = || stanza.lines().filter_map(|line| line.split_once(':'));
    let field = |letter: &str| {
        let mut rows = rows();
        let value = rows.find_map(|(name, value)| (name == letter).then_some(value));
        value.filter(|value| !value.is_empty())
    };
    let (Some(name), Some(version)) = (field("P"), field("V")) else {
        return;
    };
    let source = field("o").filter(|source| *source != name);
    let package = Package {
        arch: field("A").map(str::to_owned),
        source: source.map(|source| SourcePackage {
            name: source.to_owned(),
            version: version.to_owned(),
        }),
        maintainer: field("m").map(str::to_owned),
        license: field("L").map(str::to_owned),
        ..plain(Ecosystem::Apk, name, version, evidence)
    };
    let place = system.add(package);
    let (mut folder, mut file) = ("", String::new());
    for (letter, value) in rows() {
        match letter {
            "F" => folder = value,
            "R" => {
                let slash = if folder.is_empty() { "" } else { "/" };
                file = aliases.real(&format!("/{folder}{slash}{value}"));
                system.files.entry(file.clone()).or_default().package = Some(place);
            }
            "Z" => {
                let digest = value.strip_prefix("Q1");
                let digest = digest.and_then(|digest| BASE64_STANDARD.decode(digest).ok());
                let digest = digest.and_then(|digest| digest.try_into().ok());
                if let (Some(listed), Some(digest)) = (system.files.get_mut(&file), digest) {
                    listed.digest = Some(FileDigest::Sha1(digest));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::testing::{Tree, cx};
    use crate::view::tree::TreeView;

    #[test]
    fn of_alpine() {
        let tree = Tree::clean();
        tree.put(&[
            (
                DATABASES[1],
                "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\nm:Somebody <a@example.com>\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\n\n\
                 C:Q1abd=\nP:musl-utils\nV:1.2.4-r2\nA:x86_64\no:musl\nF:\nF:usr/bin\nR:ldd\n\n",
            ),
            ("/lib", "-> usr/lib"),
        ]);
        let view = TreeView::open(tree.root()).unwrap();
        let found = System::read(&Snapshot::take(&view, &cx()).unwrap(), &cx()).unwrap();
        let names: Vec<(&str, &str)> = found
            .packages()
            .iter()
            .map(|p| (p.name.as_str(), p.source_name()))
            .collect();
        assert_eq!(names, [("musl", "musl"), ("musl-utils", "musl")]);
        assert_eq!(found.owner("/usr/bin/ldd").unwrap().name, "musl-utils");
        let listed = found.get("/usr/lib/ld-musl-x86_64.so.1").unwrap();
        assert!(listed.digest.unwrap().is_of(&b"abc".to_vec()).unwrap());
    }
}
