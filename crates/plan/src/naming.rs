//! What the copies of an image are called and tagged with, and whether a name is free.

use std::collections::BTreeMap;

use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{NamePattern, Part, Placeholder};
use goldsmith_core::version::Version;
use jiff::civil::Date;

/// Longest name of a copy: what EC2 takes.
const NAME_MAX: usize = 128;

/// What is known of an image.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Name of its recipe.
    pub name: &'a str,
    /// The recipe's purpose.
    pub purpose: &'a str,
    /// Distribution and release: `debian-12`.
    pub os: &'a str,
    /// Its version.
    pub version: Version,
    /// Which build of that.
    pub build: u32,
    /// `amd64`.
    pub arch: &'a str,
    /// The day it was made (UTC).
    pub date: Date,
}

/// A name that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamingError {
    /// The pattern asks for what the image has not.
    #[error("the name `{pattern}` asks for `{{{word}}}`, which this image has not")]
    Missing {
        /// The pattern.
        pattern: String,
        /// What it asks for.
        word: &'static str,
    },
    /// A value that cannot stand in a name.
    #[error("`{value}` for `{{{word}}}` cannot stand in a name")]
    Unusable {
        /// What it is for.
        word: &'static str,
        /// The value.
        value: String,
    },
    /// A name that no target takes.
    #[error("the name `{0}` has more than {NAME_MAX} characters")]
    TooLong(String),
}

impl goldsmith_core::failure::Failure for NamingError {
    fn class(&self) -> goldsmith_core::failure::Class {
        goldsmith_core::failure::Class::Config
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Missing { word, .. } => format!("give the recipe or the distribution a `{word}`"),
            Self::Unusable { .. } => {
                "letters, digits, `-`, `_` and `.` can stand in a name".to_owned()
            }
            Self::TooLong(_) => "shorten `name` in the distribution".to_owned(),
        };
        vec![hint]
    }
}

/// The tags of a copy: those of its distribution, and what Goldsmith knows.
pub fn tags(given: &BTreeMap<String, String>, facts: &Facts<'_>) -> BTreeMap<String, String> {
    let mut tags = given.clone();
    for known in [
        Placeholder::Purpose,
        Placeholder::Os,
        Placeholder::Version,
        Placeholder::Date,
    ] {
        tags.insert(known.word().to_owned(), value(known, given, facts));
    }
    tags
}

/// The name of a copy. `tags` are those of its distribution.
pub fn render(
    pattern: &NamePattern,
    tags: &BTreeMap<String, String>,
    facts: &Facts<'_>,
) -> Result<String, NamingError> {
    let mut name = String::new();
    for part in pattern.parts() {
        let placeholder = match part {
            Part::Text(text) => {
                name.push_str(text);
                continue;
            }
            Part::Value(placeholder) => *placeholder,
        };
        let (word, value) = (placeholder.word(), value(placeholder, tags, facts));
        if value.is_empty() {
            let pattern = pattern.to_string();
            return Err(NamingError::Missing { pattern, word });
        }
        let is_usable = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !value.chars().all(is_usable) {
            return Err(NamingError::Unusable { word, value });
        }
        name.push_str(&value);
    }
    if name.len() > NAME_MAX {
        return Err(NamingError::TooLong(name));
    }
    Ok(name)
}

fn value(placeholder: Placeholder, tags: &BTreeMap<String, String>, facts: &Facts<'_>) -> String {
    let tag = || tags.get(placeholder.word()).cloned().unwrap_or_default();
    match placeholder {
        Placeholder::Purpose => facts.purpose.to_owned(),
        Placeholder::Os => facts.os.to_owned(),
        Placeholder::Version => facts.version.to_string(),
        Placeholder::Date => facts.date.strftime("%Y%m%d").to_string(),
        Placeholder::Name => facts.name.to_owned(),
        Placeholder::Build => facts.build.to_string(),
        Placeholder::Arch => facts.arch.to_owned(),
        Placeholder::Team | Placeholder::Environment | Placeholder::Compliance => tag(),
    }
}

/// Something at a target that has a name already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// Where: `local/lab`.
    pub target: String,
    /// What it is called there.
    pub name: String,
    /// The image it is a copy of; `None`: nobody knows.
    pub digest: Option<Sha256>,
}

/// What stands in the way of a name. A copy of the same image does not: it is there already. Case
/// makes no difference, for it makes none on many targets.
pub fn clashes<'e>(name: &str, digest: Sha256, existing: &'e [Existing]) -> Vec<&'e Existing> {
    let is_other = |one: &&Existing| {
        one.name.eq_ignore_ascii_case(name) && (one.digest != Some(digest) || one.name != name)
    };
    existing.iter().filter(is_other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts<'static> {
        Facts {
            name: "web",
            purpose: "frontend",
            os: "debian-12",
            version: "1.4.0".parse().unwrap(),
            build: 3,
            arch: "amd64",
            date: jiff::civil::date(2026, 1, 31),
        }
    }

    fn given() -> BTreeMap<String, String> {
        let tags = [
            ("team", "platform"),
            ("environment", "the lab"),
            ("cost", "42"),
        ];
        tags.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    fn named(pattern: &str) -> Result<String, NamingError> {
        render(&pattern.parse().unwrap(), &given(), &facts())
    }

    #[test]
    fn names() {
        assert_eq!(
            named("{purpose}-{os}-{version}-{date}").unwrap(),
            "frontend-debian-12-1.4.0-20260131"
        );
        assert_eq!(
            named("{name}_{version}.{build}-{arch}-{team}").unwrap(),
            "web_1.4.0.3-amd64-platform"
        );
        assert!(matches!(
            named("{version}-{compliance}"),
            Err(NamingError::Missing {
                word: "compliance",
                ..
            })
        ));
        assert!(matches!(
            named("{version}-{environment}"),
            Err(NamingError::Unusable {
                word: "environment",
                ..
            })
        ));
        let long = format!("{}{{version}}", "x".repeat(124));
        assert!(matches!(named(&long), Err(NamingError::TooLong(_))));
    }

    #[test]
    fn tags_are_filled_in() {
        let tags = tags(&given(), &facts());
        let shown: Vec<String> = tags
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(
            shown,
            [
                "cost=42",
                "date=20260131",
                "environment=the lab",
                "os=debian-12",
                "purpose=frontend",
                "team=platform",
                "version=1.4.0"
            ]
        );
    }

    #[test]
    fn names_that_are_taken() {
        let (ours, other) = (Sha256::of(b"ours"), Sha256::of(b"other"));
        let existing = |name: &str, digest| Existing {
            target: "local/lab".to_owned(),
            name: name.to_owned(),
            digest,
        };
        let all = [
            existing("a", Some(ours)),
            existing("a", Some(other)),
            existing("A", Some(ours)),
            existing("a", None),
            existing("b", Some(other)),
        ];
        let found: Vec<&Existing> = clashes("a", ours, &all);
        assert_eq!(found, [&all[1], &all[2], &all[3]]);
        assert!(clashes("c", ours, &all).is_empty());
    }
}
