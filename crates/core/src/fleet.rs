//! The port to what runs in a cloud, and on which images.

use std::collections::BTreeMap;
use std::fmt;

use crate::cx::Cx;
use crate::failure::Failure;

/// A failure of whoever looked.
pub type FleetError = Box<dyn Failure>;

/// What uses an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserKind {
    /// A machine: `i-0abc`.
    Instance {
        /// What started it and would start it again the same: `asg/web`, `lt-0abc`; `None`:
        /// somebody by hand, or it is not known.
        by: Option<String>,
    },
    /// A version of a launch template: `lt-0abc`.
    LaunchTemplate {
        /// Its number.
        version: u64,
        /// Whether it is what is used when no version is named, or the newest.
        is_current: bool,
    },
    /// A launch configuration, by its name.
    LaunchConfiguration,
    /// A group that starts machines, by its name.
    AutoScalingGroup {
        /// What it starts them by: `lt-0abc`, the name of a launch configuration.
        by: Option<String>,
    },
    /// A parameter whose value is the image, by its name: `/golden/web/production`.
    Parameter,
}

impl UserKind {
    /// As it is shown.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Instance { .. } => "instance",
            Self::LaunchTemplate { .. } => "launch template",
            Self::LaunchConfiguration => "launch configuration",
            Self::AutoScalingGroup { .. } => "auto scaling group",
            Self::Parameter => "parameter",
        }
    }
}

/// Something that runs on an image, or starts what does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    /// Number of the account.
    pub account: String,
    /// `eu-north-1`.
    pub region: String,
    /// What it is.
    pub kind: UserKind,
    /// What the cloud calls it.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// The image: `ami-0abc`.
    pub image: String,
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.id)?;
        if let UserKind::LaunchTemplate { version, .. } = self.kind {
            write!(f, " version {version}")?;
        }
        Ok(())
    }
}

/// A place that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// `eu-north-1 DescribeInstances`.
    pub what: String,
    /// Why, in words.
    pub why: String,
}

/// What an account lets be made public in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// Number of the account.
    pub account: String,
    /// `eu-north-1`.
    pub region: String,
    /// `images`, `snapshots`.
    pub what: &'static str,
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            region,
            what,
        } = self;
        write!(f, "{what} of {account} may be made public in {region}")
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// In a fixed order.
    pub users: Vec<User>,
    /// What may be made public, where that is asked for.
    pub open: Vec<Open>,
    /// What else there may be.
    pub unread: Vec<Unread>,
}

/// What is known of the use of some images.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// What uses them.
    pub seen: Seen,
    /// What the cloud knows of each, by what it calls it: `ami-0abc`.
    pub facts: BTreeMap<String, ImageFacts>,
}

/// What a cloud knows of the use of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFacts {
    /// Who may use it besides those whose use was looked at: numbers of accounts, ARNs of
    /// organizations, `everybody`.
    pub shared_with: Vec<String>,
    /// When a machine was last started from it, in seconds since 1970-01-01 UTC; `None`: never, or
    /// that is not known.
    pub launched_unix: Option<i64>,
    /// What keeps it from being removed, in words.
    pub protection: Option<String>,
}

/// What runs in the accounts and regions of a target.
pub trait Fleet: Send + Sync {
    /// Looks at all of it. What cannot be read is said in the answer; `Err`: nothing could be.
    fn look(&self, cx: &Cx) -> Result<Seen, FleetError>;
}
