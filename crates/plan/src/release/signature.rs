//! Which signature of a Release counts, and which reason is told when none does.

use pgp::packet::{Signature, SignatureType};

use super::cleartext::Signed;
use super::keyring::{Issuer, Keyring, Unfit, is_strong, is_understood, show, span};
use super::{CLOCK_SKEW, ReleaseError};

/// Gives the fingerprint of the first pinned key with a good signature.
///
/// An archive in the middle of a change of keys signs with the old and the new one; so
/// signatures that do not count are no reason to refuse while another one does.
pub(super) fn verify(
    signed: &Signed<'_>,
    keyring: &Keyring,
    now: i64,
) -> Result<String, ReleaseError> {
    let hashed = signed.hashed();
    let mut unknown = Vec::new();
    let mut refused = Vec::new();
    for signature in &signed.signatures {
        let issuers = keyring.issuers(signature);
        if issuers.is_empty() {
            unknown.push(issuer_name(signature));
        }
        for issuer in issuers {
            match check(signature, issuer, &hashed, now) {
                Ok(()) => return Ok(issuer.name()),
                Err(error) => refused.push(error),
            }
        }
    }
    refused.sort_by_key(rank);
    Err(refused
        .into_iter()
        .next()
        .unwrap_or(ReleaseError::UnknownKey { keys: unknown }))
}

/// The most alarming reason first.
const fn rank(error: &ReleaseError) -> u8 {
    match error {
        ReleaseError::BadSignature { .. } => 0,
        ReleaseError::RevokedKey { .. } => 1,
        ReleaseError::WeakHash { .. } => 2,
        ReleaseError::UnusableKey { .. } => 3,
        _ => 4,
    }
}

fn check(
    signature: &Signature,
    issuer: Issuer<'_>,
    hashed: &str,
    now: i64,
) -> Result<(), ReleaseError> {
    let key = issuer.name();
    let of_text = [SignatureType::Text, SignatureType::Binary];
    let is_of_text = signature.typ().is_some_and(|typ| of_text.contains(&typ));
    let Some((created, ends)) = span(signature).filter(|_| is_of_text) else {
        return Err(ReleaseError::BadSignature { key });
    };
    match signature.hash_alg() {
        Some(hash) if is_strong(hash) => {}
        hash => {
            return Err(ReleaseError::WeakHash {
                hash: hash.map_or_else(|| "an unknown digest".to_owned(), |h| h.to_string()),
            });
        }
    }
    if !issuer.has_signed(signature, hashed) || !is_understood(signature) {
        return Err(ReleaseError::BadSignature { key });
    }
    if created > now + CLOCK_SKEW {
        return Err(ReleaseError::Future { date: created, now });
    }
    if let Some(expired) = ends
        && expired <= now
    {
        return Err(ReleaseError::ExpiredSignature { expired });
    }
    issuer.check(created, now).map_err(|unfit| match unfit {
        Unfit::Revoked => ReleaseError::RevokedKey { key },
        Unfit::Expired(expired) => ReleaseError::ExpiredKey { key, expired },
        Unfit::Other(reason) => ReleaseError::UnusableKey { key, reason },
    })
}

fn issuer_name(signature: &Signature) -> String {
    let fingerprint = signature.issuer_fingerprint().first().map(|f| show(f));
    let id = || {
        let ids = signature.issuer_key_id();
        ids.first().map(|id| id.to_string().to_uppercase())
    };
    fingerprint
        .or_else(id)
        .unwrap_or_else(|| "a key without name".to_owned())
}
