//! An in-toto statement, version 1 (`in-toto/attestation`, `spec/v1/statement.md`).
//!
//! ```text
//! {"_type":"https://in-toto.io/Statement/v1",
//!  "subject":[{"name":"web 1.4.0/3","digest":{"goldsmithDisk":"<hex>"}}],
//!  "predicateType":"https://slsa.dev/provenance/v1","predicate":{…}}
//! ```
//!
//! `goldsmithDisk` is the digest of the disk's content that names an artifact everywhere: SHA-256
//! over its size and the SHA-256 of each 1 MiB that is not all zero (`disk::sparse`).

use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::envelope::{Envelope, EnvelopeError};
use super::key::{PublicKey, SigningKey};

/// What the payload of an envelope is.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const TYPE: &str = "https://in-toto.io/Statement/v1";
/// Name of the digest of a disk among the digests of a subject.
pub const DISK: &str = "goldsmithDisk";

/// What is stated of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    /// URI of what is stated.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is stated.
    pub predicate: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Subject {
    name: String,
    digest: std::collections::BTreeMap<String, String>,
}

impl Statement {
    /// A statement about an image with this disk.
    pub fn new(image: &ImageId, disk: Sha256, predicate_type: &str, predicate: Value) -> Self {
        Self {
            kind: TYPE.to_owned(),
            subject: vec![Subject {
                name: image.to_string(),
                digest: [(DISK.to_owned(), disk.to_string())].into(),
            }],
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    /// Signs it.
    pub fn sign(&self, key: &SigningKey) -> Envelope {
        let bytes = serde_json::to_vec(self).expect("a statement has a JSON form");
        Envelope::sign(PAYLOAD_TYPE, &bytes, key)
    }

    /// The statement in an envelope, once one of the keys is found to have signed it.
    pub fn open<'k>(
        envelope: &Envelope,
        keys: &'k [PublicKey],
    ) -> Result<(Self, &'k PublicKey), EnvelopeError> {
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::Malformed(format!(
                "it holds `{}`, not a statement",
                envelope.payload_type
            )));
        }
        let (bytes, key) = envelope.open(keys)?;
        let statement: Self = serde_json::from_slice(&bytes)
            .map_err(|error| EnvelopeError::Malformed(error.to_string()))?;
        if statement.kind != TYPE {
            return Err(EnvelopeError::Malformed(format!(
                "its form is `{}`, not `{TYPE}`",
                statement.kind
            )));
        }
        Ok((statement, key))
    }

    /// Whether it is about this disk.
    pub fn is_about(&self, disk: Sha256) -> bool {
        let digests = self
            .subject
            .iter()
            .filter_map(|subject| subject.digest.get(DISK));
        let disk = disk.to_string();
        digests.into_iter().any(|digest| *digest == disk)
    }

    /// The images it says that it is about.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        self.subject.iter().map(|subject| subject.name.as_str())
    }
}
