//! A bus of Amazon EventBridge. What EC2 Image Builder has an event for is put in its shape, so
//! that rules made for it need another `source` only:
//!
//! | detail-type | detail | of |
//! |---|---|---|
//! | EC2 Image Builder Image State Change | `state.status`; `previous-state.status` where it is known | runs, images |
//! | EC2 Image Builder CVE Detected | `resource-id`, `finding-severity-counts` | findings |
//! | EC2 Image Builder Workflow Step Waiting | `workflow-execution-id`, `workflow-step-execution-id`, `workflow-step-name` | a run that waits |
//! | EC2 Image Builder Image Pipeline Automatically Disabled | `consecutive-failures` | a schedule |
//! | the type of the `CloudEvent` | | whatever else |
//!
//! Every detail has the `CloudEvent` as `goldsmith` besides. `source` is `goldsmith`: those that
//! begin with `aws.` are AWS's own. Resources are named as the event names them,
//! `urn:goldsmith:web:image:web/1.4.0/3`.

use goldsmith_core::cx::Cx;
use goldsmith_core::notify::{Message, Notifier, NotifyError};
use serde_json::{Value, json};

use super::untaken;
use crate::aws::{Aws, Entry};

const SOURCE: &str = "goldsmith";
const STATE: &str = "EC2 Image Builder Image State Change";
const FINDING: &str = "EC2 Image Builder CVE Detected";
const WAITING: &str = "EC2 Image Builder Workflow Step Waiting";
const DISABLED: &str = "EC2 Image Builder Image Pipeline Automatically Disabled";

/// A bus.
#[derive(Debug)]
pub struct EventBridge {
    name: String,
    bus: String,
    aws: Aws,
}

impl EventBridge {
    /// The notifier `eventbridge/<label>` of a bus, by its ARN, whose region is asked.
    pub fn new(label: &str, bus: &str, aws: &Aws) -> Self {
        Self {
            name: format!("eventbridge/{label}"),
            bus: bus.to_owned(),
            aws: aws.at(super::region(bus), None),
        }
    }
}

impl Notifier for EventBridge {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, cx: &Cx, message: &Message) -> Result<(), NotifyError> {
        let put = self.aws.put_event(cx, &self.bus, &entry(message));
        put.map_err(|error| untaken(&self.name, error))
    }
}

fn entry(message: &Message) -> Entry {
    let event: Value = serde_json::from_str(&message.event).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (detail_type, mut detail) = shape(message, &event);
    let source = text(&event["source"]);
    let pipeline = format!("{source}:pipeline:{}", text(&event["data"]["pipeline"]));
    let image = text(&event["data"]["image"]).replace('@', "/");
    let mut resources = vec![pipeline];
    if !image.is_empty() {
        resources.insert(0, format!("{source}:image:{image}"));
    }
    detail["goldsmith"] = event;
    Entry {
        source: SOURCE.to_owned(),
        detail_type,
        detail,
        resources,
        unix: message.unix,
    }
}

/// The detail in the shape of Image Builder, and what it calls it.
fn shape(message: &Message, event: &Value) -> (String, Value) {
    let data = &event["data"];
    let fact = |name: &str| {
        let found = message.facts.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let own = message.kind.strip_prefix("goldsmith.").unwrap_or_default();
    if let Some((previous, status)) = status(own, data["event"].as_str().unwrap_or_default()) {
        let mut detail = json!({ "state": { "status": status } });
        if let Some(previous) = previous {
            detail["previous-state"] = json!({ "status": previous });
        }
        return (STATE.to_owned(), detail);
    }
    match own {
        "image.finding" => {
            let of = |severity: &str| i32::from(fact("severity") == severity);
            let counts = json!({ "all": 1, "critical": of("critical"), "high": of("high"), "medium": of("medium") });
            let detail = json!({ "resource-id": fact("image"), "finding-severity-counts": counts });
            (FINDING.to_owned(), detail)
        }
        "run.waiting" => {
            let detail = json!({
                "workflow-execution-id": format!("run-{}", fact("run")),
                "workflow-step-execution-id": message.id,
                "workflow-step-name": fact("step"),
            });
            (WAITING.to_owned(), detail)
        }
        "schedule.off" => {
            let detail = json!({ "consecutive-failures": fact("failures") });
            (DISABLED.to_owned(), detail)
        }
        _ => (message.kind.clone(), json!({})),
    }
}

/// How an image stands by the words of Image Builder, and how it stood before where that is
/// certain; `None`: it has no word for it.
fn status(kind: &str, event: &str) -> Option<(Option<&'static str>, &'static str)> {
    Some(match kind {
        "run.begun" => (Some("PENDING"), "BUILDING"),
        "run.done" | "image.available" => (None, "AVAILABLE"),
        "run.failed" | "image.rejected" => (None, "FAILED"),
        "run.cancelled" => (None, "CANCELLED"),
        "stage.done" if event == "distributed" => (Some("DISTRIBUTING"), "AVAILABLE"),
        "image.deprecated" => (None, "DEPRECATED"),
        "image.disabled" => (None, "DISABLED"),
        "image.deleted" => (None, "DELETED"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str, event: &str, facts: &[(&str, &str)]) -> Message {
        let cloud_event = json!({
            "specversion": "1.0", "id": "run-7-12", "source": "urn:goldsmith:web",
            "type": format!("goldsmith.{kind}"),
            "data": { "event": event, "pipeline": "web", "run": 7, "image": "web@1.4.0/3" },
        });
        Message {
            id: "run-7-12".to_owned(),
            kind: format!("goldsmith.{kind}"),
            unix: 1_795_464_000,
            title: "x".to_owned(),
            facts: facts
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            actions: Vec::new(),
            event: cloud_event.to_string(),
        }
    }

    fn check(given: &Message, detail_type: &str, detail: &Value) {
        let entry = entry(given);
        assert_eq!(entry.detail_type, detail_type);
        let mut expected = detail.clone();
        expected["goldsmith"] = serde_json::from_str(&given.event).unwrap();
        assert_eq!(entry.detail, expected);
        let (image, pipeline) = (
            "urn:goldsmith:web:image:web/1.4.0/3",
            "urn:goldsmith:web:pipeline:web",
        );
        assert_eq!(entry.resources, [image, pipeline]);
        assert_eq!((entry.source.as_str(), entry.unix), (SOURCE, 1_795_464_000));
    }

    #[test]
    fn states() {
        for (kind, event, status) in [
            ("run.done", "run-succeeded", "AVAILABLE"),
            ("run.failed", "run-failed", "FAILED"),
            ("run.cancelled", "run-failed", "CANCELLED"),
            ("image.deprecated", "retired", "DEPRECATED"),
            ("image.disabled", "retired", "DISABLED"),
            ("image.deleted", "retired", "DELETED"),
        ] {
            let expected = json!({ "state": { "status": status } });
            check(&message(kind, event, &[]), STATE, &expected);
        }
        let expected = json!({ "state": { "status": "AVAILABLE" }, "previous-state": { "status": "DISTRIBUTING" } });
        check(&message("stage.done", "distributed", &[]), STATE, &expected);
        let expected =
            json!({ "state": { "status": "BUILDING" }, "previous-state": { "status": "PENDING" } });
        check(&message("run.begun", "run-started", &[]), STATE, &expected);
    }

    #[test]
    fn findings() {
        let facts = [("image", "web 1.4.0/3"), ("severity", "high")];
        let expected = json!({ "resource-id": "web 1.4.0/3",
            "finding-severity-counts": { "all": 1, "critical": 0, "high": 1, "medium": 0 } });
        check(
            &message("image.finding", "finding-new", &facts),
            FINDING,
            &expected,
        );
    }

    #[test]
    fn a_run_that_waits() {
        let facts = [("run", "7"), ("step", "approve")];
        let expected = json!({ "workflow-execution-id": "run-7",
            "workflow-step-execution-id": "run-7-12", "workflow-step-name": "approve" });
        check(
            &message("run.waiting", "approval-needed", &facts),
            WAITING,
            &expected,
        );
    }

    #[test]
    fn a_schedule_that_is_off() {
        let facts = [("failures", "3")];
        let expected = json!({ "consecutive-failures": "3" });
        check(
            &message("schedule.off", "schedule-disabled", &facts),
            DISABLED,
            &expected,
        );
    }

    #[test]
    fn what_image_builder_has_no_word_for() {
        for kind in ["image.quarantined", "image.promoted", "image.approved"] {
            check(
                &message(kind, "", &[]),
                &format!("goldsmith.{kind}"),
                &json!({}),
            );
        }
    }
}
