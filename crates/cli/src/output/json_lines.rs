//! Progress for programs: one JSON object a line on standard error.

use std::io::Write as _;

use goldsmith_core::event::{Event, EventSink, VERSION};

/// JSON lines on standard error.
#[derive(Debug)]
pub(crate) struct JsonLines {
    is_quiet: bool,
}

impl JsonLines {
    pub(crate) fn new(is_quiet: bool) -> Self {
        Self { is_quiet }
    }
}

impl EventSink for JsonLines {
    fn emit(&self, event: Event) {
        if self.is_quiet && !matches!(event, Event::Warning { .. }) {
            return;
        }
        let mut value = serde_json::to_value(&event).expect("events hold text and numbers only");
        value["version"] = VERSION.into();
        drop(writeln!(std::io::stderr().lock(), "{value}"));
    }
}
