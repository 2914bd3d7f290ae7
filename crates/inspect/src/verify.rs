//! The second pass: a finished disk, or a tree, is looked at with the rules of
//! [`crate::sanitize`] and passes only when nothing is left.
//!
//! Nothing is changed, and nothing of the first pass is trusted: the disk is read back
//! from its file. Works as well on disks that others made.

use std::path::Path;

use goldsmith_core::cx::Cx;

use crate::known::Known;
use crate::sanitize::format::{FoundRow, Report, RuleReport};
use crate::sanitize::{SanitizeError, Settings, Severity, find_all};
use crate::secret::in_unused;
use crate::snapshot::Snapshot;
use crate::view::disk::DiskView;
use crate::view::free::residue;
use crate::view::tree::TreeView;

/// Id under which the look at unused blocks is reported; it can be switched off like a rule.
pub const FREE_SPACE: &str = "free-space";

/// Verifies a finished raw disk: its root file system and its EFI system partition, and
/// that unused blocks hold nothing. A disk that cannot be read is an error, no finding.
pub fn verify_disk(disk: &Path, settings: &Settings, cx: &Cx) -> Result<Report, SanitizeError> {
    let view = DiskView::open(disk)?;
    settings.check()?;
    let snapshot = Snapshot::take(&view, cx)?;
    verify_opened(&view, &snapshot, settings, cx)
}

/// As [`verify_disk`], of a disk that is open and of which `snapshot` was taken.
pub fn verify_opened(
    view: &DiskView,
    snapshot: &Snapshot<'_>,
    settings: &Settings,
    cx: &Cx,
) -> Result<Report, SanitizeError> {
    let mut report = verify_snapshot(snapshot, settings, cx)?;
    if settings.off.contains(FREE_SPACE) {
        return Ok(report);
    }
    let found = match residue(view, cx)? {
        None => vec![row(
            Severity::Info,
            0,
            "not looked at: an unusual ext4 layout",
        )],
        Some(residue) if residue.dirty_blocks > 0 => {
            report.passed = false;
            let note = format!(
                "{} unused blocks are not empty, the first at byte {} of the file system",
                residue.dirty_blocks,
                residue.first.unwrap_or_default()
            );
            let mut rows = vec![row(Severity::Fail, residue.dirty_blocks, &note)];
            for (at, hit) in in_unused(view, cx)? {
                let note = format!("{} at byte {at} of the disk", hit.text());
                rows.push(row(Severity::Fail, hit.length as u64, &note));
            }
            rows
        }
        Some(_) => Vec::new(),
    };
    report.rules.push(RuleReport {
        id: FREE_SPACE.to_owned(),
        summary: "unused blocks hold nothing of deleted files".to_owned(),
        found,
        kept: Vec::new(),
    });
    Ok(report)
}

/// Verifies a tree as [`verify_disk`] does a disk; `known` knows files that need not be searched
/// again.
pub fn verify_tree(
    root: &Path,
    known: &dyn Known,
    settings: &Settings,
    cx: &Cx,
) -> Result<Report, SanitizeError> {
    let view = TreeView::open(root)?;
    settings.check()?;
    let snapshot = Snapshot::take(&view, cx)?.with_known(known);
    verify_snapshot(&snapshot, settings, cx)
}

fn verify_snapshot(
    snapshot: &Snapshot<'_>,
    settings: &Settings,
    cx: &Cx,
) -> Result<Report, SanitizeError> {
    settings.check()?;
    let found = find_all(snapshot, settings, cx)?;
    let mut report = Report::new("verify", settings);
    report.fill(&found);
    Ok(report)
}

fn row(severity: Severity, size: u64, note: &str) -> FoundRow {
    FoundRow {
        path: "unused blocks".to_owned(),
        entry: None,
        size,
        action: "report".to_owned(),
        severity,
        note: note.to_owned(),
    }
}

#[cfg(test)]
mod planted;
#[cfg(test)]
mod tests;
