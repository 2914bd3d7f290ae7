//! Who is told what.

use std::fmt;

use crate::diagnostic::Span;
use crate::finding::Severity;
use crate::secret::Secret;

/// A `notify` block.
#[derive(Debug, Clone)]
pub struct Notifier {
    /// Its second label, or the first where it has one only: what names it in records.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// How.
    pub channel: Channel,
    /// Of what; empty: of everything.
    pub events: Vec<NotifyEvent>,
    /// Findings below this are not told of; `None`: all are.
    pub severity: Option<Severity>,
}

impl Notifier {
    /// Whether it wants to be told. `severity` is that of an event about findings.
    pub fn wants(&self, event: NotifyEvent, severity: Option<Severity>) -> bool {
        let is_event = self.events.is_empty() || self.events.contains(&event);
        let is_bad = match (self.severity, severity) {
            (Some(least), Some(severity)) => severity >= least,
            _ => true,
        };
        is_event && is_bad
    }

    /// Every text that must not be shown.
    pub(super) fn secrets(&self) -> Vec<Secret<String>> {
        match &self.channel {
            Channel::Webhook { url, secret } => {
                let url = std::iter::once(url.clone());
                url.chain(secret.clone()).collect()
            }
            Channel::Slack { url } => vec![url.clone()],
            Channel::Smtp(smtp) => smtp.password.clone().into_iter().collect(),
            Channel::Sns { .. } | Channel::EventBridge { .. } => Vec::new(),
        }
    }
}

/// How somebody is told. The address of a hook is a credential: who has it may speak.
#[derive(Debug, Clone)]
pub enum Channel {
    /// A `CloudEvent`, sent to an address.
    Webhook {
        /// Where. Empty: the environment that it comes from had none.
        url: Secret<String>,
        /// What it is signed with (HMAC-SHA-256).
        secret: Option<Secret<String>>,
    },
    /// A message in Slack, by an incoming webhook.
    Slack {
        /// Where. Empty: the environment that it comes from had none.
        url: Secret<String>,
    },
    /// A mail.
    Smtp(Smtp),
    /// A topic of Amazon SNS.
    Sns {
        /// Its ARN.
        topic: String,
    },
    /// A bus of Amazon EventBridge.
    EventBridge {
        /// Its ARN.
        bus: String,
    },
}

impl Channel {
    /// As written in a pipeline.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::Smtp(_) => "smtp",
            Self::Sns { .. } => "sns",
            Self::EventBridge { .. } => "eventbridge",
        }
    }
}

/// A mail, and the server that takes it.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// `smtp://host:25`, or `smtps://host:465` for TLS from the start.
    pub server: String,
    /// The address of the sender.
    pub from: String,
    /// Who gets it, at least one.
    pub to: Vec<String>,
    /// Name to log in with.
    pub user: Option<String>,
    /// Password of that name.
    pub password: Option<Secret<String>>,
}

/// What may be told.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum NotifyEvent {
    /// A run began.
    RunStarted,
    /// A run ended well.
    RunSucceeded,
    /// A run, or a stage of it, failed.
    RunFailed,
    /// A step or a gate waits for a person.
    ApprovalNeeded,
    /// Somebody, or a policy, approved an image.
    Approved,
    /// Somebody rejected one.
    Rejected,
    /// Copies are where they should be.
    Distributed,
    /// A channel names another image.
    Promoted,
    /// A published image has a new finding.
    FindingNew,
    /// An image is no longer to be trusted.
    Quarantined,
    /// A lifecycle policy will deprecate, disable or delete images, or has done so.
    Retired,
    /// A schedule was switched off, for it failed too often.
    ScheduleDisabled,
    /// Something runs that an audit refuses, and did not before.
    AuditRefused,
}

impl NotifyEvent {
    /// Every one.
    pub const ALL: [Self; 13] = [
        Self::RunStarted,
        Self::RunSucceeded,
        Self::RunFailed,
        Self::ApprovalNeeded,
        Self::Approved,
        Self::Rejected,
        Self::Distributed,
        Self::Promoted,
        Self::FindingNew,
        Self::Quarantined,
        Self::Retired,
        Self::ScheduleDisabled,
        Self::AuditRefused,
    ];

    /// The words of all, in the same order.
    pub const WORDS: [&'static str; 13] = {
        let mut words = [""; 13];
        let mut n = 0;
        while n < words.len() {
            words[n] = Self::ALL[n].word();
            n += 1;
        }
        words
    };

    /// As written in a pipeline.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RunStarted => "run-started",
            Self::RunSucceeded => "run-succeeded",
            Self::RunFailed => "run-failed",
            Self::ApprovalNeeded => "approval-needed",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Distributed => "distributed",
            Self::Promoted => "promoted",
            Self::FindingNew => "finding-new",
            Self::Quarantined => "quarantined",
            Self::Retired => "retired",
            Self::ScheduleDisabled => "schedule-disabled",
            Self::AuditRefused => "audit-refused",
        }
    }

    /// The event of a word; `None`: no such.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }
}

impl fmt::Display for NotifyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
