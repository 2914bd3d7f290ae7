//! `step "webhook"`: somebody else is asked, and has to answer with a status of 200 to 299. One that is
//! busy or has failed (429, 500 and above) is asked again a few times, with the same question.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::{Step, Webhook};
use serde_json::{Map, Value, json};

use crate::port::Hands;
use crate::stage::Subject;
use crate::unit::{Effects, Outcome, Scene, StageError};

/// Waits before the other side is asked again.
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// How often a wait looks whether somebody asked to stop.
const SLICE: Duration = Duration::from_millis(200);

pub(super) fn run(
    cx: &Cx,
    step: &Step,
    webhook: &Webhook,
    scene: &Scene<'_>,
    hands: &dyn Hands,
) -> Result<Outcome, StageError> {
    if webhook.url.expose().is_empty() {
        let mut error = StageError::new(Class::Config, "its `url` is empty".to_owned());
        error.hints =
            vec!["the variable of the environment that it comes from is not set".to_owned()];
        return Err(error);
    }
    let values = webhook.payload.iter();
    let payload: Map<String, Value> = values
        .map(|(name, value)| (name.clone(), value.value.clone().into()))
        .collect();
    // Before the image is built there is none.
    let image = Subject::of(scene).ok().map(|(image, _)| image.to_string());
    let body = json!({ "run": scene.run.0, "step": step.name, "attempt": scene.attempt,
        "image": image, "payload": payload });
    // Whoever is asked twice for one run and step can tell by this.
    let id = format!("run-{}-step-{}", scene.run, step.name);
    let end = cx.clock().monotonic() + step.timeout;
    let mut waits = WAITS.into_iter();
    let answer = loop {
        let answer = hands.webhook(cx, &id, webhook, &body, step.timeout)?;
        let is_busy = answer.code == 429 || answer.code >= 500;
        let wait = waits.next().filter(|_| is_busy);
        let Some(wait) = wait.filter(|wait| cx.clock().monotonic() + *wait < end) else {
            break answer;
        };
        cx.note(format!(
            "{}: status {}, it is asked again in {} s",
            step.name,
            answer.code,
            wait.as_secs()
        ));
        pause(cx, wait)?;
    };
    if !(200..300).contains(&answer.code) {
        return Err(StageError::new(
            Class::Remote,
            format!(
                "it was answered with status {}: {}",
                answer.code, answer.body
            ),
        ));
    }
    Ok(Outcome::Done(Effects {
        summary: format!("status {}", answer.code),
        output: json!({ "code": answer.code, "body": answer.body }),
        ..Effects::default()
    }))
}

/// Waits; ends at once when somebody asks to stop.
fn pause(cx: &Cx, time: Duration) -> Result<(), StageError> {
    let end = cx.clock().monotonic() + time;
    while cx.clock().monotonic() < end {
        cx.cancel.check().map_err(|error| StageError::of(&error))?;
        cx.clock().sleep(SLICE);
    }
    Ok(())
}
