//! What a message says to a person: what happened, to what, and what to do about it.

use goldsmith_core::image::{ImageId, ImageState};

use crate::evidence::predicate::timestamp;
use crate::happening::{Happening, NO_RUN, What};

/// Most refusals of an audit that a message lists; the command shows all.
const REFUSED_MAX: usize = 10;

/// The words of a message.
pub(super) struct Text {
    pub(super) title: String,
    /// A word and a text each, in order.
    pub(super) facts: Vec<(&'static str, String)>,
    /// Commands.
    pub(super) actions: Vec<String>,
}

impl Text {
    pub(super) fn of(happening: &Happening) -> Self {
        let Happening {
            run,
            pipeline,
            image,
            what,
            ..
        } = happening;
        let shown = image
            .as_ref()
            .map_or_else(|| pipeline.clone(), ToString::to_string);
        let again = |unit: &str| {
            let stage = unit.split('/').next().unwrap_or(unit);
            format!("goldsmith run {pipeline} --from {stage}")
        };
        let see: Vec<String> = image.iter().map(|image| command("show", image)).collect();
        let mut facts = vec![("pipeline", pipeline.clone())];
        if let Some(image) = image {
            facts.push(("image", image.to_string()));
        }
        if *run != NO_RUN {
            facts.push(("run", run.to_string()));
        }
        let mut fact = |name, value: &str| {
            if !value.is_empty() {
                facts.push((name, value.to_owned()));
            }
        };
        let (title, actions) = match what {
            What::RunBegun => (format!("{pipeline}: run {run} began"), Vec::new()),
            What::RunDone => (format!("{pipeline}: run {run} is done"), see),
            What::RunFailed { unit, error } | What::UnitFailed { unit, error } => {
                fact("error", error);
                let title = format!("{pipeline}: run {run} failed at `{unit}`");
                (title, vec![again(unit)])
            }
            What::RunCancelled => (format!("{pipeline}: run {run} was stopped"), Vec::new()),
            What::Waiting { unit, for_what } => {
                fact("step", unit);
                fact("for", for_what);
                let title = format!("{pipeline}: run {run} waits at `{unit}`");
                let decide = |image| {
                    [
                        command("show", image),
                        command("approve", image),
                        command("reject", image),
                    ]
                };
                (title, image.iter().flat_map(decide).collect())
            }
            What::UnitDone { unit } => {
                let title = match unit.as_str() {
                    "approve" => format!("{shown} is approved"),
                    "register" => format!("{shown} is available"),
                    unit => format!("{pipeline}: `{unit}` of run {run} is done"),
                };
                (title, see)
            }
            What::State { to, reason } => {
                fact("reason", reason);
                let mut actions = see;
                if matches!(to, ImageState::Quarantined | ImageState::Revoked) {
                    actions.push(format!("goldsmith run {pipeline}"));
                }
                (format!("{shown} is {}", to.name()), actions)
            }
            What::Finding {
                id,
                severity,
                title,
            } => {
                fact("severity", severity.word());
                fact("finding", title);
                let mut actions: Vec<String> =
                    image.iter().map(|image| command("scan", image)).collect();
                actions.push(format!("goldsmith run {pipeline}"));
                (
                    format!("{shown} has a new finding: {id} ({severity})"),
                    actions,
                )
            }
            What::Retiring {
                to,
                at_unix,
                reason,
            } => {
                let time = timestamp(*at_unix);
                fact("at", &time);
                fact("reason", reason);
                let title = format!("{shown} will be {} at {time}", to.name());
                (title, see)
            }
            What::Promoted { channel, reason } => {
                fact("channel", channel);
                fact("reason", reason);
                (format!("`{channel}` names {shown} now"), see)
            }
            What::ScheduleOff { failures, error } => {
                fact("failures", &failures.to_string());
                fact("error", error);
                let title =
                    format!("{pipeline}: its schedule is off after {failures} failures in a row");
                (title, vec![format!("goldsmith run {pipeline}")])
            }
            What::AuditRefused { target, refused } => {
                fact("target", target);
                let listed: Vec<&str> = refused
                    .iter()
                    .take(REFUSED_MAX)
                    .map(String::as_str)
                    .collect();
                fact("refused", &listed.join("\n"));
                let title = match refused.as_slice() {
                    [one] => format!("{pipeline}: the audit of {target} refuses {one}"),
                    all => format!(
                        "{pipeline}: the audit of {target} refuses {} more",
                        all.len()
                    ),
                };
                (title, vec![format!("goldsmith audit --target {target}")])
            }
        };
        Self {
            title,
            facts,
            actions,
        }
    }
}

/// A command about an image.
fn command(verb: &str, image: &ImageId) -> String {
    let ImageId {
        name,
        version,
        build,
    } = image;
    format!("goldsmith {verb} {name}@{version}/{build}")
}
