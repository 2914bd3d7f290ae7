//! Steps of a pipeline's own, before and after its stages: a file for each kind.

mod command;
mod wait;
mod webhook;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::{OnFailure, Position, Step, StepAction};

use crate::outputs::output;
use crate::port::Hands;
use crate::unit::{Outcome, Scene, StageError, Unit};

/// A step of a pipeline.
pub struct Own<'a> {
    name: String,
    step: &'a Step,
    hands: &'a dyn Hands,
}

impl std::fmt::Debug for Own<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'a> Own<'a> {
    /// The unit of a step.
    pub fn new(step: &'a Step, hands: &'a dyn Hands) -> Self {
        let (stage, side) = match step.position {
            Position::Before(stage) => (stage, "before"),
            Position::After(stage) => (stage, "after"),
        };
        Self {
            name: format!("{stage}/{side}/{}", step.name),
            step,
            hands,
        }
    }
}

impl Unit for Own<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        if let Some(condition) = &self.step.condition {
            let holds = condition
                .holds(&|wanted| output(scene.state, wanted))
                .map_err(|error| StageError::new(Class::Config, format!("`if`: {error}")))?;
            if !holds {
                return Ok(Outcome::Skip(format!("{condition} does not hold")));
            }
        }
        match &self.step.action {
            StepAction::Command(what) => command::run(cx, self.step, what, scene, self.hands),
            StepAction::Webhook(what) => webhook::run(cx, self.step, what, scene, self.hands),
            StepAction::Wait(what) => wait::run(cx, self.step, what, &self.name, scene),
        }
    }

    fn goes_on(&self) -> bool {
        self.step.on_failure == OnFailure::Continue
    }
}
