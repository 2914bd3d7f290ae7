//! dpkg's `status` of a system as one more index: what is installed need not be in the archive any
//! more.
//!
//! ```text
//! Package: nginx
//! Status: install ok installed
//! Architecture: amd64
//! Version: 1.22.1-9+deb12u2
//! Depends: ...                  as in the archive; what only the archive knows is filled in
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is installed.
#[derive(Debug, Default)]
pub(super) struct Installed {
    /// As the text of an index.
    pub(super) index: String,
    /// Versions by name and architecture; `all` counts as the system's.
    pub(super) versions: BTreeMap<(String, String), String>,
}

impl Installed {
    /// Of a `status` file of a system of this architecture.
    pub(super) fn read(status: &str, native: &str) -> Self {
        let mut installed = Self::default();
        for stanza in status.split("\n\n") {
            let field = |name: &str| {
                let mut lines = stanza.lines();
                lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            };
            let is_installed = field("Status").is_some_and(|words| words.ends_with(" installed"));
            let (true, Some(name), Some(arch), Some(version)) = (
                is_installed,
                field("Package"),
                field("Architecture"),
                field("Version"),
            ) else {
                continue;
            };
            let arch = if arch == "all" { native } else { arch };
            let id = (name.to_owned(), arch.to_owned());
            installed.versions.insert(id, version.to_owned());
            // Nobody fetches it: it is there.
            let _ = writeln!(
                installed.index,
                "{}\nFilename: installed\nSize: 0\nSHA256: {:064}\n",
                stanza.trim_matches('\n'),
                0
            );
        }
        installed
    }
}

#[cfg(test)]
mod tests {
    use goldsmith_plan::index::{Index, Universe};

    use super::*;

    #[test]
    fn what_is_installed_and_nothing_else() {
        let status = "Package: dpkg\nEssential: yes\nStatus: install ok installed\n\
                      Architecture: amd64\nVersion: 1.21.22\nConffiles:\n /etc/a 1f\n /etc/b 2e\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\n\
                      Version: 1\n\nPackage: tzdata\nStatus: hold ok installed\n\
                      Architecture: all\nVersion: 2024a\nDepends: dpkg (>= 1)\n";
        let installed = Installed::read(status, "amd64");
        let ids: Vec<String> = installed
            .versions
            .iter()
            .map(|((name, arch), version)| format!("{name}:{arch} {version}"))
            .collect();
        assert_eq!(ids, ["dpkg:amd64 1.21.22", "tzdata:amd64 2024a"]);
        let index = Index {
            name: "status".to_owned(),
            suite: String::new(),
            codename: String::new(),
            pin: 100,
            text: installed.index.as_bytes(),
        };
        let universe = Universe::load("amd64", &[], vec![index]).unwrap();
        assert_eq!(universe.candidates().len(), 2);
        assert_eq!(Installed::read("", "amd64").versions.len(), 0);
    }
}
