//! Everything ambient that an operation needs: clock, events, cancellation, secrets.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::event::{Event, EventSink, NoEvents, Unit};
use crate::failure::Cancelled;
use crate::secret::Redactor;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC. Decides validity, never content.
    fn unix_seconds(&self) -> i64;
    /// Time since some fixed moment; only differences mean something.
    fn monotonic(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration);
}

/// A flag that says: stop soon and leave nothing behind. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    /// Whose work this is a part of.
    above: Option<Arc<Cancel>>,
}

impl Cancel {
    /// Asks everyone who holds a clone to stop.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::SeqCst);
    }

    /// A flag for a part of the work, which can be stopped alone: it stops when either is asked.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            flag: Arc::default(),
            above: Some(Arc::new(self.clone())),
        }
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        let above = self.above.as_ref();
        self.flag.load(Ordering::SeqCst) || above.is_some_and(|above| above.is_cancelled())
    }

    /// `Err` once somebody asked: put it with `?` into every loop that may last.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

/// The context of an operation: first parameter of whatever works for long.
/// Cheap to clone.
#[derive(Clone)]
pub struct Cx {
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventSink>,
    /// Asked for by Ctrl-C.
    pub cancel: Cancel,
    /// Every secret known so far.
    pub redactor: Redactor,
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}

impl Cx {
    /// A context; `cancel` and the secrets are fresh.
    pub fn new(clock: Arc<dyn Clock>, events: Arc<dyn EventSink>) -> Self {
        Self {
            clock,
            events,
            cancel: Cancel::default(),
            redactor: Redactor::default(),
        }
    }

    /// A context whose events go nowhere.
    pub fn silent(clock: Arc<dyn Clock>) -> Self {
        Self::new(clock, Arc::new(NoEvents))
    }

    /// The same, for cleaning up: it goes on when somebody has asked to stop.
    #[must_use]
    pub fn uncancelled(&self) -> Self {
        Self {
            cancel: Cancel::default(),
            ..self.clone()
        }
    }

    /// The same context whose events go elsewhere.
    #[must_use]
    pub fn with_events(&self, events: Arc<dyn EventSink>) -> Self {
        Self {
            events,
            ..self.clone()
        }
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Sends an event, secrets taken out of its texts.
    pub fn emit(&self, mut event: Event) {
        match &mut event {
            Event::Output { text, .. }
            | Event::Note { text }
            | Event::Warning { text }
            | Event::PhaseFinished { summary: text, .. } => *text = self.redactor.redact(text),
            Event::PhaseStarted { .. } | Event::Progress { .. } => {}
        }
        self.events.emit(event);
    }

    /// Sends a [`Event::Note`].
    pub fn note(&self, text: impl Into<String>) {
        self.emit(Event::Note { text: text.into() });
    }

    /// Sends a [`Event::Warning`].
    pub fn warn(&self, text: impl Into<String>) {
        self.emit(Event::Warning { text: text.into() });
    }

    /// Runs something that has the terminal for itself.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut work = Some(work);
        let mut result = None;
        self.events.aside(&mut || {
            result = work.take().map(|work| work());
        });
        result.expect("a sink runs what it is given")
    }

    /// Starts a phase. Call [`Phase::finish`] when it went well; a phase that is
    /// dropped has failed and says nothing.
    pub fn phase(&self, name: impl Into<String>, total: Option<(u64, Unit)>) -> Phase {
        let name = name.into();
        self.emit(Event::PhaseStarted {
            phase: name.clone(),
            total: total.map(|t| t.0),
            unit: total.map(|t| t.1),
        });
        Phase {
            cx: self.clone(),
            name,
            started: self.clock.monotonic(),
        }
    }
}

/// A phase of the work under way.
#[derive(Debug)]
pub struct Phase {
    cx: Cx,
    name: String,
    started: Duration,
}

impl Phase {
    /// Says how far it is, in the phase's unit.
    pub fn progress(&self, done: u64) {
        self.cx.emit(Event::Progress {
            phase: self.name.clone(),
            done,
        });
    }

    /// Ends the phase well; gives its wall time.
    pub fn finish(self, summary: impl Into<String>) -> Duration {
        let time = self.cx.clock.monotonic().saturating_sub(self.started);
        self.cx.emit(Event::PhaseFinished {
            phase: self.name.clone(),
            ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            summary: summary.into(),
        });
        time
    }
}

#[cfg(test)]
mod tests {
    use super::Cancel;

    #[test]
    fn a_part_stops_alone_and_with_the_whole() {
        let whole = Cancel::default();
        let (one, other) = (whole.part(), whole.part());
        one.cancel();
        let stopped = [&one, &other, &whole].map(Cancel::is_cancelled);
        assert_eq!(stopped, [true, false, false]);
        whole.cancel();
        assert!(other.part().is_cancelled());
    }
}
