//! Keys that sign statements: Ed25519, kept as PEM (PKCS #8 and `SubjectPublicKeyInfo`, RFC 8410),
//! as `openssl genpkey -algorithm ed25519` makes them.

use std::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _,
};
use ed25519_dalek::{Signer as _, Verifier as _};
use goldsmith_core::digest::Sha256;
use goldsmith_core::secret::Secret;

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no Ed25519 key in PEM: {0}")]
pub struct KeyError(String);

/// The secret half.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

impl SigningKey {
    /// The key of 32 random bytes.
    pub fn of_seed(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// Reads one.
    pub fn of_pem(text: &str) -> Result<Self, KeyError> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(text.trim())
            .map(Self)
            .map_err(|error| KeyError(error.to_string()))
    }

    /// As it is kept.
    pub fn to_pem(&self) -> Secret<String> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF);
        Secret::new(
            pem.expect("32 bytes have a PKCS #8 form")
                .as_str()
                .to_owned(),
        )
    }

    /// The half that everyone may know.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of bytes, 64 bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).to_vec()
    }
}

/// The half that everyone may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// Reads one.
    pub fn of_pem(text: &str) -> Result<Self, KeyError> {
        ed25519_dalek::VerifyingKey::from_public_key_pem(text.trim())
            .map(Self)
            .map_err(|error| KeyError(error.to_string()))
    }

    /// As it is kept and given away.
    pub fn to_pem(&self) -> String {
        let pem = self.0.to_public_key_pem(LineEnding::LF);
        pem.expect("32 bytes have a form")
    }

    /// What it is called: SHA-256 of its `SubjectPublicKeyInfo`, hex.
    pub fn id(&self) -> String {
        let der = self.0.to_public_key_der().expect("32 bytes have a form");
        Sha256::of(der.as_bytes()).to_string()
    }

    /// Whether the signature is of these bytes and by this key. Weak keys sign nothing.
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else {
            return false;
        };
        !self.0.is_weak() && self.0.verify(bytes, &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_pem_and_back() {
        let key = SigningKey::of_seed([1; 32]);
        let again = SigningKey::of_pem(key.to_pem().expose()).unwrap();
        assert_eq!(again.public(), key.public());
        let public = PublicKey::of_pem(&key.public().to_pem()).unwrap();
        let signature = key.sign(b"bytes");
        assert!(public.has_signed(b"bytes", &signature));
        assert!(!public.has_signed(b"Bytes", &signature));
        assert!(!format!("{key:?}").contains("PRIVATE"));
        assert!(
            PublicKey::of_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
                .is_err()
        );
    }

    /// The example of RFC 8410, section 10.3.
    #[test]
    fn the_key_of_the_standard() {
        let pem = |label: &str, body: &str| {
            format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
        };
        let secret = pem(
            "PRIVATE KEY",
            "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",
        );
        let public = pem(
            "PUBLIC KEY",
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
        );
        let key = SigningKey::of_pem(&secret).unwrap();
        assert_eq!(key.public().to_pem(), public);
        assert_eq!(PublicKey::of_pem(&public).unwrap(), key.public());
    }
}
