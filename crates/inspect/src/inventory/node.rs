//! Packages of npm, by the `package.json` at the top of each.
//!
//! ```text
//! .../node_modules/NAME/package.json, .../node_modules/@SCOPE/NAME/package.json
//! /usr/share/nodejs/NAME/package.json      where Debian puts its own
//! { "name": "...", "version": "...", "license": "..." or { "type": "..." } }
//! ```

use std::io;

use goldsmith_core::inventory::{Ecosystem, Package};
use serde_json::Value;

use super::{FileKind, Subject, plain};
use crate::view::Node;

const MANIFEST_MAX: u64 = 16 << 20;

pub(super) static KIND: FileKind = FileKind { is_wanted, read };

fn is_wanted(node: &Node) -> bool {
    let Some(folder) = node.path.strip_suffix("/package.json") else {
        return false;
    };
    // Deeper in a package there are such files for other purposes.
    let (above, name) = folder.rsplit_once('/').unwrap_or_default();
    let (_, above_name) = above.rsplit_once('/').unwrap_or_default();
    let top = if above_name.starts_with('@') {
        above.rsplit_once('/').map_or("", |(top, _)| top)
    } else {
        above
    };
    !name.is_empty() && (top.ends_with("/node_modules") || top == "/usr/share/nodejs")
}

fn read(subject: &Subject<'_>, packages: &mut Vec<Package>) -> io::Result<()> {
    let bytes = subject.bytes(MANIFEST_MAX)?;
    let manifest: Value = serde_json::from_slice(&bytes)?;
    let text = |name: &str| manifest[name].as_str().filter(|text| !text.is_empty());
    if let (Some(name), Some(version)) = (text("name"), text("version")) {
        let license = text("license").or_else(|| manifest["license"]["type"].as_str());
        packages.push(Package {
            license: license.map(str::to_owned),
            ..plain(Ecosystem::Npm, name, version, subject.path)
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::tests::{check, found};

    #[test]
    fn at_the_top_of_a_package() {
        check(
            &[
                (
                    "/srv/app/node_modules/left-pad/package.json",
                    r#"{"name":"left-pad","version":"1.3.0","license":"WTFPL"}"#,
                ),
                (
                    "/srv/app/node_modules/@angular/core/package.json",
                    r#"{"name":"@angular/core","version":"1.0.0","license":{"type":"MIT"}}"#,
                ),
                (
                    "/srv/app/node_modules/a/node_modules/left-pad/package.json",
                    r#"{"name":"left-pad","version":"1.3.0","license":"WTFPL"}"#,
                ),
                (
                    "/srv/app/node_modules/a/test/package.json",
                    r#"{"name":"fixture","version":"1"}"#,
                ),
                ("/srv/app/package.json", r#"{"name":"app","version":"1"}"#),
                ("/srv/app/node_modules/b/package.json", r#"{"name":"b"}"#),
            ],
            &[
                "npm @angular/core 1.0.0 [MIT]",
                "npm left-pad 1.3.0 [WTFPL]",
            ],
        );
    }

    #[test]
    fn a_broken_one_is_told() {
        let (_, findings) = found(&[("/srv/node_modules/x/package.json", "{")]);
        let unread: Vec<_> = findings.iter().filter(|f| f.id == "unread").collect();
        assert_eq!(unread.len(), 1);
        assert!(unread[0].title.contains("EOF"), "{}", unread[0].title);
    }
}
