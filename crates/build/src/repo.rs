//! Debian's archive as a build uses it: signed heads and indices in, a lock out; then every
//! package of the lock into the store.
//!
//! ```text
//! suites of the source --release--> verified heads --index--> indices --solve--> lock section
//! lock section --packages--> blobs in the store
//! ```
//!
//! All that was ever fetched stays in the store under its digest. A head names its indices
//! by digest, and a lock its packages, so nothing is fetched twice, and a run without a
//! network works as far as the store goes.

pub mod apt_sources;
mod error;
mod index;
mod lock;
mod packages;
mod release;
mod status;

use goldsmith_core::fetch::Fetch;
use goldsmith_core::recipe::DebianSource;
use goldsmith_plan::release::Keyring;
use goldsmith_store::Store;

pub use self::error::RepoError;
pub use self::lock::{Added, Update, Wanted, add, check, check_update, lock};
pub use self::packages::{Fetched, fetch_packages};

/// Base URLs of the mirrors to use, with their credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors {
    /// Of the main archive.
    pub main: Option<String>,
    /// Of the security archive.
    pub security: Option<String>,
}

impl Mirrors {
    /// What the source states, and for the rest what the host's apt uses.
    pub fn of(source: &DebianSource, host: &[apt_sources::Entry]) -> Self {
        let from_host = |suite: &str| apt_sources::pick(host, suite).map(str::to_owned);
        let security = format!("{}-security", source.suite);
        Self {
            main: source.mirror.clone().or_else(|| from_host(&source.suite)),
            security: source
                .security_mirror
                .clone()
                .or_else(|| from_host(&security)),
        }
    }
}

/// Where an archive is, whom it is trusted by, and where its bytes go.
#[derive(Clone, Copy)]
pub struct Archive<'a> {
    /// The recipe's mirrors, else the host's.
    pub mirrors: &'a Mirrors,
    /// The keys it may be signed with.
    pub keyring: &'a Keyring,
    /// How bytes come.
    pub fetch: &'a dyn Fetch,
    /// Where they stay.
    pub store: &'a Store,
}

impl std::fmt::Debug for Archive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

impl Archive<'_> {
    /// The base URL that serves a suite, without a slash at its end.
    fn mirror(&self, suite: &str) -> Result<&str, RepoError> {
        let is_security = suite.ends_with("-security");
        let mirror = if is_security {
            &self.mirrors.security
        } else {
            &self.mirrors.main
        };
        mirror
            .as_deref()
            .map(|url| url.trim_end_matches('/'))
            .ok_or_else(|| RepoError::NoMirror {
                suite: suite.to_owned(),
                field: if is_security {
                    "security_mirror"
                } else {
                    "mirror"
                },
            })
    }
}

/// The suites of a source, the recipe's own first.
fn suites(source: &DebianSource) -> Vec<String> {
    let mut suites = vec![source.suite.clone()];
    if source.updates {
        suites.push(format!("{}-updates", source.suite));
    }
    if source.security {
        suites.push(format!("{}-security", source.suite));
    }
    suites
}
