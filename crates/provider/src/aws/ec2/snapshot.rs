//! Snapshots as EC2 sees them: found, shared, deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::ec2 as api;
use super::super::call::{Answer, Request};
use super::super::form::Form;
use super::super::node::Node;
use super::{PAGE, until};

/// How long a snapshot may take from its last block until it can be used.
const READY: Duration = Duration::from_hours(1);
/// How long the image that a snapshot was of may keep it after it is gone.
const RELEASED: Duration = Duration::from_mins(2);
/// The code of a snapshot that an image is made of.
const IN_USE: &str = "InvalidSnapshot.InUse";

/// A snapshot of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    /// `pending`, `completed`, `error`.
    pub(crate) state: String,
    /// Why it is in this state, in words.
    pub(crate) reason: Option<String>,
    /// As EC2 writes times.
    pub(crate) started: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

fn of_snapshot(id: &str) -> String {
    format!("the snapshot `{id}`")
}

impl Aws {
    /// Our snapshots that fit a filter.
    pub(crate) fn snapshots(
        &self,
        cx: &Cx,
        filter: &str,
        value: &str,
    ) -> Result<Vec<Snapshot>, RemoteError> {
        let mut snapshots = Vec::new();
        let request = |token: Option<&str>| {
            let form = Form::default()
                .list("Owner", &["self"])
                .filter(filter, &[value])
                .with("MaxResults", PAGE)
                .maybe("NextToken", token);
            let subject = format!("the snapshots with `{filter}` `{value}`");
            Request::form(&api::DESCRIBE_SNAPSHOTS, subject, &form)
        };
        self.pages(cx, request, |page| {
            page.each("snapshotSet/item", |item| snapshots.extend(read(item)));
        })?;
        Ok(snapshots)
    }

    /// A snapshot of ours, when it can be seen.
    pub(crate) fn snapshot(&self, cx: &Cx, id: &str) -> Result<Option<Snapshot>, RemoteError> {
        Ok(self.snapshots(cx, "snapshot-id", id)?.into_iter().next())
    }

    /// Waits until a snapshot whose blocks are all there can be used.
    pub(crate) fn snapshot_ready(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let what = of_snapshot(id);
        until(cx, &what, READY, || match self.snapshot(cx, id)? {
            Some(found) if found.state == "completed" => Ok(Some(())),
            None => Ok(None),
            Some(found) if found.state == "pending" => Ok(None),
            Some(found) => Err(RemoteError::Failed {
                what: what.clone(),
                detail: match found.reason {
                    Some(reason) => format!("its state is `{}`: {reason}", found.state),
                    None => format!("its state is `{}`", found.state),
                },
            }),
        })
    }

    /// Takes a snapshot away; one that is not there is. That an image was made of it may be held
    /// against it for a while after the image is gone.
    pub(crate) fn delete_snapshot(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let form = Form::default().with("SnapshotId", id);
        let request = Request::form(&api::DELETE_SNAPSHOT, of_snapshot(id), &form);
        until(cx, &request.title(), RELEASED, || {
            let read = |answer: Answer| answer.text(cx).map(drop);
            match self.call_or(cx, &request, &[IN_USE], read) {
                Ok(Ok(())) => Ok(Some(())),
                Ok(Err(_)) => Ok(None),
                Err(error) if request.is_missing(&error) => Ok(Some(())),
                Err(error) => Err(error),
            }
        })
    }

    /// Lets other accounts make volumes of a snapshot.
    pub(crate) fn share_snapshot(
        &self,
        cx: &Cx,
        id: &str,
        accounts: &[String],
    ) -> Result<(), RemoteError> {
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let form = Form::default()
            .with("SnapshotId", id)
            .with("Attribute", "createVolumePermission")
            .with("OperationType", "add")
            .list("UserId", &accounts);
        let request = Request::form(&api::MODIFY_SNAPSHOT_ATTRIBUTE, of_snapshot(id), &form);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }
}

fn read(snapshot: Node<'_>) -> Option<Snapshot> {
    Some(Snapshot {
        id: snapshot.text("snapshotId")?,
        state: snapshot.text("status").unwrap_or_default(),
        reason: snapshot.text("statusMessage"),
        started: snapshot.text("startTime"),
        tags: snapshot.tags(),
    })
}
