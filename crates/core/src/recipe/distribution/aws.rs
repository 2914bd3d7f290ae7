//! `target "aws"`: where images are in AWS, and who may start them.

use std::collections::BTreeMap;
use std::time::Duration;

/// `target "aws"`. Keys come from where AWS's own tools find them, never from the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsTarget {
    /// `eu-north-1`: at least one, each once. The snapshot is made in the first and copied to the
    /// others.
    pub regions: Vec<String>,
    /// Accounts that may start the images: 12 digits each.
    pub accounts: Vec<String>,
    /// ARNs of organizations whose accounts may.
    pub organizations: Vec<String>,
    /// ARNs of organizational units whose accounts may.
    pub organizational_units: Vec<String>,
    /// Whether everybody may.
    pub is_public: bool,
    /// Zones in which machines of the images are fast from their start: `eu-north-1a`, each in one
    /// of the regions.
    pub fast_restore_zones: Vec<String>,
    /// The watermark that images get.
    pub watermark: Option<String>,
    /// What disks are encrypted with; `None`: what the account does by default.
    pub encrypt: Option<AwsEncryption>,
    /// ARN of the role that is assumed in the account that owns the images.
    pub role: Option<String>,
    /// How long after it was made an image is deprecated there; `None`: it is not.
    pub deprecate_after: Option<Duration>,
    /// Templates that get a version with the image.
    pub launch_templates: Vec<LaunchTemplate>,
    /// Path of the SSM parameters that name the image of a channel, without a `/` at its end:
    /// `/golden` for `/golden/<family>/<channel>`.
    pub parameters: Option<String>,
    /// Base URL of what speaks like AWS.
    pub endpoint: Option<String>,
}

/// An `encrypt` block. A key is the name of an alias, an identifier or an ARN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsEncryption {
    /// The key of every region without one of its own; `None`: the account's key for EBS.
    pub kms_key: Option<String>,
    /// Keys by region.
    pub kms_keys: BTreeMap<String, String>,
}

impl AwsEncryption {
    /// The key of a region; `None`: the account's key for EBS, which cannot be shared.
    pub fn key(&self, region: &str) -> Option<&str> {
        let own = self.kms_keys.get(region).or(self.kms_key.as_ref());
        own.map(String::as_str)
    }
}

/// A `launch_template` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// `lt-0123456789abcdef0`.
    pub id: String,
    /// Where it is: one of the target's regions.
    pub region: String,
    /// Whether the new version becomes the default one.
    pub is_default: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_region() {
        let encryption = AwsEncryption {
            kms_key: Some("alias/golden".to_owned()),
            kms_keys: BTreeMap::from([("eu-west-1".to_owned(), "alias/west".to_owned())]),
        };
        assert_eq!(encryption.key("eu-west-1"), Some("alias/west"));
        assert_eq!(encryption.key("eu-north-1"), Some("alias/golden"));
        assert_eq!(AwsEncryption::default().key("eu-north-1"), None);
    }
}
