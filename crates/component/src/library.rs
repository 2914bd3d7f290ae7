//! The components that ship with Goldsmith: documents under `library/`, named by their
//! file, with a version in their first line: `# version: 1.0.0`.

use goldsmith_core::diagnostic::SourceFile;

use crate::Document;

/// A component that ships with Goldsmith.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// As recipes name it.
    pub name: &'static str,
    /// The text of its document.
    pub text: &'static str,
}

/// Every component that ships, by name.
pub const ALL: &[Component] = &[
    Component {
        name: "sshd-hardening",
        text: include_str!("../library/sshd-hardening.yaml"),
    },
    Component {
        name: "timezone",
        text: include_str!("../library/timezone.yaml"),
    },
];

/// The component of a name.
pub fn find(name: &str) -> Option<Component> {
    ALL.iter().copied().find(|component| component.name == name)
}

impl Component {
    /// Its version.
    ///
    /// # Panics
    ///
    /// Never: a test reads every document of the library.
    pub fn version(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first
            .strip_prefix("# version: ")
            .expect("documents of the library say their version")
    }

    /// The text with a name to show.
    pub fn file(&self) -> SourceFile {
        SourceFile::new(format!("library/{}.yaml", self.name), self.text)
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
            let (document, problems) = crate::load(&component.file());
            assert!(problems.is_empty(), "{}: {problems:?}", component.name);
            assert_eq!(document.unwrap().name(), component.name);
            let version: goldsmith_core::version::Version = component.version().parse().unwrap();
            assert_eq!(version.to_string(), component.version());
        }
    }
}
