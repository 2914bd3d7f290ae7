//! `lock`: the recipe is pinned, and brought up to date where the pipeline wants that.

use goldsmith_core::cx::Cx;
use serde_json::json;

use crate::port::Workshop;
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Pins the recipe.
pub struct Lock<'a> {
    /// Who does it.
    pub workshop: &'a dyn Workshop,
    /// Whether everything moves to its newest version first.
    pub is_update: bool,
}

impl std::fmt::Debug for Lock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lock")
    }
}

impl Unit for Lock<'_> {
    fn name(&self) -> &'static str {
        "lock"
    }

    fn run(&self, cx: &Cx, _scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let locked = self.workshop.lock(cx, self.is_update)?;
        Ok(Outcome::Done(Effects {
            summary: match locked.updates.len() {
                0 => "nothing new".to_owned(),
                count => format!("{count} changes"),
            },
            output: json!({ "changed": !locked.updates.is_empty(), "digest": locked.digest.to_string(), "updates": locked.updates }),
            ..Effects::default()
        }))
    }
}
