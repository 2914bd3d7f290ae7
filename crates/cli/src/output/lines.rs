//! Progress in a log: a line when a phase ends, and the lines that commands print.

use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::size::format_duration;

use crate::escape::escape;
use crate::style;

/// Plain lines on standard error.
#[derive(Debug)]
pub(crate) struct Lines {
    is_quiet: bool,
    verbosity: u8,
}

impl Lines {
    pub(crate) fn new(is_quiet: bool, verbosity: u8) -> Self {
        Self {
            is_quiet,
            verbosity,
        }
    }
}

/// The line that an event is worth, if any.
///
/// `dpkg` and its scripts talk for pages: they are shown with `-v`. What a component's
/// command prints is what its author wants to see, so it always is.
pub(super) fn line(event: &Event, verbosity: u8) -> Option<String> {
    match event {
        Event::PhaseStarted { .. } | Event::Progress { .. } => None,
        Event::PhaseFinished { phase, ms, summary } => {
            let time = format_duration(std::time::Duration::from_millis(*ms));
            Some(format!(
                "{}{phase:<20}{} {} {}({time}){}",
                style::GOOD,
                style::RESET,
                escape(summary),
                style::DIM,
                style::RESET
            ))
        }
        Event::Output { source, text, .. } => {
            let is_component = source.contains('/');
            (is_component || verbosity > 0).then(|| {
                format!(
                    "{}{}:{} {}",
                    style::DIM,
                    escape(source),
                    style::RESET,
                    escape(text)
                )
            })
        }
        Event::Note { text } => Some(format!("note: {}", escape(text))),
        Event::Warning { text } => Some(format!(
            "{}warning:{} {}",
            style::WARNING,
            style::RESET,
            escape(text)
        )),
    }
}

impl EventSink for Lines {
    fn emit(&self, event: Event) {
        let is_wanted = !self.is_quiet || matches!(event, Event::Warning { .. });
        if let Some(line) = line(&event, self.verbosity).filter(|_| is_wanted) {
            anstream::eprintln!("{line}");
        }
    }
}
