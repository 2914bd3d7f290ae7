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

pub use self::blocks::Blocks;
use self::format::{Head, Journal};
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
    let mut salt = String::new();
    let mut may_have_parent = true;
    loop {
        let begun = match job.find(cx, &mut salt)? {
            Found::Whole(id) => {
                let list = format::read(&job.list(&id))?;
                let known = list.as_ref().map_or(&job.blocks.digests, |list| &list.done);
                match verify::verify(cx, job.aws, &id, known) {
                    Ok(()) => {
                        return Ok(Written {
                            id,
                            sent: 0,
                            parent: list.and_then(|list| list.head.parent),
                        });
                    }
                    Err(error) if error.class() == Class::Remote => {
                        cx.warn(format!("{error}; it is made again"));
                        salt.push_str(&id);
                        job.discard(cx, &id)?;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            Found::Begun(begun) => begun,
            Found::Nothing => job.begin(cx, &salt, may_have_parent)?,
        };
        let base = match &begun.parent {
            Some(parent) => format::read(&job.list(parent))?.map(|list| list.done),
            None => Some(BTreeMap::new()),
        };
        // Nobody knows any more what the parent has.
        let Some(base) = base else {
            job.discard(cx, &begun.snapshot)?;
            may_have_parent = false;
            continue;
        };
        let changes = job.blocks.changes(&base);
        let sent = upload::upload(cx, job, &begun.snapshot, begun.parent.clone(), &changes)?;
        let digest = blocks::linear(&changes);
        let aws = job.aws;
        if let Err(error) = aws.complete_snapshot(cx, &begun.snapshot, changes.len(), &digest) {
            // The answer to an earlier try may have been lost.
            let found = aws.snapshot(cx, &begun.snapshot)?;
            if found.is_none_or(|found| found.state != "completed") {
                return Err(error.into());
            }
        }
        aws.snapshot_ready(cx, &begun.snapshot)?;
        let mut whole = base;
        whole.extend(changes);
        match verify::verify(cx, aws, &begun.snapshot, &whole) {
            Ok(()) => {}
            Err(error) if error.class() == Class::Remote && begun.parent.is_some() => {
                cx.warn(format!(
                    "{error}; it is sent again as a whole, not as a difference"
                ));
                job.discard(cx, &begun.snapshot)?;
                may_have_parent = false;
                continue;
            }
            Err(error) => {
                job.discard(cx, &begun.snapshot)?;
                return Err(error);
            }
        }
        let head = job.head(&begun.snapshot, begun.parent.clone());
        format::write(&job.list(&begun.snapshot), &head, &whole)?;
        forget_upload(job.folder, &job.resource.operation)?;
        return Ok(Written {
            id: begun.snapshot,
            sent,
            parent: begun.parent,
        });
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
        for part in [self.resource.operation.as_str(), salt, parent_id] {
            token.field(part.as_bytes());
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

    /// What was put into a snapshot before, and where more is written down.
    fn open_journal(
        &self,
        snapshot: &str,
        parent: Option<String>,
    ) -> Result<Journal, SnapshotError> {
        let head = self.head(snapshot, parent);
        Journal::open(&self.journal(), &head)
    }
}

/// The digest of a block of nothing but zeros.
fn zero_digest() -> Sha256 {
    Sha256::of(&vec![0; BLOCK])
}
