//! Standard output and standard error: results go to the first, everything else to the second.

mod bars;
mod json_lines;
mod lines;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use goldsmith_core::event::EventSink;

use crate::style;

/// How a command speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) is_json: bool,
    pub(crate) is_quiet: bool,
    /// How often `-v` was given.
    pub(crate) verbosity: u8,
}

impl Output {
    /// Who shows progress: bars on a terminal, lines in a log, JSON lines with `--json`.
    pub(crate) fn sink(self) -> Arc<dyn EventSink> {
        if self.is_json {
            Arc::new(json_lines::JsonLines::new(self.is_quiet))
        } else if std::io::stderr().is_terminal() && !self.is_quiet {
            Arc::new(bars::Bars::new(self.verbosity))
        } else {
            Arc::new(lines::Lines::new(self.is_quiet, self.verbosity))
        }
    }

    /// Prints a result for people, or, with `--json`, the object made by `json`.
    pub(crate) fn result(self, text: &str, json: impl FnOnce() -> serde_json::Value) {
        if self.is_json {
            self.json(&json());
        } else {
            self.text(text);
        }
    }

    /// Prints a result to standard error, because standard output is taken.
    pub(crate) fn result_beside(self, text: &str, json: impl FnOnce() -> serde_json::Value) {
        if self.is_json {
            self.error(&format!("{}\n", json()));
        } else {
            self.aside(text);
        }
    }

    /// Prints a result for people. A reader that has gone away (`| head`) is no failure.
    pub(crate) fn text(self, text: &str) {
        let mut out = anstream::stdout().lock();
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// Prints a JSON document.
    pub(crate) fn json(self, value: &serde_json::Value) {
        self.text(&format!("{value:#}\n"));
    }

    /// Prints to standard error, whatever is asked: failures.
    pub(crate) fn error(self, text: &str) {
        let mut out = anstream::stderr().lock();
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// Prints to standard error unless `--quiet`: warnings, notes.
    pub(crate) fn aside(self, text: &str) {
        if !self.is_quiet && !self.is_json {
            self.error(text);
        }
    }
}

/// A table without lines, its head in bold, for a terminal or a pipe.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: &[&str; N]| {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate() {
            if column > 0 {
                text.push_str("  ");
            }
            text.push_str(&crate::escape::escape(cell));
            if column + 1 < N {
                text.push_str(&" ".repeat(widths[column].saturating_sub(cell.chars().count())));
            }
        }
        text
    };
    let mut text = format!("{}{}{}\n", style::BOLD, line(&head), style::RESET);
    for row in &rows {
        text.push_str(&line(&std::array::from_fn(|column| row[column].as_str())));
        text.push('\n');
    }
    text
}

/// A time for people: `2026-11-23 12:00 UTC`.
pub(crate) fn date(unix: i64) -> String {
    jiff::Timestamp::from_second(unix).map_or_else(
        |_| "unknown".to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}
