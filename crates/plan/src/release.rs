//! The signed head of a Debian suite: `InRelease`, verified and read.
//!
//! ```text
//! -----BEGIN PGP SIGNED MESSAGE-----     cleartext: nothing before it, nothing after
//! Hash: SHA256
//!                                        fields:    Suite, Codename, Date, Valid-Until, ...
//! Suite: oldstable                       and the table of indices with size and SHA-256
//! ...
//! SHA256:
//!  <digest> <size> main/binary-amd64/Packages.xz
//! -----BEGIN PGP SIGNATURE-----          signature: one good one of a pinned key is enough
//! ...
//! ```
//!
//! The mathematics of a signature is `pgp`'s; which keys and signatures count is decided
//! here: pinned, bound by a self-signature, able to sign, neither expired nor revoked, and
//! nothing below SHA-256. The moment is given by the caller.

mod cleartext;
mod error;
mod fields;
mod keyring;
mod signature;

use goldsmith_core::digest::Sha256;

pub use self::error::{ReleaseError, show_time};
pub use self::fields::{IndexFile, Release};
pub use self::keyring::{Keyring, KeyringError};

/// How far ahead of us the clock of whoever signs may run, in seconds.
const CLOCK_SKEW: i64 = 600;

/// Largest `InRelease` we look at, in bytes; Debian's largest has 200 KB.
pub const MAX_BYTES: u64 = 8 << 20;

/// What a Release must be besides well signed.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// Its `Suite` or `Codename`.
    pub suite: &'a str,
    /// Whether it is refused past its `Valid-Until`.
    pub check_valid_until: bool,
    /// `Date` of the Release that was used last, Unix seconds: an older one is refused.
    pub previous: Option<i64>,
}

/// A Release that passed everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRelease {
    /// What it says.
    pub release: Release,
    /// Fingerprint of the pinned key (of the primary key, when a subkey signed), upper case.
    pub signed_by: String,
    /// Digest of the whole `InRelease` file.
    pub sha256: Sha256,
}

/// Verifies and reads an `InRelease` file. `now` is in Unix seconds.
pub fn verify(
    bytes: &[u8],
    keyring: &Keyring,
    now: i64,
    policy: Policy<'_>,
) -> Result<VerifiedRelease, ReleaseError> {
    let signed = cleartext::split(bytes)?;
    let signed_by = signature::verify(&signed, keyring, now)?;
    let release = fields::parse(&signed.lines)?;
    check(&release, now, policy)?;
    Ok(VerifiedRelease {
        release,
        signed_by,
        sha256: Sha256::of(bytes),
    })
}

fn check(release: &Release, now: i64, policy: Policy<'_>) -> Result<(), ReleaseError> {
    let names = [&release.suite, &release.codename];
    if !names.iter().any(|name| *name == policy.suite) {
        return Err(ReleaseError::WrongSuite {
            expected: policy.suite.to_owned(),
            suite: release.suite.clone(),
            codename: release.codename.clone(),
        });
    }
    if release.date > now.saturating_add(CLOCK_SKEW) {
        return Err(ReleaseError::Future {
            date: release.date,
            now,
        });
    }
    if let Some(valid_until) = release.valid_until
        && policy.check_valid_until
        && valid_until < now
    {
        return Err(ReleaseError::Expired { valid_until, now });
    }
    match policy.previous {
        Some(previous) if release.date < previous => Err(ReleaseError::Replayed {
            date: release.date,
            previous,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
