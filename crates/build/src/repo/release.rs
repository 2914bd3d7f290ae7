//! The signed heads of a source's suites.

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::FetchError;
use goldsmith_core::recipe::DebianSource;
use goldsmith_plan::lock::Section;
use goldsmith_plan::release::{self, MAX_BYTES, Policy, VerifiedRelease};

use super::{Archive, RepoError, suites};

/// A suite whose head was verified.
#[derive(Debug)]
pub(super) struct Head {
    /// As the source names it.
    pub(super) suite: String,
    pub(super) verified: VerifiedRelease,
}

/// Fetches and verifies the heads of all suites. With a `previous` lock, refuses older
/// ones; without a network, takes that lock's heads from the store.
pub(super) fn fetch(
    cx: &Cx,
    archive: Archive<'_>,
    source: &DebianSource,
    previous: Option<&Section>,
) -> Result<Vec<Head>, RepoError> {
    let now = cx.clock().unix_seconds();
    let one = |suite: String| {
        let url = format!("{}/dists/{suite}/InRelease", archive.mirror(&suite)?);
        let locked = previous.and_then(|section| section.release(&suite));
        let from_store = || {
            let path = archive.store.blob_path(&locked?.sha256);
            std::fs::read(path).ok()
        };
        let bytes = match archive.fetch.get(cx, &url, MAX_BYTES) {
            Err(FetchError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error @ FetchError::Offline { .. }) => from_store().ok_or(error),
            outcome => outcome,
        }
        .map_err(|source| RepoError::Fetch {
            what: "the signed head".to_owned(),
            suite: suite.clone(),
            source,
        })?;
        let policy = Policy {
            suite: &suite,
            check_valid_until: source.check_valid_until,
            previous: locked.map(|release| release.date.0),
        };
        let verified = release::verify(&bytes, archive.keyring, now, policy).map_err(|source| {
            RepoError::Release {
                suite: suite.clone(),
                source,
            }
        })?;
        archive
            .store
            .insert(bytes.as_slice(), Some(&verified.sha256))?;
        Ok(Head { suite, verified })
    };
    suites(source).into_iter().map(one).collect()
}
