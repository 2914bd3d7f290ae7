//! `gate`: what is stated of the image is read back and held against what the pipeline asks for.
//! Statements decide, not what stages say of themselves.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use serde_json::json;

use super::Subject;
use super::test::{begin, refuse};
use crate::evidence::verify::{Checked, Verdict, verify};
use crate::evidence::{PublicKey, predicate};
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Holds the evidence against what is asked for.
#[derive(Debug)]
pub struct Gate<'a> {
    /// Whose statements count.
    pub keys: &'a [PublicKey],
    /// Kinds of statement that there must be, as their URIs.
    pub expected: Vec<&'static str>,
    /// Names of the tests that must have passed.
    pub tests: Vec<&'a str>,
}

impl Gate<'_> {
    /// What is wrong with the evidence, a line each.
    fn refused(&self, checked: &[Checked]) -> Vec<String> {
        let mut refused = Vec::new();
        let good = |kind: &'static str| {
            let of_kind = checked
                .iter()
                .filter(move |it| it.kind == predicate::word(kind));
            // The newest counts.
            of_kind.rev().filter_map(|it| it.statement.as_ref())
        };
        for kind in &self.expected {
            if good(kind).next().is_some() {
                continue;
            }
            let word = predicate::word(kind);
            let bad = checked.iter().find_map(|it| match &it.verdict {
                Verdict::Bad(why) if it.kind == word => Some(why.as_str()),
                _ => None,
            });
            let why = bad.unwrap_or("there is no such statement");
            refused.push(format!("{word}: {why}"));
        }
        for test in &self.tests {
            let mut of_test = good(predicate::TEST).filter(|it| it.predicate["test"] == *test);
            match of_test.next().map(|it| it.predicate["result"] == "PASSED") {
                Some(true) => {}
                Some(false) => refused.push(format!("test `{test}`: it failed")),
                None => refused.push(format!("test `{test}`: nothing is stated of it")),
            }
        }
        if self.expected.contains(&predicate::VULNERABILITIES)
            && let Some(scan) = good(predicate::VULNERABILITIES).next()
            && scan.predicate["refused"]
                .as_array()
                .is_none_or(|list| !list.is_empty())
        {
            refused.push("vulnerabilities: the policy refused the image".to_owned());
        }
        refused
    }
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
        let refused = self.refused(&checked);
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
            output: json!({ "passed": true, "kinds": kinds }),
            changes: begin(scene, &image)?,
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        refuse(scene, error.class == Class::Policy, &error.text)
    }
}
