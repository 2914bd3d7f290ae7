//! Two images held against one another: what a person wants to know before the new one goes out.
//!
//! ```text
//! image | disk ──side──► disk read back ──► packages, files ──plan::diff──► lists
//!                        reports beside it ──► findings, boots      lines of configuration
//! blocks: the disks themselves, in blocks of 512 KiB, and what has its bytes in those that differ
//! ```
//!
//! All is read from the finished disks: what the sanitizer took, and what the disk brought, counts,
//! and nothing has to be left of the layers. Of an image that was made on an instance there is no
//! disk: then packages are compared by the bills beside the records, and the reports.

mod bill;
mod blocks;
mod contents;
mod format;
mod html;
mod reports;
mod side;
mod text;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_inspect::view::ViewError;

pub(crate) use blocks::first_difference;
pub use blocks::{BlockDiff, Share, blocks};
pub(crate) use contents::may_show;
pub use format::{Boot, Configuration, Finding, Findings, ImageDiff, Size};
pub use html::html;
pub use side::Side;
pub(crate) use text::change;
pub use text::{blocks_text, text};

/// Two images that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// A disk cannot be read.
    #[error("cannot compare the disk of {title}")]
    View {
        /// Whose.
        title: String,
        /// Why.
        #[source]
        source: ViewError,
    },
    /// Nothing says what is on it.
    #[error("{title} has no bill of materials that can be read: {why}")]
    NoBill {
        /// Which.
        title: String,
        /// Why.
        why: String,
    },
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl DiffError {
    /// For `map_err`: whose disk it was.
    pub(crate) fn view(side: &Side) -> impl FnOnce(ViewError) -> Self + use<> {
        let title = side.title.clone();
        |source| match source {
            ViewError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            source => Self::View { title, source },
        }
    }
}

impl Failure for DiffError {
    fn class(&self) -> Class {
        match self {
            Self::View { source, .. } => source.class(),
            Self::NoBill { .. } => Class::Usage,
            Self::Cancelled(cancelled) => cancelled.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::View {
                source: ViewError::Open { .. },
                ..
            } => vec!["build it again: `goldsmith build --force` makes the same disk".to_owned()],
            Self::NoBill { .. } => vec![
                "of an image that was made on an instance there is no disk here: the other one must be an image of this machine".to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}

/// Compares two images.
pub fn diff(cx: &Cx, old: &Side, new: &Side) -> Result<ImageDiff, DiffError> {
    let mut diff = ImageDiff::new(old, new);
    let same = match (old.digest(), new.digest()) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    };
    diff.is_same_disk = same;
    if old.is_elsewhere() || new.is_elsewhere() {
        bill::compare(old, new, &mut diff)?;
    } else {
        contents::compare(cx, old, new, &mut diff)?;
    }
    diff.findings = reports::findings(old, new);
    diff.boots = reports::boots(old, new);
    Ok(diff)
}
