//! An image that a cloud has and this computer has not: what names it.

use serde::{Deserialize, Serialize};

use crate::digest::{Hasher, Sha256};

/// Where such an image is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudImage {
    /// `aws`.
    pub provider: String,
    /// Number of the account that it is of.
    pub account: String,
    /// `eu-north-1`.
    pub region: String,
    /// `ami-0123456789abcdef0`: of the same bytes for ever.
    pub id: String,
    /// How the cloud's own lists show it.
    pub name: String,
}

impl CloudImage {
    /// What stands for its bytes, which nobody here has seen: SHA-256 over provider, region and
    /// id, each with its length before it.
    pub fn digest(&self) -> Sha256 {
        let mut hasher = Hasher::new();
        for part in [&self.provider, &self.region, &self.id] {
            hasher.field(part.as_bytes());
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records, catalogs and signatures hold it: it must never change.
    #[test]
    fn the_digest_is_of_what_names_the_bytes() {
        let image = CloudImage {
            provider: "aws".to_owned(),
            account: "123456789012".to_owned(),
            region: "eu-north-1".to_owned(),
            id: "ami-0123456789abcdef0".to_owned(),
            name: "web".to_owned(),
        };
        let text = b"\x03\0\0\0\0\0\0\0aws\x0a\0\0\0\0\0\0\0eu-north-1\x15\0\0\0\0\0\0\0ami-0123456789abcdef0";
        assert_eq!(image.digest(), Sha256::of(text));
        let other = CloudImage {
            region: "eu-west-1".to_owned(),
            ..image.clone()
        };
        assert_ne!(other.digest(), image.digest());
    }
}
