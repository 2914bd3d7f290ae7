//! Diagnostics with the lines they are about.

use std::fmt::Write as _;

use goldsmith_core::diagnostic::{Diagnostic, Label, Severity};

use crate::escape::escape;
use crate::style;

/// Characters of a line shown around the place; longer lines are cut.
const WIDTH: usize = 120;

/// One problem, with an excerpt for each place, ending with a line end.
pub(crate) fn diagnostic(problem: &Diagnostic) -> String {
    let (word, colour) = match problem.severity {
        Severity::Error => ("error", style::ERROR),
        Severity::Warning => ("warning", style::WARNING),
    };
    let mut text = format!(
        "{colour}{word}[{}]{}: {}\n",
        problem.code,
        style::RESET,
        escape(&problem.message)
    );
    let gutter = problem
        .labels
        .iter()
        .map(|label| {
            label
                .span
                .file
                .line_column(label.span.range.start)
                .0
                .to_string()
                .len()
        })
        .max()
        .unwrap_or(0);
    for label in &problem.labels {
        excerpt(&mut text, label, gutter, colour);
    }
    for note in &problem.notes {
        let _ = writeln!(
            text,
            "{:gutter$} {}={} {}",
            "",
            style::DIM,
            style::RESET,
            escape(note)
        );
    }
    text
}

fn excerpt(out: &mut String, label: &Label, gutter: usize, colour: anstyle::Style) {
    let file = &label.span.file;
    let (line, column) = file.line_column(label.span.range.start);
    let (end_line, end_column) = file.line_column(label.span.range.end);
    let (dim, reset) = (style::DIM, style::RESET);
    let _ = writeln!(
        out,
        "{:gutter$}{dim}-->{reset} {}",
        "",
        escape(&label.span.place())
    );
    let Some(source) = file.text().lines().nth(line - 1) else {
        return;
    };
    // Tabs count as one column in spans, so they must take one column here too.
    let source: Vec<char> = source
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let from = (column - 1).min(source.len());
    let to = if end_line == line {
        (end_column - 1).clamp(from, source.len())
    } else {
        source.len()
    };
    let start = from.saturating_sub(WIDTH / 2);
    let shown: String = source[start..].iter().take(WIDTH).collect();
    let carets = (to - from).clamp(1, WIDTH - (from - start).min(WIDTH - 1));
    let _ = writeln!(out, "{:gutter$} {dim}|{reset}", "");
    let _ = writeln!(out, "{dim}{line:>gutter$} |{reset} {}", shown.trim_end());
    let _ = writeln!(
        out,
        "{:gutter$} {dim}|{reset} {}{colour}{}{reset} {}",
        "",
        " ".repeat(from - start),
        "^".repeat(carets),
        escape(&label.text),
    );
    while out.ends_with(" \n") {
        out.truncate(out.len() - 2);
        out.push('\n');
    }
}

/// How many errors and warnings there are, as the last line.
pub(crate) fn tally(problems: &[Diagnostic]) -> String {
    let count = |severity| problems.iter().filter(|p| p.severity == severity).count();
    let plural = |n: usize, word: &str| {
        if n == 1 {
            format!("1 {word}")
        } else {
            format!("{n} {word}s")
        }
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match (errors, warnings) {
        (0, warnings) => plural(warnings, "warning") + "\n",
        (errors, 0) => plural(errors, "error") + "\n",
        _ => format!(
            "{}, {}\n",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    }
}

/// One problem as the object that `--json` prints.
pub(crate) fn json(problem: &Diagnostic) -> serde_json::Value {
    let labels: Vec<_> = problem
        .labels
        .iter()
        .map(|label| {
            let (line, column) = label.span.file.line_column(label.span.range.start);
            let (end_line, end_column) = label.span.file.line_column(label.span.range.end);
            serde_json::json!({ "file": label.span.file.name(), "line": line, "column": column,
                "end_line": end_line, "end_column": end_column, "text": label.text })
        })
        .collect();
    serde_json::json!({ "code": problem.code, "severity": problem.severity, "message": problem.message,
        "labels": labels, "notes": problem.notes })
}

#[cfg(test)]
mod tests {
    use goldsmith_core::diagnostic::{SourceFile, Span};

    use super::*;

    #[test]
    fn shows_the_line() {
        let file = SourceFile::new(
            "web.gold.hcl",
            "source \"debian\" \"s\" {\n\tsiute = 1\n}\n",
        );
        let problem = Diagnostic::error("L0102", "unknown key `siute`")
            .label(Span::new(&file, 23..28), "did you mean `suite`?")
            .note("known keys: suite");
        let text = anstream::adapter::strip_str(&diagnostic(&problem)).to_string();
        assert_eq!(
            text,
            "error[L0102]: unknown key `siute`\n --> web.gold.hcl:2:2\n  |\n2 |  siute = 1\n  |  ^^^^^ did you mean `suite`?\n  = known keys: suite\n"
        );
    }

    #[test]
    fn survives_odd_places() {
        let file = SourceFile::new("x", "é");
        for range in [0..2, 2..2, 5..9, 0..0] {
            let problem = Diagnostic::error("L0001", "m").label(Span::new(&file, range), "");
            assert!(diagnostic(&problem).contains('m'));
        }
    }
}
