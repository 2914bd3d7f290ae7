//! `step "wait"`: a person says whether the run goes on, in time.

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::{Step, Wait};
use serde_json::json;

use crate::state::UnitState;
use crate::unit::{Effects, Outcome, Scene, StageError};

pub(super) fn run(
    cx: &Cx,
    step: &Step,
    wait: &Wait,
    name: &str,
    scene: &Scene<'_>,
) -> Result<Outcome, StageError> {
    let now = cx.clock().unix_seconds();
    match scene.state.unit(name) {
        Some(UnitState::Answered {
            by,
            goes_on: true,
            reason,
        }) => Ok(Outcome::Done(Effects {
            summary: format!("{by} lets it go on: {reason}"),
            output: json!({ "decision": "resume", "by": by, "reason": reason }),
            ..Effects::default()
        })),
        Some(UnitState::Answered {
            by,
            goes_on: false,
            reason,
        }) => Err(StageError::new(
            Class::Policy,
            format!("{by} stops it: {reason}"),
        )),
        Some(UnitState::Waiting {
            until: Some(until), ..
        }) if now > *until => Err(StageError::new(
            Class::Policy,
            "nobody answered in time".to_owned(),
        )),
        Some(UnitState::Waiting { for_what, until }) => Ok(Outcome::Wait {
            for_what: for_what.clone(),
            until: *until,
        }),
        _ => Ok(Outcome::Wait {
            for_what: format!("`{}`: {}", step.name, wait.message),
            until: Some(now + i64::try_from(step.timeout.as_secs()).unwrap_or(i64::MAX / 2)),
        }),
    }
}
