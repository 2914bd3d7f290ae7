//! How the copies of images are named: `{purpose}-{os}-{version}-{date}`.

use std::fmt;
use std::str::FromStr;

/// Tags that every copy has.
pub const REQUIRED_TAGS: [&str; 7] = [
    "purpose",
    "os",
    "version",
    "date",
    "team",
    "environment",
    "compliance",
];

/// Those of them that Goldsmith fills in: from the recipe and the image.
pub const KNOWN_TAGS: [&str; 4] = ["purpose", "os", "version", "date"];

/// What a pattern may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// The recipe's purpose.
    Purpose,
    /// Distribution and release: `debian-12`.
    Os,
    /// `1.4.0`.
    Version,
    /// The day it was made, `20260131`.
    Date,
    /// Name of the recipe.
    Name,
    /// Number of the build of its version.
    Build,
    /// `amd64`.
    Arch,
    /// The tag `team`.
    Team,
    /// The tag `environment`.
    Environment,
    /// The tag `compliance`.
    Compliance,
}

impl Placeholder {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Purpose,
        Self::Os,
        Self::Version,
        Self::Date,
        Self::Name,
        Self::Build,
        Self::Arch,
        Self::Team,
        Self::Environment,
        Self::Compliance,
    ];

    /// As written between braces.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Purpose => "purpose",
            Self::Os => "os",
            Self::Version => "version",
            Self::Date => "date",
            Self::Name => "name",
            Self::Build => "build",
            Self::Arch => "arch",
            Self::Team => "team",
            Self::Environment => "environment",
            Self::Compliance => "compliance",
        }
    }
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// What is known of the image.
    Value(Placeholder),
}

/// A pattern of names that can tell images apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    parts: Vec<Part>,
}

impl NamePattern {
    /// Its parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether it asks for this.
    pub fn asks(&self, placeholder: Placeholder) -> bool {
        self.parts.contains(&Part::Value(placeholder))
    }
}

impl Default for NamePattern {
    /// The naming convention of the field.
    fn default() -> Self {
        "{purpose}-{os}-{version}-{date}"
            .parse()
            .expect("it is a pattern")
    }
}

/// A text that is no pattern, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamePatternError {
    /// No such placeholder.
    #[error("there is no `{{{0}}}`; there is {known}", known = known())]
    Unknown(String),
    /// A brace without its other.
    #[error("a `{{` without its `}}`, or the other way round")]
    Brace,
    /// A character that some target does not take.
    #[error("`{0}` cannot stand in a name: letters, digits, `-`, `_` and `.` can")]
    Character(char),
    /// Every image would have the same name.
    #[error("it has no `{{version}}`, so two images would have one name")]
    NotUnique,
}

fn known() -> String {
    let words = Placeholder::ALL.map(|one| format!("`{{{}}}`", one.word()));
    words.join(", ")
}

impl FromStr for NamePattern {
    type Err = NamePatternError;

    fn from_str(text: &str) -> Result<Self, NamePatternError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, placeholder) = match rest.split_once('{') {
                Some((literal, after)) => {
                    let (word, after) = after.split_once('}').ok_or(NamePatternError::Brace)?;
                    rest = after;
                    (literal, Some(word))
                }
                None => (std::mem::take(&mut rest), None),
            };
            for character in literal.chars() {
                match character {
                    '{' | '}' => return Err(NamePatternError::Brace),
                    c if c.is_ascii_alphanumeric() || "-_.".contains(c) => {}
                    c => return Err(NamePatternError::Character(c)),
                }
            }
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            if let Some(word) = placeholder {
                let found = Placeholder::ALL.into_iter().find(|one| one.word() == word);
                let found = found.ok_or_else(|| NamePatternError::Unknown(word.to_owned()))?;
                parts.push(Part::Value(found));
            }
        }
        let pattern = Self { parts };
        if pattern.asks(Placeholder::Version) {
            Ok(pattern)
        } else {
            Err(NamePatternError::NotUnique)
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Value(placeholder) => write!(f, "{{{}}}", placeholder.word())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let pattern = NamePattern::default();
        assert_eq!(pattern.parts().len(), 7);
        for text in [
            "{purpose}-{os}-{version}-{date}",
            "gold_{name}.{version}b{build}",
        ] {
            assert_eq!(text.parse::<NamePattern>().unwrap().to_string(), text);
        }
        let error = |text: &str| text.parse::<NamePattern>().unwrap_err();
        assert_eq!(
            error("{version}-{day}"),
            NamePatternError::Unknown("day".to_owned())
        );
        assert_eq!(error("{version"), NamePatternError::Brace);
        assert_eq!(error("version}"), NamePatternError::Brace);
        assert_eq!(error("a b{version}"), NamePatternError::Character(' '));
        assert_eq!(error("web-{date}"), NamePatternError::NotUnique);
        assert_eq!(error(""), NamePatternError::NotUnique);
    }
}
