//! `scan`: what is in the image is held against the pipeline's policy.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use serde_json::json;

use super::test::{begin, refuse};
use super::{Subject, statement};
use crate::evidence::{SigningKey, predicate};
use crate::port::Workshop;
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Scans the image.
pub struct Scan<'a> {
    /// Who does it.
    pub workshop: &'a dyn Workshop,
    /// Signs the statement.
    pub key: &'a SigningKey,
    /// Version of Goldsmith.
    pub version: &'a str,
}

impl std::fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scan")
    }
}

impl Unit for Scan<'_> {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, disk) = Subject::of(scene)?;
        let scanned = self.workshop.scan(cx, &image)?;
        let unix = cx.clock().unix_seconds();
        let what = predicate::vulnerabilities(&scanned, self.version, unix);
        let kind = predicate::VULNERABILITIES;
        let mut changes = begin(scene, &image)?;
        changes.push(statement(&image, disk, self.key, unix, kind, what));
        if !scanned.refused.is_empty() {
            let list = scanned.refused.join("; ");
            let mut error =
                StageError::new(Class::Policy, format!("the policy refuses {image}: {list}"));
            error.hints = vec![format!(
                "`goldsmith scan {}` shows what, and what mends it",
                image.name
            )];
            error.changes = changes;
            return Err(error);
        }
        let total: u64 = scanned.counts.values().sum();
        let mut output = json!({ "passed": true });
        for severity in ["critical", "high", "medium", "low"] {
            output[severity] = scanned.counts.get(severity).copied().unwrap_or(0).into();
        }
        Ok(Outcome::Done(Effects {
            summary: format!("{total} findings, none that is refused"),
            output,
            changes,
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        refuse(scene, error.class == Class::Policy, &error.text)
    }
}
