//! Which earlier snapshot a new one differs least from.

use std::fs;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Failure;

use super::{Job, SnapshotError, format};

/// The snapshot that leaves fewest blocks to send; `None` when that is no fewer than all. It
/// stands, and is kept in the way that the new one is to be.
pub(super) fn best(cx: &Cx, job: &Job<'_>) -> Result<Option<String>, Box<dyn Failure>> {
    let failed = || SnapshotError::file("read", job.folder);
    let mut candidates = Vec::new();
    for entry in fs::read_dir(job.folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if path.extension().is_none_or(|ending| ending != "blocks") {
            continue;
        }
        let Some(list) = format::read(&path)? else {
            continue;
        };
        let fits =
            list.head.volume_gib == job.blocks.gib() && list.head.encryption == *job.encryption;
        let changes = job.blocks.changes(&list.done).len();
        if fits && changes < job.blocks.count() {
            candidates.push((changes, list.head.snapshot));
        }
    }
    candidates.sort();
    for (_, snapshot) in candidates {
        match job.aws.snapshot(cx, &snapshot)? {
            Some(found) if found.state == "completed" => return Ok(Some(snapshot)),
            // It will not come back.
            None => super::forget(job.folder, &snapshot)?,
            Some(_) => {}
        }
    }
    Ok(None)
}
