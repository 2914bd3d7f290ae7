//! Progress on a terminal: a bar for each phase under way, a line for each that is done.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use goldsmith_core::event::{Event, EventSink, Unit};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::lines;

/// Bars on standard error.
#[derive(Debug)]
pub(crate) struct Bars {
    bars: MultiProgress,
    under_way: Mutex<BTreeMap<String, ProgressBar>>,
    verbosity: u8,
}

impl Bars {
    pub(crate) fn new(verbosity: u8) -> Self {
        Self {
            bars: MultiProgress::new(),
            under_way: Mutex::default(),
            verbosity,
        }
    }

    fn start(&self, phase: String, total: Option<u64>, unit: Option<Unit>) {
        let template = match (total, unit) {
            (Some(_), Some(Unit::Bytes)) => {
                "{spinner} {msg:<20} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}"
            }
            (Some(_), _) => "{spinner} {msg:<20} {bar:30} {pos}/{len}",
            (None, Some(Unit::Bytes)) => "{spinner} {msg:<20} {bytes}",
            (None, _) => "{spinner} {msg:<20} {elapsed}",
        };
        let style =
            ProgressStyle::with_template(template).expect("the templates above are well formed");
        let bar = self.bars.add(
            ProgressBar::new(total.unwrap_or(0))
                .with_style(style)
                .with_message(phase.clone()),
        );
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Some(old) = self
            .under_way
            .lock()
            .expect("no panic while held")
            .insert(phase, bar)
        {
            old.finish_and_clear();
        }
    }
}

impl EventSink for Bars {
    fn emit(&self, event: Event) {
        let line = lines::line(&event, self.verbosity);
        match event {
            Event::PhaseStarted { phase, total, unit } => self.start(phase, total, unit),
            Event::Progress { phase, done } => {
                if let Some(bar) = self
                    .under_way
                    .lock()
                    .expect("no panic while held")
                    .get(&phase)
                {
                    bar.set_position(done);
                }
            }
            Event::PhaseFinished { phase, .. } => {
                if let Some(bar) = self
                    .under_way
                    .lock()
                    .expect("no panic while held")
                    .remove(&phase)
                {
                    bar.finish_and_clear();
                }
            }
            Event::Output { .. } | Event::Note { .. } | Event::Warning { .. } => {}
        }
        if let Some(line) = line {
            drop(self.bars.println(line));
        }
    }

    fn aside(&self, work: &mut dyn FnMut()) {
        self.bars.suspend(work);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // What failed half-way must not leave its bar on the screen.
        drop(self.bars.clear());
    }
}
