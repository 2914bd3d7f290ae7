//! A disk as a snapshot, block by block, without any machine in between.
//!
//! ```text
//! disk ──► Blocks (a digest for each block that is not all zeros)
//!            │ less what the parent has
//!            ▼
//!  StartSnapshot ─► PutSnapshotBlock ... ─► CompleteSnapshot ─► the list of its blocks, and some
//!            │         └ journal: a line each                   of them read back and compared
//!            └ found again by its tag or its token, gone on with by the journal
//! ```
//!
//! What may be left by a run that died is a snapshot that is not complete: its tags and the
//! ledger say what it is, and AWS gives it up by itself after a day.

mod blocks;
mod format;
mod gate;
mod parent;
mod upload;
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::ledger::{Ledger, Resource};
use goldsmith_core::remote::RemoteError;

pub use self::blocks::Blocks;
use self::format::Head;
use super::Aws;
use super::ebs::{BLOCK, Start};
use super::mark::{OPERATION, PARENT};

/// Most characters of a description.
const DESCRIPTION_CHARS_MAX: usize = 255;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The disk, or what is written down of its way there.
    #[error("cannot {action} `{path}`")]
    File {
        /// `read`, `write`.
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The cloud has something else than was sent.
    #[error("the snapshot `{snapshot}` does not hold what was sent: {detail}")]
    Differs {
        /// Its id.
        snapshot: String,
        /// What is different.
        detail: String,
    },
    /// More blocks than a snapshot may have.
    #[error("a disk of {size_bytes} bytes is too large for a snapshot (64 TiB)")]
    TooLarge {
        /// Bytes of the disk.
        size_bytes: u64,
    },
}

impl Failure for SnapshotError {
    fn class(&self) -> Class {
        match self {
            Self::File { .. } => Class::Environment,
            Self::Differs { .. } => Class::Remote,
            Self::TooLarge { .. } => Class::Config,
        }
    }
}

impl SnapshotError {
    fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}

/// How a snapshot is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// As the account does it when nobody says anything.
    Account,
    /// With the key that the account has for it.
    DefaultKey,
    /// With a key: an ARN.
    Key(String),
}

/// A snapshot that is to be there.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// Region and role.
    pub aws: &'a Aws,
    /// A raw disk.
    pub disk: &'a Path,
    /// Its blocks.
    pub blocks: &'a Blocks,
    /// For people.
    pub description: &'a str,
    /// Written on it.
    pub tags: &'a BTreeMap<String, String>,
    /// How it is kept there.
    pub encryption: &'a Encryption,
    /// What lasts here, of this account and region: journals, and which blocks snapshots have.
    pub folder: &'a Path,
    /// Where it is written down while it is made.
    pub ledger: &'a dyn Ledger,
    /// What is written there, and what a repeated call is known by.
    pub resource: &'a Resource,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("resource", self.resource)
            .finish_non_exhaustive()
    }
}

/// A snapshot that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `snap-0abc`.
    pub id: String,
    /// How many blocks were sent by this call.
    pub sent: usize,
    /// Which snapshot it is the difference to.
    pub parent: Option<String>,
}

/// What is known of the work so far.
struct Begun {
    snapshot: String,
    parent: Option<String>,
}

/// Makes the snapshot, goes on with one that was begun, or finds the one that is there.
pub fn write(cx: &Cx, job: &Job<'_>) -> Result<Written, Box<dyn Failure>> {
    job.check()?;
    fs::create_dir_all(job.folder).map_err(SnapshotError::file("make", job.folder))?;
    // What was begun and is gone since must not be begun by the same token again.
    let earlier = format::read(&job.journal())?;
    let mut salt = earlier.map_or_else(String::new, |earlier| earlier.head.snapshot);
    let mut may_have_parent = true;
    loop {
        let begun = match job.find(cx, &mut salt)? {
            Found::Whole(id) => {
                if let Some(written) = job.accept(cx, &id)? {
                    return Ok(written);
                }
                salt.push_str(&id);
                continue;
            }
            Found::Begun(begun) => begun,
            Found::Nothing => {
                let begun = job.begin(cx, &salt, may_have_parent)?;
                // By the same token another one was begun that is gone since.
                if !job.aws.is_snapshot_seen(cx, &begun.snapshot)? {
                    salt.push_str(&begun.snapshot);
                    continue;
                }
                begun
            }
        };
        match job.fill(cx, begun)? {
            Some(written) => return Ok(written),
            None => may_have_parent = false,
        }
    }
}

/// Forgets which blocks a snapshot has that is no more.
pub(crate) fn forget(folder: &Path, snapshot: &str) -> Result<(), SnapshotError> {
    format::remove(&folder.join(format!("{snapshot}.blocks")))
}

/// Forgets what was put into a snapshot that will never be complete.
pub(crate) fn forget_upload(folder: &Path, operation: &str) -> Result<(), SnapshotError> {
    format::remove(&folder.join(format!("{operation}.upload")))
}

/// What an operation has made so far.
enum Found {
    Nothing,
    Begun(Begun),
    Whole(String),
}

impl Job<'_> {
    fn check(&self) -> Result<(), SnapshotError> {
        if self.blocks.gib() > 64 << 10 {
            let size_bytes = self.blocks.size_bytes;
            return Err(SnapshotError::TooLarge { size_bytes });
        }
        Ok(())
    }

    fn journal(&self) -> PathBuf {
        self.folder
            .join(format!("{}.upload", self.resource.operation))
    }

    fn list(&self, snapshot: &str) -> PathBuf {
        self.folder.join(format!("{snapshot}.blocks"))
    }

    fn head(&self, snapshot: &str, parent: Option<String>) -> Head {
        Head {
            snapshot: snapshot.to_owned(),
            parent,
            volume_gib: self.blocks.gib(),
            encryption: self.encryption.clone(),
        }
    }

    /// Looks for what an earlier call has made. What can never become anything goes.
    fn find(&self, cx: &Cx, salt: &mut String) -> Result<Found, Box<dyn Failure>> {
        let filter = format!("tag:{OPERATION}");
        let all = self.aws.snapshots(cx, &filter, &self.resource.operation)?;
        let mut found = Found::Nothing;
        for snapshot in all {
            match (snapshot.state.as_str(), &found) {
                ("completed", _) => found = Found::Whole(snapshot.id),
                ("pending", Found::Nothing) => {
                    let mut tags = snapshot.tags;
                    found = Found::Begun(Begun {
                        snapshot: snapshot.id,
                        parent: tags.remove(PARENT),
                    });
                }
                ("error" | "recoverable", _) => {
                    salt.push_str(&snapshot.id);
                    self.discard(cx, &snapshot.id)?;
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// A snapshot that is there as a whole; `None`: it was something else, and is gone.
    fn accept(&self, cx: &Cx, id: &str) -> Result<Option<Written>, Box<dyn Failure>> {
        let list = format::read(&self.list(id))?;
        let known = list
            .as_ref()
            .map_or(&self.blocks.digests, |list| &list.done);
        match verify::verify(cx, self.aws, id, known) {
            Ok(()) => Ok(Some(Written {
                id: id.to_owned(),
                sent: 0,
                parent: list.and_then(|list| list.head.parent),
            })),
            Err(error) if error.class() == Class::Remote => {
                cx.warn(format!("{error}; it is made again"));
                self.discard(cx, id)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Puts into a snapshot what is missing, and completes it. `None`: as a difference to its
    /// parent it is of no use, and is gone.
    fn fill(&self, cx: &Cx, begun: Begun) -> Result<Option<Written>, Box<dyn Failure>> {
        let Begun { snapshot, parent } = begun;
        let base = match &parent {
            Some(parent) => format::read(&self.list(parent))?.map(|list| list.done),
            None => Some(BTreeMap::new()),
        };
        // Nobody knows any more what the parent has.
        let Some(mut whole) = base else {
            self.discard(cx, &snapshot)?;
            return Ok(None);
        };
        let changes = self.blocks.changes(&whole);
        let head = self.head(&snapshot, parent.clone());
        let sent = upload::upload(cx, self, &head, &changes)?;
        self.complete(cx, &snapshot, &changes)?;
        whole.extend(changes);
        if let Err(error) = verify::verify(cx, self.aws, &snapshot, &whole) {
            if error.class() != Class::Remote {
                return Err(error);
            }
            self.discard(cx, &snapshot)?;
            if parent.is_none() {
                return Err(error);
            }
            cx.warn(format!(
                "{error}; it is sent again as a whole, not as a difference"
            ));
            return Ok(None);
        }
        format::write(&self.list(&snapshot), &head, &whole)?;
        forget_upload(self.folder, &self.resource.operation)?;
        Ok(Some(Written {
            id: snapshot,
            sent,
            parent,
        }))
    }

    fn complete(
        &self,
        cx: &Cx,
        snapshot: &str,
        changes: &BTreeMap<u32, Sha256>,
    ) -> Result<(), RemoteError> {
        let digest = blocks::linear(changes);
        let done = self
            .aws
            .complete_snapshot(cx, snapshot, changes.len(), &digest);
        match done {
            // Refused may be the repetition of a call whose answer was lost.
            Err(error @ RemoteError::Failed { .. }) => {
                if !self.aws.is_snapshot_completed(cx, snapshot)? {
                    return Err(error);
                }
            }
            done => done?,
        }
        self.aws.snapshot_ready(cx, snapshot)
    }

    /// Begins a snapshot.
    fn begin(&self, cx: &Cx, salt: &str, may_have_parent: bool) -> Result<Begun, Box<dyn Failure>> {
        let parent = if may_have_parent {
            parent::best(cx, self)?
        } else {
            None
        };
        let mut tags = self.tags.clone();
        tags.insert(OPERATION.to_owned(), self.resource.operation.clone());
        if let Some(parent) = &parent {
            tags.insert(PARENT.to_owned(), parent.clone());
        }
        let mut token = Hasher::new();
        let parent_id = parent.as_deref().unwrap_or_default();
        // A token is of the same wish in every detail.
        let encryption = format!("{:?}", self.encryption);
        for part in [salt, parent_id, &encryption, self.description] {
            token.field(part.as_bytes());
        }
        for (key, value) in &tags {
            token.field(key.as_bytes());
            token.field(value.as_bytes());
        }
        let token = token.finish().to_string();
        let description: String = self
            .description
            .chars()
            .take(DESCRIPTION_CHARS_MAX)
            .collect();
        self.ledger.begin(cx, self.resource)?;
        let snapshot = self.aws.start_snapshot(
            cx,
            &Start {
                volume_size: self.blocks.gib(),
                parent: parent.as_deref(),
                is_encrypted: *self.encryption != Encryption::Account,
                key: match self.encryption {
                    Encryption::Key(key) => Some(key.as_str()),
                    Encryption::Account | Encryption::DefaultKey => None,
                },
                token: &token,
                description: &description,
                tags: &tags,
            },
        )?;
        let made = Resource {
            id: Some(snapshot.clone()),
            ..self.resource.clone()
        };
        self.ledger.made(cx, &made)?;
        Ok(Begun { snapshot, parent })
    }

    /// Takes away a snapshot that is of no use.
    fn discard(&self, cx: &Cx, snapshot: &str) -> Result<(), Box<dyn Failure>> {
        self.aws.delete_snapshot(cx, snapshot)?;
        forget_upload(self.folder, &self.resource.operation)?;
        forget(self.folder, snapshot)?;
        let gone = Resource {
            id: Some(snapshot.to_owned()),
            ..self.resource.clone()
        };
        self.ledger.gone(cx, &gone)
    }
}

/// The digest of a block of nothing but zeros.
fn zero_digest() -> Sha256 {
    Sha256::of(&vec![0; BLOCK])
}
