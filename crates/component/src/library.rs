//! The components that ship with Goldsmith: one folder each under `components/` of the project,
//! with its document and a page about it.
//!
//! A document begins with its record, lines that are comments to everything else:
//!
//! ```text
//! # version: 1.0.0
//! # distributions: debian 12, ubuntu 24.04
//! # packages: nftables
//! ```
//!
//! `packages` are what the document needs of a Debian or an Ubuntu: a lock pins them with those of
//! the source, so that a build installs them before its first step, and needs no network for them.

use std::collections::BTreeSet;

use goldsmith_core::diagnostic::SourceFile;

use crate::Document;

/// A component that ships with Goldsmith.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// As recipes name it.
    pub name: &'static str,
    /// The text of its document.
    pub text: &'static str,
    /// Its page, in Markdown: a title, and a line that says what it is for.
    pub page: &'static str,
}

macro_rules! components {
    ($($name:literal),* $(,)?) => {
        /// Every component that ships, by name.
        pub const ALL: &[Component] = &[$(Component {
            name: $name,
            text: include_str!(concat!("../../../components/", $name, "/component.yaml")),
            page: include_str!(concat!("../../../components/", $name, "/README.md")),
        }),*];
    };
}

components![
    "amazon-cloudwatch-agent",
    "amazon-ssm-agent",
    "auditd",
    "aws-codedeploy-agent",
    "cis-linux",
    "docker",
    "dotnet-runtime",
    "firewall",
    "fluent-bit",
    "harden-accounts",
    "harden-aide",
    "harden-apparmor",
    "harden-banners",
    "harden-modules",
    "harden-mounts",
    "harden-pam",
    "harden-permissions",
    "harden-services",
    "harden-sudo",
    "harden-sysctl",
    "imds-v2-test",
    "install-packages",
    "java-headless",
    "journald",
    "node-exporter",
    "nodejs",
    "open-vm-tools",
    "package-repository-test",
    "python-3",
    "qemu-guest-agent",
    "reboot-linux",
    "reboot-test",
    "rsyslog-forward",
    "simple-boot-test",
    "single-ssh-key-test",
    "ssh-host-key-test",
    "sshd-hardening",
    "stig-linux",
    "time-sync",
    "time-sync-test",
    "timezone",
    "tls-certificates",
    "unattended-upgrades",
    "update-linux",
    "vendor-package",
];

/// The component of a name.
pub fn find(name: &str) -> Option<Component> {
    ALL.iter().copied().find(|component| component.name == name)
}

/// The packages that these components, and those of the library that they run, need.
pub fn packages<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'static str> {
    let mut packages = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<Component> = names.into_iter().filter_map(find).collect();
    while let Some(component) = open.pop() {
        if seen.insert(component.name) {
            packages.extend(component.packages());
            let document = component.document();
            let nested = document.nested().into_iter();
            open.extend(nested.filter_map(|(name, _)| find(name)));
        }
    }
    packages
}

impl Component {
    /// Its version.
    ///
    /// # Panics
    ///
    /// Never: a test reads every document of the library.
    pub fn version(&self) -> &'static str {
        self.field("version")
            .expect("documents of the library say their version")
    }

    /// The distributions it knows, as `os-release` names them: `debian 12`.
    pub fn distributions(&self) -> impl Iterator<Item = &'static str> {
        let list = self.field("distributions").unwrap_or_default();
        list.split(',').map(str::trim).filter(|one| !one.is_empty())
    }

    /// The packages it needs by itself.
    pub fn packages(&self) -> impl Iterator<Item = &'static str> {
        self.field("packages")
            .unwrap_or_default()
            .split_whitespace()
    }

    fn field(&self, name: &str) -> Option<&'static str> {
        let mut record = self.text.lines().map_while(|line| line.strip_prefix("# "));
        record.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The text with a name to show.
    pub fn file(&self) -> SourceFile {
        SourceFile::new(
            format!("components/{}/component.yaml", self.name),
            self.text,
        )
    }

    /// Its document.
    ///
    /// # Panics
    ///
    /// Never: a test reads every document of the library.
    pub fn document(&self) -> Document {
        let (document, _) = crate::load(&self.file());
        document.expect("documents of the library have no errors")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_without_problems() {
        assert!(ALL.is_sorted_by_key(|component| component.name));
        for component in ALL {
            let name = component.name;
            let (document, problems) = crate::load(&component.file());
            assert!(problems.is_empty(), "{name}: {problems:#?}");
            let document = document.unwrap();
            assert_eq!(document.name(), name);
            let version: goldsmith_core::version::Version = component.version().parse().unwrap();
            assert_eq!(version.to_string(), component.version());
            assert!(component.distributions().count() > 0, "{name}");
            assert!(
                document.phases().any(|phase| phase == "test"),
                "{name}: nothing proves it in the booted guest"
            );
            for (nested, _) in document.nested() {
                assert!(find(nested).is_some(), "{name} runs `{nested}`");
            }
            let title = format!("# {name}\n");
            assert!(component.page.starts_with(&title), "{name}: its page");
        }
    }

    #[test]
    fn every_folder_ships() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../components");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort_unstable();
        let ships: Vec<&str> = ALL.iter().map(|component| component.name).collect();
        assert_eq!(there, ships);
    }
}
