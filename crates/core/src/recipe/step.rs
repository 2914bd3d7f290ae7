//! Steps that a pipeline adds before or after a stage.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Span;
use crate::secret::Secret;

use super::{Condition, Parameter, Stage};

/// A `step` block.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its second label, one of its own in the pipeline.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// Where in the run.
    pub position: Position,
    /// Whether it runs at all; `None`: it does.
    pub condition: Option<Condition>,
    /// The longest it may take. One that takes longer has failed.
    pub timeout: Duration,
    /// What becomes of the run when it fails.
    pub on_failure: OnFailure,
    /// What it does.
    pub action: StepAction,
}

/// Where a step stands. Ordered as a run goes; steps at one place run in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Just before this stage.
    Before(Stage),
    /// Just after it.
    After(Stage),
}

impl Position {
    /// The stage it stands beside.
    pub const fn stage(self) -> Stage {
        match self {
            Self::Before(stage) | Self::After(stage) => stage,
        }
    }

    /// Whether a stage has ended when a step here runs.
    pub fn sees(self, stage: Stage) -> bool {
        match self {
            Self::Before(own) => stage < own,
            Self::After(own) => stage <= own,
        }
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |one: Self| (one.stage(), matches!(one, Self::After(_)));
        key(*self).cmp(&key(*other))
    }
}

/// What becomes of a run when a part of it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It ends.
    #[default]
    Abort,
    /// It goes on, and says so.
    Continue,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepAction {
    /// `step "command"`.
    Command(Command),
    /// `step "webhook"`.
    Webhook(Webhook),
    /// `step "wait"`.
    Wait(Wait),
}

impl StepAction {
    /// As written in a pipeline.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Webhook(_) => "webhook",
            Self::Wait(_) => "wait",
        }
    }

    /// What it gives to conditions of later steps besides its `status` (`completed`, `failed` or
    /// `skipped`); `None`: whatever it likes.
    pub const fn outputs(&self) -> Option<&'static [&'static str]> {
        match self {
            Self::Command(_) => None,
            Self::Webhook(_) => Some(Webhook::OUTPUTS),
            Self::Wait(_) => Some(Wait::OUTPUTS),
        }
    }
}

/// A program run on this computer, in the project's folder.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program and its arguments, without a shell. A program with a `/` in it is relative to
    /// the project.
    pub words: Vec<Parameter>,
    /// Variables of its environment.
    pub environment: BTreeMap<String, Parameter>,
}

/// A request that has to be answered with a status of 200 to 299.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it is sent. Empty: the environment that it comes from had none.
    pub url: Secret<String>,
    /// What it is signed with (HMAC-SHA-256).
    pub secret: Option<Secret<String>>,
    /// Added to what is sent.
    pub payload: BTreeMap<String, Parameter>,
}

impl Webhook {
    /// The status code of the answer, and the answer.
    pub const OUTPUTS: &[&str] = &["code", "body"];
}

/// A decision of a person: to go on, or to stop, which is a failure of the step.
#[derive(Debug, Clone)]
pub struct Wait {
    /// What is asked.
    pub message: String,
}

impl Wait {
    /// `resume` or `stop`, who said so, and why.
    pub const OUTPUTS: &[&str] = &["decision", "by", "reason"];
}

impl Step {
    /// Every text that must not be shown.
    pub(super) fn secrets(&self) -> Vec<Secret<String>> {
        let mut secrets = Vec::new();
        let values: Vec<&Parameter> = match &self.action {
            StepAction::Command(command) => {
                let words = command.words.iter();
                words.chain(command.environment.values()).collect()
            }
            StepAction::Webhook(webhook) => {
                secrets.push(webhook.url.clone());
                secrets.extend(webhook.secret.clone());
                webhook.payload.values().collect()
            }
            StepAction::Wait(_) => Vec::new(),
        };
        let marked = values.into_iter().filter(|value| value.is_sensitive);
        secrets.extend(marked.map(|value| Secret::new(value.value.clone())));
        secrets
    }
}
