//! `approve`: people say yes or no, by signed decisions; a pipeline that asks nobody approves what
//! passed the gate.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::ApprovalSpec;
use serde_json::json;

use super::test::refuse;
use super::{Subject, state};
use crate::decision::{Case, Keys, Standing};
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Who has to say yes.
#[derive(Debug)]
pub struct Approve<'a> {
    spec: Option<&'a ApprovalSpec>,
    keys: Keys<'a>,
}

impl<'a> Approve<'a> {
    /// By the `approval` block of a pipeline; without one nobody is asked.
    pub fn new(spec: Option<&'a ApprovalSpec>, keys: Keys<'a>) -> Self {
        Self { spec, keys }
    }
}

fn approved(scene: &Scene<'_>, image: &ImageId, why: &str) -> Result<Outcome, StageError> {
    let row = scene.image(image)?;
    let changes = if row.state.is_usable() {
        Vec::new()
    } else {
        vec![state(image, ImageState::Approved, why)]
    };
    Ok(Outcome::Done(Effects {
        summary: why.to_owned(),
        output: json!({ "decision": "approved" }),
        changes,
        image: None,
    }))
}

impl Unit for Approve<'_> {
    fn name(&self) -> &'static str {
        "approve"
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, disk) = Subject::of(scene)?;
        let Some(spec) = self.spec else {
            return approved(scene, &image, "the pipeline asks nobody");
        };
        let case = Case {
            catalog: scene.catalog,
            spec,
            keys: self.keys,
            image: &image,
            disk,
            unix: cx.clock().unix_seconds(),
        };
        match case.standing().map_err(|error| StageError::of(&error))? {
            Standing::Approved { why } => approved(scene, &image, &why),
            Standing::Rejected { why } => Err(StageError::new(Class::Policy, why)),
            Standing::Open { why } => Ok(Outcome::Wait {
                for_what: why,
                until: None,
            }),
        }
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        refuse(scene, error.class == Class::Policy, &error.text)
    }
}
