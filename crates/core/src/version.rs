//! Image versions: `1.4.x` in a recipe, `1.4.7/2` for a finished image.

use std::fmt;
use std::str::FromStr;

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VersionError(String);

impl VersionError {
    /// Of a text that holds a version and more.
    pub(crate) fn of(text: String) -> Self {
        Self(text)
    }
}

/// The version a recipe asks for: three numbers, of which the last may be `x`,
/// counted up by Goldsmith at every image whose content is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionPattern {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number; `None` is `x`.
    pub patch: Option<u32>,
}

/// The versions that begin like this: `1`, `1.4`, `1.4.x`, or the one version `1.4.7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionPrefix {
    /// First number.
    pub major: u32,
    /// Second number; `None`: any.
    pub minor: Option<u32>,
    /// Third number; `None`: any.
    pub patch: Option<u32>,
}

impl VersionPrefix {
    /// Whether a version begins like this.
    pub fn fits(&self, version: Version) -> bool {
        self.major == version.major
            && self.minor.is_none_or(|minor| minor == version.minor)
            && self.patch.is_none_or(|patch| patch == version.patch)
    }
}

/// The version of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl VersionPattern {
    /// The first version not yet taken that the pattern allows.
    ///
    /// `taken` are the versions of this image that exist, in any order. A fixed
    /// pattern gives its version whether taken or not: a rebuild is then a new
    /// build of the same version.
    pub fn next(&self, taken: impl IntoIterator<Item = Version>) -> Version {
        let patch = self.patch.unwrap_or_else(|| {
            taken
                .into_iter()
                .filter(|v| v.major == self.major && v.minor == self.minor)
                .map(|v| v.patch.saturating_add(1))
                .max()
                .unwrap_or(0)
        });
        Version {
            major: self.major,
            minor: self.minor,
            patch,
        }
    }
}

fn numbers(text: &str) -> Result<[&str; 3], VersionError> {
    let parts: Vec<&str> = text.split('.').collect();
    <[&str; 3]>::try_from(parts).map_err(|_| {
        VersionError(format!(
            "`{text}` is not a version such as `1.4.0` or `1.4.x`"
        ))
    })
}

fn number(part: &str, text: &str) -> Result<u32, VersionError> {
    let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain || (part.len() > 1 && part.starts_with('0')) {
        return Err(VersionError(format!(
            "`{part}` in version `{text}` is not a plain number"
        )));
    }
    part.parse()
        .map_err(|_| VersionError(format!("`{part}` in version `{text}` is too large")))
}

impl FromStr for VersionPattern {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let [major, minor, patch] = numbers(text)?;
        let patch = if patch == "x" {
            None
        } else {
            Some(number(patch, text)?)
        };
        Ok(Self {
            major: number(major, text)?,
            minor: number(minor, text)?,
            patch,
        })
    }
}

impl FromStr for VersionPrefix {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let mut parts = text.split('.');
        let major = number(parts.next().unwrap_or_default(), text)?;
        let mut next = || match parts.next() {
            None | Some("x") => Ok(None),
            Some(part) => number(part, text).map(Some),
        };
        let (minor, patch) = (next()?, next()?);
        if parts.next().is_some() || (minor.is_none() && patch.is_some()) {
            return Err(VersionError(format!(
                "`{text}` is not the beginning of a version, such as `1.4`, `1.4.x` or `1.4.0`"
            )));
        }
        Ok(Self {
            major,
            minor,
            patch,
        })
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let [major, minor, patch] = numbers(text)?;
        Ok(Self {
            major: number(major, text)?,
            minor: number(minor, text)?,
            patch: number(patch, text)?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for VersionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.patch {
            Some(patch) => write!(f, "{}.{}.{patch}", self.major, self.minor),
            None => write!(f, "{}.{}.x", self.major, self.minor),
        }
    }
}

impl fmt::Display for VersionPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.major)?;
        for part in [self.minor, self.patch].into_iter().map_while(|part| part) {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_up() {
        let pattern: VersionPattern = "1.4.x".parse().unwrap();
        let taken = ["1.4.0", "1.4.9", "1.3.50"].map(|v| v.parse().unwrap());
        assert_eq!(pattern.next([]).to_string(), "1.4.0");
        assert_eq!(pattern.next(taken).to_string(), "1.4.10");
        assert_eq!(
            "2.0.1"
                .parse::<VersionPattern>()
                .unwrap()
                .next(taken)
                .to_string(),
            "2.0.1"
        );
    }

    #[test]
    fn beginnings() {
        let fits = |prefix: &str, version: &str| {
            let prefix: VersionPrefix = prefix.parse().unwrap();
            prefix.fits(version.parse().unwrap())
        };
        for (prefix, others) in [
            ("1", ["1.4.0", "1.0.9", "2.0.0", "10.0.0"]),
            ("1.x", ["1.4.0", "1.0.9", "2.0.0", "0.1.0"]),
            ("1.4", ["1.4.0", "1.4.9", "1.40.0", "2.4.0"]),
            ("1.4.x", ["1.4.0", "1.4.9", "1.5.0", "11.4.0"]),
        ] {
            assert_eq!(
                others.map(|version| fits(prefix, version)),
                [true, true, false, false],
                "{prefix}"
            );
        }
        assert!(fits("1.4.7", "1.4.7") && !fits("1.4.7", "1.4.70"));
        let shown = ["1", "1.x", "1.4.x", "1.4.7"]
            .map(|text| text.parse::<VersionPrefix>().unwrap().to_string());
        assert_eq!(shown, ["1", "1", "1.4", "1.4.7"]);
        for text in ["", "x", "1.x.3", "1.2.3.4", "1.", "1.02", "v1", ">=1.2"] {
            assert!(text.parse::<VersionPrefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "1.4",
            "1.4.x.x",
            "1.x.0",
            "01.4.0",
            "1.4.-1",
            "1.4.99999999999",
        ] {
            assert!(text.parse::<VersionPattern>().is_err(), "{text}");
        }
    }
}
