//! Where images go in AWS and for whom, and what can be wrong with that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use goldsmith_core::failure::{Class, Failure, with_causes};
use goldsmith_core::remote::RemoteError;
use goldsmith_core::target::TargetError;

use super::super::layout::plain;

/// Where images go in AWS, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsPlace {
    /// At least one; the snapshot is made in the first.
    pub regions: Vec<String>,
    /// Numbers of accounts that may use the image.
    pub accounts: Vec<String>,
    /// ARNs of organizations that may.
    pub organizations: Vec<String>,
    /// ARNs of organizational units that may.
    pub organizational_units: Vec<String>,
    /// `None`: as the account does it. `Some(None)`: with the account's key for it. A key is an
    /// ARN, an id, or `alias/...`.
    pub encrypt: Option<Option<String>>,
    /// Keys of regions that have another one.
    pub kms_keys: BTreeMap<String, String>,
    /// ARN of the role to do everything as.
    pub role: Option<String>,
    /// After how many days an image is deprecated.
    pub deprecate_after_days: Option<u32>,
    /// Launch templates that get a version with the image.
    pub launch_templates: Vec<LaunchTemplate>,
    /// Whether everybody may use the images.
    pub is_public: bool,
    /// Zones in which machines of the images are fast from their start: `eu-north-1a`.
    pub fast_restore_zones: Vec<String>,
    /// The watermark that images get.
    pub watermark: Option<String>,
    /// What the names of parameters for channels begin with: `/golden`.
    pub parameters: Option<String>,
    /// Instead of AWS's own endpoints, for all services.
    pub endpoint: Option<String>,
}

/// A launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// `lt-0abc`.
    pub id: String,
    /// Where it is.
    pub region: String,
    /// Whether the new version is its default.
    pub is_default: bool,
}

impl AwsPlace {
    /// Whether anybody but the account is to use the images.
    pub(super) fn is_shared(&self) -> bool {
        let all = [
            &self.accounts,
            &self.organizations,
            &self.organizational_units,
        ];
        self.is_public || all.into_iter().any(|users| !users.is_empty())
    }

    /// Refuses what AWS would refuse when everything is made.
    pub(super) fn check(&self) -> Result<(), AwsTargetError> {
        if self.regions.is_empty() {
            return Err(AwsTargetError::NoRegion);
        }
        if self.is_public && (self.encrypt.is_some() || !self.kms_keys.is_empty()) {
            return Err(AwsTargetError::PublicEncrypted);
        }
        let own_key = |region: &&String| self.key(region) == Some(None);
        match self.regions.iter().find(own_key) {
            Some(region) if self.is_shared() => Err(AwsTargetError::OwnKey {
                region: region.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The key of a region: `None`, nobody wishes one; `Some(None)`, the account's.
    pub(super) fn key(&self, region: &str) -> Option<Option<&str>> {
        match self.kms_keys.get(region) {
            Some(key) => Some(Some(key)),
            None => self.encrypt.as_ref().map(Option::as_deref),
        }
    }
}

/// Why AWS could not be used as a target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsTargetError {
    /// Nobody says where.
    #[error("the target has no region")]
    NoRegion,
    /// Others cannot read what is encrypted with a key that only the account has.
    #[error("an image for others cannot be encrypted with the account's own key in {region}")]
    OwnKey {
        /// Where.
        region: String,
    },
    /// The region lets nobody make an image public.
    #[error("{region} does not let images be public: block public access is on")]
    PublicBlocked {
        /// Where.
        region: String,
    },
    /// What is for everybody cannot be encrypted.
    #[error("an image for everybody cannot be encrypted")]
    PublicEncrypted,
    /// A name that AWS does not take.
    #[error("`{name}` is no name for an image of AWS: {why}")]
    Name {
        /// As given.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An architecture that AWS does not have.
    #[error("AWS has no machines of the architecture `{arch}`")]
    Arch {
        /// As the recipe has it.
        arch: String,
    },
    /// The disk does not start there.
    #[error(
        "the disk has no boot loader that AWS knows: neither an EFI system partition nor one of BIOS"
    )]
    NoBoot,
    /// AWS says that an image has the name, and lists none.
    #[error("the name `{name}` is taken in {region} by an image that cannot be seen")]
    Unseen {
        /// As given.
        name: String,
        /// Where.
        region: String,
    },
    /// What is sent could not be written down here first.
    #[error("cannot {action} `{path}`")]
    Scratch {
        /// `make`, `read`, `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An image that was made on an instance of another account.
    #[error("the image `{image}` is of {of}, and this target is of {account}")]
    OtherAccount {
        /// Its id.
        image: String,
        /// Cloud and account that it is of.
        of: String,
        /// Of the target.
        account: String,
    },
    /// A channel names an image that is not there.
    #[error("there is no image `{name}` in {region}")]
    Missing {
        /// As given.
        name: String,
        /// Where.
        region: String,
    },
    /// Some regions failed.
    #[error("{} of {all} regions failed: {}", .failed.len(), words(.failed))]
    Regions {
        /// Which, and why.
        failed: Vec<(String, TargetError)>,
        /// How many there are.
        all: usize,
    },
}

fn words(failed: &[(String, TargetError)]) -> String {
    let words = |(region, error): &(String, TargetError)| {
        let error: &dyn std::error::Error = &**error;
        format!("{region}: {}", with_causes(error))
    };
    let all: Vec<String> = failed.iter().map(words).collect();
    all.join("; ")
}

impl Failure for AwsTargetError {
    fn class(&self) -> Class {
        match self {
            Self::NoRegion
            | Self::OwnKey { .. }
            | Self::Name { .. }
            | Self::Arch { .. }
            | Self::OtherAccount { .. }
            | Self::PublicEncrypted
            | Self::NoBoot => Class::Config,
            Self::PublicBlocked { .. } => Class::Policy,
            Self::Scratch { .. } => Class::Environment,
            Self::Missing { .. } | Self::Unseen { .. } => Class::Remote,
            // That of the worst: what a person has to mend.
            Self::Regions { failed, .. } => {
                let classes = failed.iter().map(|(_, error)| error.class());
                let first = classes.clone().find(|class| *class != Class::Remote);
                first.unwrap_or(Class::Remote)
            }
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Regions { failed, all } => {
                let mut hints: Vec<String> = Vec::new();
                for hint in failed.iter().flat_map(|(_, error)| error.hints()) {
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
                if failed.len() < *all {
                    hints.push("what the other regions have stays; the next try goes on with those that failed".to_owned());
                }
                hints
            }
            Self::OwnKey { .. } => {
                vec!["name a key of KMS that those accounts may use".to_owned()]
            }
            Self::OtherAccount { .. } => vec![
                "let infrastructure and target be of one account, and name the other one in the target's `accounts`"
                    .to_owned(),
            ],
            Self::PublicBlocked { region } => vec![
                "leave out `public = true`".to_owned(),
                format!(
                    "where everybody is to have it: `aws ec2 disable-image-block-public-access --region {region}`"
                ),
            ],
            Self::NoBoot => vec!["give `disk` in the recipe a `boot`".to_owned()],
            _ => Vec::new(),
        }
    }
}

impl AwsTargetError {
    pub(super) fn scratch(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Scratch {
            action,
            path,
            source,
        }
    }
}

/// A name that an image of AWS, and a file of ours, can have.
pub(crate) fn check_name(name: &str) -> Result<(), TargetError> {
    plain(name)?;
    let wrong = |why| AwsTargetError::Name {
        name: name.to_owned(),
        why,
    };
    if !(3..=128).contains(&name.len()) {
        return Err(wrong("it must have 3 to 128 characters").into());
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if !name.chars().all(is_plain) {
        return Err(wrong("letters, digits and ()[] .-'@_ are what it takes").into());
    }
    Ok(())
}

/// Whether a failure is that of a service which does not have something.
pub(super) const fn is_missing(error: &RemoteError) -> bool {
    matches!(error, RemoteError::NotFound { .. })
}

#[cfg(test)]
mod tests {
    use super::super::super::layout::PlaceError;
    use super::*;

    #[test]
    fn names() {
        for (name, is_good) in [
            ("web-debian-12-1.0.0-20261129", true),
            ("web (1) [x] 'y'@_", true),
            ("ab", false),
            ("web/1", false),
            ("web:1", false),
            ("wöb", false),
            ("channels", false),
            ("..", false),
        ] {
            assert_eq!(check_name(name).is_ok(), is_good, "{name}");
        }
        assert!(check_name(&"a".repeat(129)).is_err());
    }

    #[test]
    fn keys() {
        let mut place = AwsPlace::default();
        assert_eq!(place.key("a"), None);
        place.encrypt = Some(None);
        place.kms_keys = BTreeMap::from([("b".to_owned(), "alias/b".to_owned())]);
        assert_eq!(place.key("a"), Some(None));
        assert_eq!(place.key("b"), Some(Some("alias/b")));
        assert!(place.check().is_err(), "no region");
        place.regions = vec!["b".to_owned(), "a".to_owned()];
        assert!(place.check().is_ok());
        place.organizations = vec!["o".to_owned()];
        let error = place.check().unwrap_err();
        assert!(error.to_string().ends_with("own key in a"), "{error}");
    }

    #[test]
    fn regions_that_failed_are_named() {
        let failed = |text: &str| -> TargetError {
            Box::new(PlaceError::Form {
                form: text.to_owned(),
            })
        };
        let error = AwsTargetError::Regions {
            failed: vec![("a".to_owned(), failed("x")), ("b".to_owned(), failed("y"))],
            all: 3,
        };
        assert_eq!(
            error.to_string(),
            "2 of 3 regions failed: a: there is no form `x`; b: there is no form `y`"
        );
        assert_eq!(error.hints().len(), 1);
        assert_eq!(error.class(), Class::Config);
    }
}
