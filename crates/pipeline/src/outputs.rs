//! What stages and steps gave, as conditions of later steps see it.

use goldsmith_core::recipe::{Origin, OutputRef, Stage};
use serde_json::Value;

use crate::state::{State, UnitState};
use crate::unit::{of_unit, step_of_unit};

/// The output of a stage or a step; `None`: it gave no such thing.
pub fn output(state: &State, wanted: &OutputRef) -> Option<String> {
    match &wanted.of {
        Origin::Step(step) => {
            let mut units = state
                .units()
                .filter(|(unit, _)| step_of_unit(unit) == Some(step));
            of_step(units.next()?.1, &wanted.name)
        }
        Origin::Stage(stage) => {
            let units = state
                .units()
                .filter(|(unit, _)| of_unit(unit) == Some(*stage) && step_of_unit(unit).is_none());
            of_stage(*stage, units.map(|(_, state)| state), &wanted.name)
        }
    }
}

fn of_step(state: &UnitState, name: &str) -> Option<String> {
    let status = match state {
        UnitState::Done { .. } => "completed",
        UnitState::Failed { .. } => "failed",
        UnitState::Skipped(_) => "skipped",
        _ => return None,
    };
    match state {
        _ if name == "status" => Some(status.to_owned()),
        UnitState::Done { output, .. } => text(&output[name]),
        _ => None,
    }
}

/// A stage may have several units: `passed` means all of them, numbers are added up, of the rest
/// the first counts.
fn of_stage<'s>(
    stage: Stage,
    units: impl Iterator<Item = &'s UnitState>,
    name: &str,
) -> Option<String> {
    let units: Vec<&UnitState> = units.collect();
    if name == "passed" {
        let is_one = |state: &&UnitState| matches!(state, UnitState::Done { .. });
        let all = units.iter().all(is_one) && !units.is_empty();
        return Some(all.to_string());
    }
    let values = units.iter().filter_map(|state| match state {
        UnitState::Done { output, .. } if !output[name].is_null() => Some(&output[name]),
        _ => None,
    });
    let values: Vec<&Value> = values.collect();
    if stage == Stage::Distribute {
        let numbers = values.iter().filter_map(|value| value.as_u64());
        return Some(numbers.sum::<u64>().to_string());
    }
    text(values.first()?)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Entry;
    use serde_json::json;

    #[test]
    fn of_stages_and_steps() {
        let mut state = State::default();
        let done = |unit: &str, output| Entry::Done {
            unit: unit.to_owned(),
            output,
            summary: String::new(),
        };
        state.take(&done("test/boot", json!({ "passed": true })));
        state.take(&done("scan", json!({ "high": 3 })));
        state.take(&done("distribute", json!({ "name": "x" })));
        state.take(&done("distribute/local/a", json!({ "copies": 2 })));
        state.take(&done("distribute/local/b", json!({ "copies": 1 })));
        state.take(&done(
            "scan/after/warm",
            json!({ "exit_code": 0, "passed": false }),
        ));
        state.take(&Entry::Skipped {
            unit: "test/before/cold".to_owned(),
            why: "no".to_owned(),
        });
        let get = |of: Origin, name: &str| {
            let name = name.to_owned();
            output(&state, &OutputRef { of, name })
        };
        let stage = |stage| Origin::Stage(stage);
        let step = |step: &str| Origin::Step(step.to_owned());
        assert_eq!(get(stage(Stage::Test), "passed").as_deref(), Some("true"));
        assert_eq!(get(stage(Stage::Scan), "high").as_deref(), Some("3"));
        assert_eq!(
            get(stage(Stage::Distribute), "copies").as_deref(),
            Some("3")
        );
        assert_eq!(get(step("warm"), "exit_code").as_deref(), Some("0"));
        assert_eq!(get(step("warm"), "status").as_deref(), Some("completed"));
        assert_eq!(get(step("cold"), "status").as_deref(), Some("skipped"));
        assert_eq!(get(step("cold"), "exit_code"), None);
        assert_eq!(get(step("none"), "status"), None);
        state.take(&Entry::Failed {
            unit: "test/smoke".to_owned(),
            error: "no".to_owned(),
            class: 6,
            goes_on: true,
        });
        let wanted = OutputRef {
            of: stage(Stage::Test),
            name: "passed".to_owned(),
        };
        assert_eq!(output(&state, &wanted).as_deref(), Some("false"));
    }
}
