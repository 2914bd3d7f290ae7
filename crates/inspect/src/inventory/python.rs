//! Python distributions, by what their installer leaves.
//!
//! ```text
//! NAME-VERSION.dist-info/METADATA      headers as of mail: Name, Version, License-Expression, License
//! NAME-VERSION.egg-info/PKG-INFO       the same
//! NAME-VERSION.egg-info                the same, as a file
//! ```
//!
//! Source: the core metadata specification of the Python packaging authority.

use std::io;

use goldsmith_core::inventory::{Ecosystem, Package};

use super::{FileKind, Subject, plain};
use crate::view::Node;

const METADATA_MAX: u64 = 16 << 20;

pub(super) static KIND: FileKind = FileKind { is_wanted, read };

fn is_wanted(node: &Node) -> bool {
    let path = &node.path;
    path.ends_with(".dist-info/METADATA")
        || path.ends_with(".egg-info/PKG-INFO")
        || path.ends_with(".egg-info")
}

fn read(subject: &Subject<'_>, packages: &mut Vec<Package>) -> io::Result<()> {
    let bytes = subject.bytes(METADATA_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    // The description follows an empty line.
    let head = text.lines().take_while(|line| !line.trim().is_empty());
    let field = |wanted: &str| {
        let mut head = head.clone();
        let value = head.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then_some(value.trim())
        });
        // What setuptools writes for nothing.
        value.filter(|value| !value.is_empty() && *value != "UNKNOWN")
    };
    if let (Some(name), Some(version)) = (field("Name"), field("Version")) {
        let license = field("License-Expression").or_else(|| field("License"));
        packages.push(Package {
            license: license.map(str::to_owned),
            ..plain(Ecosystem::Python, name, version, subject.path)
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::tests::check;

    #[test]
    fn of_installers() {
        check(
            &[
                (
                    "/usr/local/lib/python3.11/site-packages/requests-2.31.0.dist-info/METADATA",
                    "Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\nLicense: Apache 2.0\n\nName: no\n",
                ),
                (
                    "/opt/app/venv/lib/python3.11/site-packages/PyYAML.egg-info/PKG-INFO",
                    "Metadata-Version: 1.0\nname: PyYAML\nVersion: 6.0\nLicense: UNKNOWN\n",
                ),
                (
                    "/opt/old/six-1.16.0.egg-info",
                    "Name: six\nVersion: 1.16.0\n",
                ),
                ("/opt/none.dist-info/METADATA", "Name: nameless\n"),
                ("/opt/METADATA", "Name: other\nVersion: 1\n"),
            ],
            &[
                "pypi PyYAML 6.0",
                "pypi requests 2.31.0 [Apache 2.0]",
                "pypi six 1.16.0",
            ],
        );
    }
}
