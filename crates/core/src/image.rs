//! Which image, and how it stands: the states of an image's life and the ways between them.

use std::fmt;
use std::str::FromStr;

use crate::version::{Version, VersionError};

/// Which image: `web 1.4.0/3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageId {
    /// Name of the recipe that it is made by: the family of its images.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Which build of the version, from 1.
    pub build: u32,
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.name, self.version, self.build)
    }
}

impl FromStr for ImageId {
    type Err = VersionError;

    /// As people type it, `web@1.4.0/3`, or as it is shown, `web 1.4.0/3`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let malformed =
            || VersionError::of(format!("`{text}` is not an image such as `web@1.4.0/3`"));
        let (name, rest) = text.split_once(['@', ' ']).ok_or_else(malformed)?;
        let (version, build) = rest.split_once('/').ok_or_else(malformed)?;
        let build: u32 = build.parse().map_err(|_| malformed())?;
        if name.is_empty() || build == 0 {
            return Err(malformed());
        }
        Ok(Self {
            name: name.to_owned(),
            version: version.parse()?,
            build,
        })
    }
}

/// How an image stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImageState {
    /// Its disk is made; nothing was shown of it yet.
    Built,
    /// It is being tested, scanned and judged.
    Testing,
    /// It was refused: by a test, a gate or a person.
    Rejected,
    /// It may be used: the gate, and everyone who had to, said yes.
    Approved,
    /// It is on its way to its targets.
    Distributing,
    /// It is where it was to go.
    Available,
    /// It went bad after it was approved: not handed out until somebody decides.
    Quarantined,
    /// It must not be used any more.
    Revoked,
    /// It still works, and something newer should be used.
    Deprecated,
    /// It cannot be used, and can be brought back.
    Disabled,
    /// Its bytes are gone; what is known of it is kept.
    Deleted,
}

/// A step of an image's life that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an image that is {} cannot become {}", from.name(), to.name())]
pub struct NoSuchStep {
    /// How the image stands.
    pub from: ImageState,
    /// What it was to become.
    pub to: ImageState,
}

impl ImageState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 11] = [
        Self::Built,
        Self::Testing,
        Self::Rejected,
        Self::Approved,
        Self::Distributing,
        Self::Available,
        Self::Quarantined,
        Self::Revoked,
        Self::Deprecated,
        Self::Disabled,
        Self::Deleted,
    ];

    /// As it is stored, printed and typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Testing => "testing",
            Self::Rejected => "rejected",
            Self::Approved => "approved",
            Self::Distributing => "distributing",
            Self::Available => "available",
            Self::Quarantined => "quarantined",
            Self::Revoked => "revoked",
            Self::Deprecated => "deprecated",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// The state of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// What it means, for whoever reads of it: one line, no period.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Built => "its disk is made; nothing was shown of it yet",
            Self::Testing => "it is being tested, scanned and judged",
            Self::Rejected => "it was refused: by a test, a gate or a person",
            Self::Approved => "it may be used: the gate, and everyone who had to, said yes",
            Self::Distributing => "it is on its way to its targets",
            Self::Available => "it is where it was to go",
            Self::Quarantined => {
                "it went bad after it was approved: not handed out until somebody decides"
            }
            Self::Revoked => "it must not be used any more",
            Self::Deprecated => "it still works, and something newer should be used",
            Self::Disabled => "it cannot be used, and can be brought back",
            Self::Deleted => "its bytes are gone; what is known of it is kept",
        }
    }

    /// What it may become.
    pub const fn next(self) -> &'static [Self] {
        use ImageState as S;
        match self {
            S::Built => &[S::Testing, S::Rejected, S::Deleted],
            S::Testing => &[S::Approved, S::Rejected, S::Deleted],
            // A test may be run again, an approval asked for again.
            S::Rejected => &[S::Testing, S::Deleted],
            S::Approved => &[
                S::Distributing,
                S::Available,
                S::Quarantined,
                S::Revoked,
                S::Deprecated,
                S::Disabled,
                S::Deleted,
            ],
            // What fails on the way leaves the image as good as it was.
            S::Distributing => &[S::Available, S::Approved, S::Quarantined, S::Revoked],
            S::Available => &[
                S::Distributing,
                S::Quarantined,
                S::Revoked,
                S::Deprecated,
                S::Disabled,
            ],
            S::Quarantined => &[S::Approved, S::Available, S::Revoked, S::Deleted],
            S::Revoked => &[S::Disabled, S::Deleted],
            S::Deprecated => &[S::Available, S::Quarantined, S::Revoked, S::Disabled],
            S::Disabled => &[S::Deprecated, S::Available, S::Revoked, S::Deleted],
            S::Deleted => &[],
        }
    }

    /// This state turned into another; into itself is no step and always allowed.
    pub fn step_to(self, to: Self) -> Result<Self, NoSuchStep> {
        if self == to || self.next().contains(&to) {
            Ok(to)
        } else {
            Err(NoSuchStep { from: self, to })
        }
    }

    /// Whether somebody may start machines from it.
    pub const fn is_usable(self) -> bool {
        matches!(
            self,
            Self::Approved | Self::Distributing | Self::Available | Self::Deprecated
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_life() {
        use ImageState as S;
        let life = [
            S::Built,
            S::Testing,
            S::Approved,
            S::Distributing,
            S::Available,
            S::Deprecated,
            S::Disabled,
            S::Deleted,
        ];
        for pair in life.windows(2) {
            assert_eq!(pair[0].step_to(pair[1]), Ok(pair[1]));
        }
        // Nothing that was refused or revoked is handed out without being looked at again.
        for to in S::ALL.into_iter().filter(|to| to.is_usable()) {
            assert!(S::Rejected.step_to(to).is_err(), "{}", to.name());
            assert!(S::Revoked.step_to(to).is_err(), "{}", to.name());
            assert!(S::Deleted.step_to(to).is_err(), "{}", to.name());
            assert!(S::Built.step_to(to).is_err(), "{}", to.name());
        }
        let error = S::Built.step_to(S::Available).unwrap_err();
        assert_eq!(
            error.to_string(),
            "an image that is built cannot become available"
        );
        for state in S::ALL {
            assert_eq!(state.step_to(state), Ok(state));
            assert_eq!(S::named(state.name()), Some(state));
        }
    }

    #[test]
    fn typed_and_shown() {
        let id: ImageId = "web@1.4.0/3".parse().unwrap();
        assert_eq!(id.to_string(), "web 1.4.0/3");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "web",
            "web@1.4.0",
            "@1.4.0/3",
            "web@1.4/3",
            "web@1.4.0/0",
            "web@1.4.0/x",
        ] {
            assert!(wrong.parse::<ImageId>().is_err(), "{wrong}");
        }
    }
}
