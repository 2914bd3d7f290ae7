//! A signed envelope, DSSE 1.0.2 (`secure-systems-lab/dsse`).
//!
//! ```text
//! {"payloadType":"application/vnd.in-toto+json",
//!  "payload":"<base64 of the bytes>",
//!  "signatures":[{"keyid":"<SHA-256 of the key, hex>","sig":"<base64>"}]}
//! signed: "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload     LEN: decimal, of bytes
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::key::{PublicKey, SigningKey};

/// A payload and who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// What the payload is.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Base64.
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// Why an envelope is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// It is none.
    #[error("it is no DSSE envelope: {0}")]
    Malformed(String),
    /// None of the keys signed it.
    #[error("it is signed by {by}, which is not a key that is trusted here")]
    Stranger {
        /// Identities of the keys that are named in it.
        by: String,
    },
    /// What is in it is not what was signed.
    #[error("it was changed after it was signed")]
    Altered,
}

impl Envelope {
    /// Signs bytes.
    pub fn sign(payload_type: &str, payload: &[u8], key: &SigningKey) -> Self {
        let signature = key.sign(&to_be_signed(payload_type, payload));
        Self {
            payload_type: payload_type.to_owned(),
            payload: STANDARD.encode(payload),
            signatures: vec![Signature {
                keyid: key.public().id(),
                sig: STANDARD.encode(signature),
            }],
        }
    }

    /// Reads one.
    pub fn parse(text: &[u8]) -> Result<Self, EnvelopeError> {
        serde_json::from_slice(text).map_err(|error| EnvelopeError::Malformed(error.to_string()))
    }

    /// As it is kept: JSON in one line.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts have a JSON form")
    }

    /// What it says that it states, believed or not.
    pub(super) fn unchecked(&self) -> Option<super::Statement> {
        let payload = STANDARD.decode(&self.payload).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// The bytes in it, once one of the keys is found to have signed them; and that key.
    pub fn open<'k>(
        &self,
        keys: &'k [PublicKey],
    ) -> Result<(Vec<u8>, &'k PublicKey), EnvelopeError> {
        let payload = STANDARD
            .decode(&self.payload)
            .map_err(|error| EnvelopeError::Malformed(error.to_string()))?;
        let signed = to_be_signed(&self.payload_type, &payload);
        let mut is_known = false;
        for signature in &self.signatures {
            let bytes = STANDARD
                .decode(&signature.sig)
                .map_err(|error| EnvelopeError::Malformed(error.to_string()))?;
            // The name of the key is a hint only.
            for key in keys {
                if key.has_signed(&signed, &bytes) {
                    return Ok((payload, key));
                }
                is_known |= key.id() == signature.keyid;
            }
        }
        if is_known {
            return Err(EnvelopeError::Altered);
        }
        let by = self
            .signatures
            .iter()
            .map(|signature| signature.keyid.as_str());
        let by: Vec<&str> = by.collect();
        Err(EnvelopeError::Stranger {
            by: if by.is_empty() {
                "nobody".to_owned()
            } else {
                by.join(", ")
            },
        })
    }
}

fn to_be_signed(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_bytes_are_those_of_the_standard() {
        // The example of the DSSE protocol document.
        let bytes = to_be_signed("http://example.com/HelloWorld", b"hello world");
        assert_eq!(
            bytes,
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn what_is_not_to_be_believed() {
        let key = SigningKey::of_seed([7; 32]);
        let other = SigningKey::of_seed([8; 32]);
        let envelope = Envelope::sign("text/plain", b"fine", &key);
        let read = Envelope::parse(envelope.to_text().as_bytes()).unwrap();
        let keys = [other.public(), key.public()];
        let (bytes, by) = read.open(&keys).unwrap();
        assert_eq!((bytes.as_slice(), by), (b"fine".as_slice(), &keys[1]));
        let stranger = read.open(&keys[..1]).unwrap_err();
        assert!(
            stranger.to_string().contains(&key.public().id()),
            "{stranger}"
        );
        let mut altered = read.clone();
        altered.payload = STANDARD.encode(b"evil");
        assert_eq!(altered.open(&keys), Err(EnvelopeError::Altered));
        let mut renamed = read;
        renamed.payload_type = "text/html".to_owned();
        assert_eq!(renamed.open(&keys), Err(EnvelopeError::Altered));
    }
}
