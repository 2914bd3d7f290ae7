//! Delivers the messages that the catalog keeps, each at least once.
//!
//! ```text
//! due ──► by notifier, at once, in order ──► taken                     done
//!                                      ├──► not now                    later: backoff, or as asked
//!                                      └──► never, or too old by then  given up
//! ```
//!
//! Delivering and writing that down are two steps: after a fall between them a message goes
//! out again, and is known by its id. A notifier that fails several times in a row is left alone
//! until the last of these is to be tried again, with everything that waits for it.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::catalog::{Catalog, CatalogError, Delivery, MessageRow};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Cancelled, Class, Failure, with_causes};
use goldsmith_core::notify::{Notifier, NotifyError};

use crate::notify::event::Event;

/// Messages that are looked at together.
const PAGE: usize = 200;
/// Failures in a row after which a notifier is left alone.
const FAILURES_MAX: u32 = 3;

/// How long to go on with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Wait after the first failure; doubled after each.
    pub first: Duration,
    /// Longest wait, also when the other side asks for a longer one.
    pub longest: Duration,
    /// From its making until a message is given up.
    pub all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(30),
            longest: Duration::from_hours(6),
            all: Duration::from_hours(3 * 24),
        }
    }
}

impl Patience {
    /// Seconds until the next try: doubled with every one, up to half of it taken off by the
    /// message's own number, so that what failed together does not come back together.
    fn wait(&self, id: &str, tries: u32, asked: Option<Duration>) -> u64 {
        let doubled = self.first.saturating_mul(1 << tries.min(20));
        let planned = doubled.min(self.longest).as_secs().max(1);
        let bytes = *Sha256::of(format!("{id} {tries}").as_bytes()).as_bytes();
        let share = u64::from(bytes[0]);
        let jittered = planned - planned * share / 512;
        let asked = asked.unwrap_or_default().min(self.longest).as_secs();
        jittered.max(asked).max(1)
    }
}

/// What became of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Delivered.
    pub done: usize,
    /// To be tried again.
    pub later: usize,
    /// Given up.
    pub given_up: usize,
}

/// Why an outbox could not be emptied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The catalog failed.
    #[error("cannot go on with the messages")]
    Catalog(#[from] CatalogError),
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for OutboxError {
    fn class(&self) -> Class {
        match self {
            Self::Catalog(error) => error.class(),
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Catalog(error) => error.hints(),
            Self::Cancelled(_) => Vec::new(),
        }
    }
}

/// Messages of a catalog and who delivers them.
pub struct Outbox<'a> {
    catalog: &'a dyn Catalog,
    notifiers: BTreeMap<&'a str, &'a dyn Notifier>,
    patience: Patience,
}

impl std::fmt::Debug for Outbox<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("notifiers", &self.notifiers.keys())
            .finish_non_exhaustive()
    }
}

impl<'a> Outbox<'a> {
    /// With these notifiers.
    pub fn new(
        catalog: &'a dyn Catalog,
        notifiers: impl IntoIterator<Item = &'a dyn Notifier>,
        patience: Patience,
    ) -> Self {
        let notifiers = notifiers.into_iter();
        Self {
            catalog,
            notifiers: notifiers
                .map(|notifier| (notifier.name(), notifier))
                .collect(),
            patience,
        }
    }

    /// Tries every message that is due, once.
    pub fn deliver(&self, cx: &Cx) -> Result<Tally, OutboxError> {
        let mut tally = Tally::default();
        let mut rests: BTreeMap<String, Rest> = BTreeMap::new();
        // What is put off is due later than this.
        let now = cx.clock().unix_seconds();
        loop {
            cx.cancel.check()?;
            let due = self.catalog.messages(now, PAGE)?;
            if due.is_empty() {
                return Ok(tally);
            }
            let mut queues: BTreeMap<&str, Vec<&MessageRow>> = BTreeMap::new();
            for row in &due {
                queues.entry(&row.message.notifier).or_default().push(row);
            }
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let start = |(name, queue)| {
                    let rest = rests.get(name).cloned();
                    scope.spawn(move || (name, self.empty(cx, name, queue, rest)))
                };
                let started: Vec<_> = queues
                    .iter()
                    .map(|(name, queue)| start((*name, queue)))
                    .collect();
                let ended = started.into_iter().map(std::thread::ScopedJoinHandle::join);
                ended
                    .map(|ended| ended.expect("a notifier gives errors"))
                    .collect()
            });
            // The others are through when one has failed.
            for (name, outcome) in outcomes {
                let (one, rest) = outcome?;
                tally.done += one.done;
                tally.later += one.later;
                tally.given_up += one.given_up;
                rests.extend(rest.map(|rest| (name.to_owned(), rest)));
            }
        }
    }

    /// The messages of one notifier; what became of them, and whether it is left alone now.
    fn empty(
        &self,
        cx: &Cx,
        name: &str,
        queue: &[&MessageRow],
        mut rest: Option<Rest>,
    ) -> Result<(Tally, Option<Rest>), OutboxError> {
        let mut tally = Tally::default();
        let mut failures = 0;
        for row in queue {
            cx.cancel.check()?;
            let how = match &rest {
                Some(rest) => self.later(cx, row, rest),
                None => match self.one(cx, name, row)? {
                    Sent::Is(how) => {
                        failures = 0;
                        how
                    }
                    Sent::Not { until, is_asked } => {
                        failures += 1;
                        let how = self.later(cx, row, &until);
                        if is_asked || failures >= FAILURES_MAX {
                            rest = Some(until);
                        }
                        how
                    }
                },
            };
            match &how {
                Delivery::Done => tally.done += 1,
                Delivery::Later { .. } => tally.later += 1,
                Delivery::GivenUp { error } => {
                    tally.given_up += 1;
                    let id = row.id;
                    cx.warn(format!("message {id} for `{name}` is given up: {error}"));
                }
            }
            self.catalog.delivered(row.id, &how)?;
        }
        Ok((tally, rest))
    }

    /// One try.
    fn one(&self, cx: &Cx, name: &str, row: &MessageRow) -> Result<Sent, OutboxError> {
        let message = match Event::parse(&row.message.body).and_then(|event| event.message()) {
            Ok(message) => message,
            Err(error) => {
                let error = error.to_string();
                return Ok(Sent::Is(Delivery::GivenUp { error }));
            }
        };
        let sent = match self.notifiers.get(name) {
            Some(notifier) => notifier.send(cx, &message),
            // It may come back: a project that is being worked on.
            None => Err(NotifyError::Later {
                notifier: name.to_owned(),
                detail: "the configuration has no such notifier".to_owned(),
                asked: None,
            }),
        };
        let error = match sent {
            Ok(()) => return Ok(Sent::Is(Delivery::Done)),
            Err(NotifyError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) => error,
        };
        let text = cx.redactor.redact(&with_causes(&error));
        let NotifyError::Later { asked, .. } = error else {
            return Ok(Sent::Is(Delivery::GivenUp { error: text }));
        };
        let wait = self.patience.wait(&message.id, row.tries, asked);
        Ok(Sent::Not {
            until: Rest {
                next_unix: cx.clock().unix_seconds().saturating_add_unsigned(wait),
                error: text,
            },
            is_asked: asked.is_some(),
        })
    }

    /// To be tried again, unless it is too old by then.
    fn later(&self, cx: &Cx, row: &MessageRow, until: &Rest) -> Delivery {
        let error = until.error.clone();
        let end = row
            .unix
            .saturating_add_unsigned(self.patience.all.as_secs());
        if cx.clock().unix_seconds() >= end {
            Delivery::GivenUp { error }
        } else {
            // The last try is made at the end itself.
            let next_unix = until.next_unix.min(end);
            Delivery::Later { next_unix, error }
        }
    }
}

/// Until when a message waits, and why.
#[derive(Debug, Clone)]
struct Rest {
    next_unix: i64,
    error: String,
}

/// How a try went.
enum Sent {
    /// It is over with the message.
    Is(Delivery),
    /// Not now.
    Not {
        until: Rest,
        /// Whether the other side said how long to wait.
        is_asked: bool,
    },
}

#[cfg(test)]
mod tests;
