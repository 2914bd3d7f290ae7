//! The port to the catalog: what is known of every image and of every run, kept for good.
//!
//! Whatever belongs together is one [`Batch`]: the entries of a run's journal, what they change
//! about images and channels, and the messages that tell of it. It is kept whole or not at all.

mod error;
mod message;
mod row;
mod run;

use std::collections::BTreeMap;

use crate::image::{ImageId, ImageState};
use crate::version::Version;

pub use error::CatalogError;
pub use message::{Delivery, MessageRow, NewMessage};
pub use row::{ArtifactRow, AuditRow, ChannelRow, CopyRow, ImageRow, NewImage, StatementRow};
pub use run::{Entry, NewRun, RunId, RunRow, RunStatus, Seq};

/// One change of what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An image was made; one that is known already, with the same key, stays as it is.
    Image(NewImage),
    /// It stands otherwise.
    State {
        /// Which.
        image: ImageId,
        /// How.
        to: ImageState,
        /// Why.
        reason: String,
    },
    /// A tag of it; `None` takes it off.
    Tag {
        /// Which.
        image: ImageId,
        /// The tag.
        name: String,
        /// What it says.
        value: Option<String>,
    },
    /// A copy was made, or one at the same target and of the same form changed.
    Copy(CopyRow),
    /// A statement was made. The same one again changes nothing.
    Statement(StatementRow),
    /// A channel of a family names another image, one that is usable; `None`: none.
    Channel {
        /// Name of the recipe whose images it names.
        family: String,
        /// `production`.
        channel: String,
        /// Which it names now.
        image: Option<ImageId>,
        /// Why.
        reason: String,
    },
    /// Something of which the audit log tells and that changes nothing else: a decision.
    Noted {
        /// `approve`, `refuse`, `hold`.
        action: String,
        /// What it is about: `web 1.4.0/3`, `run 7`.
        subject: String,
        /// JSON.
        detail: String,
    },
}

/// What is kept as one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Who does it, for the audit log.
    pub actor: String,
    /// Seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// What it says of a run.
    pub run: Option<RunPart>,
    /// What changes.
    pub changes: Vec<Change>,
    /// Whom to tell.
    pub messages: Vec<NewMessage>,
}

/// The part of a batch that is about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPart {
    /// Which.
    pub run: RunId,
    /// How many entries its journal has: with another number somebody else was quicker, and
    /// nothing is kept.
    pub after: Seq,
    /// What is added.
    pub entries: Vec<Entry>,
    /// How it stands then, and why; `None`: as before.
    pub status: Option<(RunStatus, String)>,
    /// The image that it made, when it has just become known.
    pub image: Option<ImageId>,
}

/// Which images are asked for; everything that is said must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFilter {
    /// Of this recipe.
    pub name: Option<String>,
    /// In one of these states; empty: any.
    pub states: Vec<ImageState>,
    /// Named by this channel.
    pub channel: Option<String>,
    /// With these tags.
    pub tags: BTreeMap<String, String>,
    /// Started from this image.
    pub parent: Option<ImageId>,
    /// Made at or after this, in seconds since 1970-01-01 UTC.
    pub since_unix: Option<i64>,
}

/// What is known of images and runs. Every call may come from any thread and waits for the
/// database.
pub trait Catalog: Send + Sync {
    /// Begins a run: its journal is empty, it is running.
    fn begin_run(&self, run: &NewRun) -> Result<RunId, CatalogError>;
    /// Keeps a batch, whole or not at all. Gives the length of the run's journal then.
    fn keep(&self, batch: &Batch) -> Result<Seq, CatalogError>;
    /// A run's journal, in order.
    fn journal(&self, run: RunId) -> Result<Vec<Entry>, CatalogError>;
    /// One run.
    fn run(&self, run: RunId) -> Result<RunRow, CatalogError>;
    /// The last runs of a pipeline or of all, newest first, at most `limit`.
    fn runs(&self, pipeline: Option<&str>, limit: usize) -> Result<Vec<RunRow>, CatalogError>;
    /// Runs that have not ended, oldest first.
    fn open_runs(&self) -> Result<Vec<RunRow>, CatalogError>;
    /// One image.
    fn image(&self, id: &ImageId) -> Result<ImageRow, CatalogError>;
    /// Images, newest first: at most `limit`, those after `after` in that order.
    fn images(
        &self,
        filter: &ImageFilter,
        after: Option<&ImageId>,
        limit: usize,
    ) -> Result<Vec<ImageRow>, CatalogError>;
    /// Those of these images that it does not know, in their order.
    fn missing(&self, images: &[ImageId]) -> Result<Vec<ImageId>, CatalogError>;
    /// Every version of a family with its last build, lowest first: numbers that are taken, also
    /// when the bytes are gone.
    fn versions(&self, family: &str) -> Result<Vec<(Version, u32)>, CatalogError>;
    /// Copies of an image, by target.
    fn copies(&self, image: &ImageId) -> Result<Vec<CopyRow>, CatalogError>;
    /// Whether any image, other than `image`, has a copy of this name that is there still.
    fn is_name_taken(&self, name: &str, image: &ImageId) -> Result<bool, CatalogError>;
    /// Statements about an image, oldest first.
    fn statements(&self, image: &ImageId) -> Result<Vec<StatementRow>, CatalogError>;
    /// What a channel of a family names.
    fn channel(&self, family: &str, channel: &str) -> Result<Option<ImageId>, CatalogError>;
    /// What the channels of a family have named, newest first.
    fn channel_history(
        &self,
        family: &str,
        channel: Option<&str>,
    ) -> Result<Vec<ChannelRow>, CatalogError>;
    /// The audit log of a subject or all of it, oldest first, after the line `after`, at most `limit`.
    fn audit(
        &self,
        subject: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditRow>, CatalogError>;
    /// Messages that may be delivered now, oldest first.
    fn messages(&self, unix: i64, limit: usize) -> Result<Vec<MessageRow>, CatalogError>;
    /// Writes down how a delivery went.
    fn delivered(&self, message: u64, how: &Delivery) -> Result<(), CatalogError>;
}
