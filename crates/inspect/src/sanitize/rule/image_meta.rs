//! `image-meta`: os-release names the image that this is.
//!
//! Nothing is written: `/usr/lib/os-release` belongs to a package, and the version of
//! an image must not be among the bytes that its version is counted by.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "image-meta",
    summary: "os-release does not name another image",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["systemd-building-images"],
    paths: &[],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    let Some(text) = search.snapshot.text("/usr/lib/os-release")? else {
        return Ok(());
    };
    let (id, version) = match &search.settings.image {
        Some((id, version)) => (Some(id.as_str()), Some(version.as_str())),
        None => (None, None),
    };
    for (key, expected) in [("IMAGE_ID", id), ("IMAGE_VERSION", version)] {
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches(['"', '\'']));
        if value != expected {
            let note = match (value, expected) {
                (None, _) => "is not set",
                (_, None) => "is set by another image",
                _ => "differs from the image's",
            };
            found.report(Severity::Warn, "/usr/lib/os-release", Some(key), note);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::Settings;
    use crate::sanitize::testing::{Tree, check_report};

    const RELEASE: &str = "ID=debian\nIMAGE_ID=\"web\"\nIMAGE_VERSION=1.4.0\n";

    #[test]
    fn names_another_image() {
        check_report(&RULE, &[("/usr/lib/os-release", RELEASE)], &[]);
    }

    #[test]
    fn agrees_with_the_record() {
        let tree = Tree::clean();
        tree.put(&[("/usr/lib/os-release", RELEASE)]);
        let with = |version: &str| Settings {
            image: Some(("web".to_owned(), version.to_owned())),
            ..Settings::default()
        };
        assert!(tree.find(&RULE, &with("1.4.0")).findings.is_empty());
        assert_eq!(tree.find(&RULE, &with("1.4.1")).findings.len(), 1);
    }
}
