//! Who is told what: rules turn what happens into messages, which are kept in the same moment.

pub mod event;
mod text;

use std::collections::BTreeSet;

use goldsmith_core::catalog::NewMessage;
use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Notifier, NotifyEvent};
use goldsmith_core::secret::Redactor;

use crate::happening::{Happening, Herald};

/// Somebody who wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// By which notifier: its kind and name, `webhook/chat`.
    pub notifier: String,
    /// Of which events. Empty: of all.
    pub events: BTreeSet<NotifyEvent>,
    /// Of which pipelines. Empty: of all.
    pub pipelines: BTreeSet<String>,
    /// Not of findings that are less bad than this.
    pub severity: Option<Severity>,
}

impl Rule {
    /// What a `notify` block of a pipeline asks for.
    pub fn of(pipeline: &str, notifier: &Notifier) -> Self {
        Self {
            notifier: format!("{}/{}", notifier.channel.word(), notifier.name),
            events: notifier.events.iter().copied().collect(),
            pipelines: [pipeline.to_owned()].into(),
            severity: notifier.severity,
        }
    }

    /// Whether this is something to tell.
    pub fn wants(&self, happening: &Happening) -> bool {
        let Some(event) = happening.what.event() else {
            return false;
        };
        let is_bad = match (self.severity, happening.what.severity()) {
            (Some(least), Some(severity)) => severity >= least,
            _ => true,
        };
        let pipelines = &self.pipelines;
        is_bad
            && (self.events.is_empty() || self.events.contains(&event))
            && (pipelines.is_empty() || pipelines.contains(&happening.pipeline))
    }
}

/// Writes messages by rules, secrets taken out of them.
#[derive(Debug)]
pub struct Rules {
    source: String,
    rules: Vec<Rule>,
    redactor: Redactor,
}

impl Rules {
    /// The rules of a project. `source` is a URI that names it among all that speak to the same
    /// receivers: `urn:goldsmith:shop`.
    pub fn new(source: &str, rules: Vec<Rule>, redactor: Redactor) -> Self {
        Self {
            source: source.to_owned(),
            rules,
            redactor,
        }
    }
}

impl Herald for Rules {
    fn messages(&self, happening: &Happening) -> Vec<NewMessage> {
        let wanting = self.rules.iter().filter(|rule| rule.wants(happening));
        // Two rules for one notifier tell it once.
        let notifiers: BTreeSet<&str> = wanting.map(|rule| rule.notifier.as_str()).collect();
        if notifiers.is_empty() {
            return Vec::new();
        }
        let body = event::Event::of(&self.source, happening, &self.redactor).to_text();
        let message = |notifier: &str| NewMessage {
            notifier: notifier.to_owned(),
            body: body.clone(),
        };
        notifiers.into_iter().map(message).collect()
    }
}

#[cfg(test)]
mod tests;
