//! The fetcher of a run without a network: it refuses everything.

use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::{Expected, Fetch, FetchError};

use crate::mask::mask_url;

/// Refuses every URL, `file` too: what such a run may use stands in the store.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl Offline {
    fn refuse(url: &str) -> FetchError {
        FetchError::Offline { url: mask_url(url) }
    }
}

impl Fetch for Offline {
    fn get(&self, _cx: &Cx, url: &str, _limit: u64) -> Result<Vec<u8>, FetchError> {
        Err(Self::refuse(url))
    }

    fn download(
        &self,
        _cx: &Cx,
        url: &str,
        _expected: Expected,
        _path: &Path,
        _progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), FetchError> {
        Err(Self::refuse(url))
    }
}
