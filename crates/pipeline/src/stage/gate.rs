//! `gate`: what is stated of the image is read back and held against what the pipeline asks for.
//! Statements decide, not what stages say of themselves.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use serde_json::json;

use super::Subject;
use super::test::{begin, refuse};
use crate::evidence::verify::{Verdict, verify};
use crate::evidence::{PublicKey, predicate};
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Holds the evidence against what is asked for.
#[derive(Debug)]
pub struct Gate<'a> {
    /// Whose statements count.
    pub keys: &'a [PublicKey],
    /// Kinds of statement that there must be, as their URIs.
    pub expected: Vec<&'static str>,
}

impl Unit for Gate<'_> {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn run(&self, _cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, disk) = Subject::of(scene)?;
        let rows = scene.catalog.statements(&image);
        let rows = rows.map_err(|error| StageError::of(&error))?;
        let envelopes: Vec<&str> = rows.iter().map(|row| row.envelope.as_str()).collect();
        let checked = verify(disk, &envelopes, self.keys, &self.expected);
        let mut refused = Vec::new();
        for kind in &self.expected {
            let kind = predicate::word(kind);
            let of_kind = || checked.iter().filter(|checked| checked.kind == kind);
            // One good statement is enough: an older one may be of a key that is trusted no more.
            if of_kind().any(|checked| matches!(checked.verdict, Verdict::Good { .. })) {
                continue;
            }
            refused.push(
                match of_kind().find_map(|checked| match &checked.verdict {
                    Verdict::Bad(why) => Some(why),
                    _ => None,
                }) {
                    Some(why) => format!("{kind}: {why}"),
                    None => format!("{kind}: there is no such statement"),
                },
            );
        }
        if !refused.is_empty() {
            let text = format!(
                "the evidence of {image} is not enough: {}",
                refused.join("; ")
            );
            return Err(StageError::new(Class::Policy, text));
        }
        let kinds: Vec<&str> = self
            .expected
            .iter()
            .map(|kind| predicate::word(kind))
            .collect();
        Ok(Outcome::Done(Effects {
            summary: format!("{} are stated and signed", kinds.join(", ")),
            output: json!({ "kinds": kinds }),
            changes: begin(scene, &image)?,
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        refuse(scene, error.class == Class::Policy, &error.text)
    }
}
