//! The pinned keys, and what each may do at a given moment.

use pgp::armor::Dearmor;
use pgp::composed::{Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{KeyFlags, Signature, SignatureType, SubpacketData};
use pgp::ser::Serialize as _;
use pgp::types::{Fingerprint, KeyDetails, KeyId, PublicParams, Tag, Timestamp};

/// Debian's archive keys; see the README beside the file.
const DEBIAN: &[u8] = include_bytes!("../../data/debian-archive-keyring.gpg");

/// The keys an archive may be signed with.
#[derive(Debug, Clone)]
pub struct Keyring {
    certs: Vec<SignedPublicKey>,
}

/// A file that is no keyring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a keyring of OpenPGP public keys: {0}")]
pub struct KeyringError(String);

impl goldsmith_core::failure::Failure for KeyringError {
    fn class(&self) -> goldsmith_core::failure::Class {
        goldsmith_core::failure::Class::Config
    }

    fn hints(&self) -> Vec<String> {
        vec!["`gpg --export KEY > archive.gpg` makes one".to_owned()]
    }
}

impl Keyring {
    /// The keys of Debian's archive that ship with Goldsmith.
    pub fn debian() -> Self {
        Self::parse(DEBIAN).expect("the keyring that ships is one")
    }

    /// Reads a keyring, binary or armored, of any number of keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyringError> {
        let text = str::from_utf8(bytes)
            .ok()
            .filter(|text| text.contains("-----BEGIN PGP"));
        let certs: Result<Vec<_>, _> = if let Some(text) = text {
            let mut certs = Vec::new();
            // One file may hold several blocks, one after the other.
            for block in blocks(text) {
                let mut binary = Vec::new();
                std::io::Read::read_to_end(&mut Dearmor::new(block.as_bytes()), &mut binary)
                    .map_err(|error| KeyringError(error.to_string()))?;
                certs.extend(SignedPublicKey::from_bytes_many(binary.as_slice())?);
            }
            certs.into_iter().collect()
        } else {
            SignedPublicKey::from_bytes_many(bytes)?.collect()
        };
        let certs = certs?;
        if certs.is_empty() {
            return Err(KeyringError("it has no key".to_owned()));
        }
        Ok(Self { certs })
    }

    /// Every key, and every subkey, that may have made the signature, with its certificate.
    pub(super) fn issuers(&self, signature: &Signature) -> Vec<Issuer<'_>> {
        let fingerprints = signature.issuer_fingerprint();
        let ids = signature.issuer_key_id();
        let is_named = |fingerprint: &Fingerprint, id: &KeyId| {
            if fingerprints.is_empty() {
                ids.contains(&id)
            } else {
                fingerprints.contains(&fingerprint)
            }
        };
        let mut issuers = Vec::new();
        for cert in &self.certs {
            if is_named(&cert.fingerprint(), &cert.legacy_key_id()) {
                issuers.push(Issuer { cert, subkey: None });
            }
            for subkey in &cert.public_subkeys {
                if is_named(&subkey.fingerprint(), &subkey.legacy_key_id()) {
                    issuers.push(Issuer {
                        cert,
                        subkey: Some(subkey),
                    });
                }
            }
        }
        issuers
    }
}

impl From<pgp::errors::Error> for KeyringError {
    fn from(error: pgp::errors::Error) -> Self {
        Self(error.to_string())
    }
}

/// The armored blocks of a file.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("-----BEGIN PGP") {
            blocks.push(String::new());
        }
        if let Some(block) = blocks.last_mut() {
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

/// Why a key does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfit {
    Revoked,
    Expired(i64),
    Other(String),
}

/// A key of the keyring: a primary key, or one of its subkeys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Issuer<'a> {
    cert: &'a SignedPublicKey,
    subkey: Option<&'a SignedPublicSubKey>,
}

impl Issuer<'_> {
    /// Fingerprint of the primary key, upper case.
    pub(super) fn name(&self) -> String {
        show(&self.cert.fingerprint())
    }

    /// Whether the mathematics of the signature is right.
    pub(super) fn has_signed(&self, signature: &Signature, hashed: &str) -> bool {
        let outcome = match self.subkey {
            Some(subkey) => signature.verify(subkey, hashed.as_bytes()),
            None => signature.verify(self.cert, hashed.as_bytes()),
        };
        outcome.is_ok()
    }

    /// Whether the key may sign at `now` and could at `signed`.
    pub(super) fn check(&self, signed: i64, now: i64) -> Result<(), Unfit> {
        let primary = &self.cert.primary_key;
        let details = &self.cert.details;
        // A revocation counts whatever digest it uses: who can forge one can only stop us.
        if details
            .revocation_signatures
            .iter()
            .any(|s| s.verify_key(primary).is_ok())
        {
            return Err(Unfit::Revoked);
        }
        check_strength(primary.public_params())?;
        let own = self
            .self_signature(now)
            .ok_or_else(|| Unfit::Other("it has no valid self-signature".to_owned()))?;
        check_times(primary.created_at(), own, signed, now)?;
        match self.subkey {
            Some(subkey) => check_subkey(self.cert, subkey, signed, now),
            None if flags(own).is_none_or(KeyFlags::sign) => Ok(()),
            None => Err(Unfit::Other("it is not meant for signing".to_owned())),
        }
    }

    /// The newest self-signature that counts: over the key itself or one of its users.
    fn self_signature(&self, now: i64) -> Option<&Signature> {
        let primary = &self.cert.primary_key;
        let direct = self.cert.details.direct_signatures.iter().filter(|s| {
            s.typ() == Some(SignatureType::Key)
                && is_in_force(s, now)
                && s.verify_key(primary).is_ok()
        });
        let users = self.cert.details.users.iter().filter_map(|user| {
            let mut own: Vec<_> = user
                .signatures
                .iter()
                .filter(|s| is_in_force(s, now))
                .filter(|s| {
                    s.verify_certification(primary, Tag::UserId, &user.id)
                        .is_ok()
                })
                .collect();
            own.sort_by_key(|s| s.created());
            own.pop()
                .filter(|s| s.typ() != Some(SignatureType::CertRevocation))
        });
        direct.chain(users).max_by_key(|s| s.created())
    }
}

/// A fingerprint as people write it.
pub(super) fn show(fingerprint: &Fingerprint) -> String {
    fingerprint.to_string().to_uppercase()
}

/// Whether a digest is strong enough to be signed.
pub(super) const fn is_strong(hash: HashAlgorithm) -> bool {
    matches!(
        hash,
        HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512
    )
}

/// Whether a signature binds nothing that we do not understand.
pub(super) fn is_understood(signature: &Signature) -> bool {
    signature.config().is_some_and(|config| {
        !config.hashed_subpackets().any(|packet| {
            packet.is_critical
                && matches!(
                    packet.data,
                    SubpacketData::Other(..)
                        | SubpacketData::Experimental(..)
                        | SubpacketData::Notation(_)
                )
        })
    })
}

/// Seconds at which a signature was made and at which it ends.
pub(super) fn span(signature: &Signature) -> Option<(i64, Option<i64>)> {
    let created = i64::from(signature.created()?.as_secs());
    let lasts = signature
        .signature_expiration_time()
        .map(|time| i64::from(time.as_secs()))
        .filter(|seconds| *seconds > 0);
    Some((created, lasts.map(|seconds| created + seconds)))
}

/// Whether a self-signature counts at `now`, its mathematics aside.
fn is_in_force(signature: &Signature, now: i64) -> bool {
    let Some((created, ends)) = span(signature) else {
        return false;
    };
    created <= now + super::CLOCK_SKEW
        && ends.is_none_or(|ends| ends > now)
        && signature.hash_alg().is_some_and(is_strong)
        && is_understood(signature)
}

fn flags(signature: &Signature) -> Option<&KeyFlags> {
    signature
        .config()?
        .hashed_subpackets()
        .find_map(|packet| match &packet.data {
            SubpacketData::KeyFlags(flags) => Some(flags),
            _ => None,
        })
}

fn check_times(
    created: Timestamp,
    binding: &Signature,
    signed: i64,
    now: i64,
) -> Result<(), Unfit> {
    let created = i64::from(created.as_secs());
    if signed < created {
        return Err(Unfit::Other("it is younger than the signature".to_owned()));
    }
    let lasts = binding
        .key_expiration_time()
        .map_or(0, |time| i64::from(time.as_secs()));
    if lasts > 0 && created + lasts <= now.max(signed) {
        return Err(Unfit::Expired(created + lasts));
    }
    Ok(())
}

fn check_subkey(
    cert: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    signed: i64,
    now: i64,
) -> Result<(), Unfit> {
    let primary = &cert.primary_key;
    let is_by_primary = |s: &&Signature| s.verify_subkey_binding(primary, &subkey.key).is_ok();
    let of_type = |typ| move |s: &&Signature| s.typ() == Some(typ);
    if subkey
        .signatures
        .iter()
        .filter(of_type(SignatureType::SubkeyRevocation))
        .any(|s| is_by_primary(&s))
    {
        return Err(Unfit::Revoked);
    }
    check_strength(subkey.public_params())?;
    let binding = subkey
        .signatures
        .iter()
        .filter(of_type(SignatureType::SubkeyBinding))
        .filter(|s| is_in_force(s, now))
        .filter(is_by_primary)
        .max_by_key(|s| s.created())
        .ok_or_else(|| Unfit::Other("its subkey is not bound to it".to_owned()))?;
    if !flags(binding).is_some_and(KeyFlags::sign) {
        return Err(Unfit::Other(
            "its subkey is not meant for signing".to_owned(),
        ));
    }
    // Without the subkey's own consent anybody could claim a stranger's subkey.
    let consents = binding.embedded_signature().is_some_and(|back| {
        is_in_force(back, now)
            && back
                .verify_primary_key_binding(&subkey.key, primary)
                .is_ok()
    });
    if !consents {
        return Err(Unfit::Other(
            "its subkey has not signed that it belongs to it".to_owned(),
        ));
    }
    check_times(subkey.created_at(), binding, signed, now)
}

/// The kinds and sizes of keys that cannot be broken today.
fn check_strength(params: &PublicParams) -> Result<(), Unfit> {
    match params {
        // Its modulus and exponent are written with two bytes of length each.
        PublicParams::RSA(rsa) if rsa.write_len() < 2 + 2048 / 8 => {
            Err(Unfit::Other("an RSA key of less than 2048 bits".to_owned()))
        }
        PublicParams::RSA(_)
        | PublicParams::ECDSA(_)
        | PublicParams::EdDSALegacy(_)
        | PublicParams::Ed25519(_)
        | PublicParams::Ed448(_) => Ok(()),
        _ => Err(Unfit::Other(
            "neither an RSA nor an elliptic-curve key".to_owned(),
        )),
    }
}
