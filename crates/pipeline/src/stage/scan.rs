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
        if !scanned.refused.is_empty() {
            let mut error = StageError::new(
                Class::Policy,
                format!("the policy refuses {image}: {}", scanned.refused.join("; ")),
            );
            error.hints = vec![format!(
                "`goldsmith scan {image}` shows what, and what mends it"
            )];
            return Err(error);
        }
        let unix = cx.clock().unix_seconds();
        let what = predicate::vulnerabilities(&scanned, self.version, unix);
        let mut changes = begin(scene, &image)?;
        changes.push(statement(
            &image,
            disk,
            self.key,
            unix,
            predicate::VULNERABILITIES,
            what,
        ));
        let total: u64 = scanned.counts.values().sum();
        Ok(Outcome::Done(Effects {
            summary: format!("{total} findings, none that is refused"),
            output: json!({ "counts": scanned.counts }),
            changes,
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        refuse(scene, error.class == Class::Policy, &error.text)
    }
}
