//! Failures, as a person reads them, and the exit code of each: the one place that maps them.

use std::fmt::Write as _;

use goldsmith_core::diagnostic::{Diagnostic, Severity};
use goldsmith_core::failure::{Class, Failure};

use crate::escape::escape;
use crate::render;
use crate::style;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum CmdError {
    /// An operation failed.
    Failed(Box<dyn Failure>),
    /// What a person wrote has problems.
    Problems(Vec<Diagnostic>),
    /// The command itself refuses.
    Refused {
        class: Class,
        message: String,
        hints: Vec<String>,
    },
}

impl<F: Failure> From<F> for CmdError {
    fn from(failure: F) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl CmdError {
    /// The command line or what it names is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Refused {
            class: Class::Usage,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// What the project holds does not allow it.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::Refused {
            class: Class::Config,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// This machine does not allow it: `what` could not be done.
    pub(crate) fn io(what: impl Into<String>, error: &std::io::Error) -> Self {
        let message = format!("{}: {error}", what.into());
        Self::Refused {
            class: Class::Environment,
            message,
            hints: Vec::new(),
        }
    }

    /// Adds a line of advice to a refusal.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Refused { hints, .. } = &mut self {
            hints.push(hint.into());
        }
        self
    }

    /// The class, and with it the exit code.
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Failed(failure) => failure.class(),
            Self::Problems(_) => Class::Config,
            Self::Refused { class, .. } => *class,
        }
    }

    /// What to do next, a line each.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Failed(failure) => failure.hints(),
            Self::Problems(_) => Vec::new(),
            Self::Refused { hints, .. } => hints.clone(),
        }
    }

    /// The failure in a line, with its causes.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Failed(failure) => {
                let causes = std::iter::successors(failure.source(), |cause| cause.source());
                let mut words = vec![failure.to_string()];
                for cause in causes.map(ToString::to_string) {
                    // A transparent wrapper repeats its cause to the letter.
                    if words.last() != Some(&cause) {
                        words.push(cause);
                    }
                }
                words.join(": ")
            }
            Self::Problems(problems) => {
                let errors = problems.iter().filter(|p| p.severity == Severity::Error);
                let messages = errors.map(|problem| {
                    let place = problem.labels.first().map(|label| label.span.place());
                    let place = place.map_or_else(String::new, |place| format!("{place}: "));
                    format!("{place}{}", problem.message)
                });
                messages.collect::<Vec<_>>().join("; ")
            }
            Self::Refused { message, .. } => message.clone(),
        }
    }

    /// The failure for a terminal, ending with a line end.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Failed(failure) => {
                let mut text = headline(&failure.to_string());
                let mut seen = failure.to_string();
                let mut source = failure.source();
                while let Some(cause) = source {
                    // A transparent wrapper repeats its cause to the letter.
                    if cause.to_string() != seen {
                        seen = cause.to_string();
                        let _ = writeln!(text, "caused by: {}", escape(&seen));
                    }
                    source = cause.source();
                }
                advise(&mut text, &failure.hints());
                text
            }
            Self::Problems(problems) => {
                let mut text: String = problems
                    .iter()
                    .map(|p| render::diagnostic(p) + "\n")
                    .collect();
                text.push_str(&render::tally(problems));
                text
            }
            Self::Refused { message, hints, .. } => {
                let mut text = headline(message);
                advise(&mut text, hints);
                text
            }
        }
    }

    /// The failure as the object that `--json` prints.
    pub(crate) fn json(&self) -> serde_json::Value {
        let class = format!("{:?}", self.class()).to_lowercase();
        let (message, causes, hints, problems) = match self {
            Self::Failed(failure) => {
                let causes = std::iter::successors(failure.source(), |cause| cause.source());
                let causes: Vec<String> = causes.map(ToString::to_string).collect();
                (failure.to_string(), causes, failure.hints(), Vec::new())
            }
            Self::Problems(problems) => {
                let errors = problems
                    .iter()
                    .filter(|p| p.severity == Severity::Error)
                    .count();
                let shown = problems.iter().map(render::json).collect();
                (format!("{errors} errors"), Vec::new(), Vec::new(), shown)
            }
            Self::Refused { message, hints, .. } => {
                (message.clone(), Vec::new(), hints.clone(), Vec::new())
            }
        };
        serde_json::json!({
            "error": { "class": class, "exit_code": self.class().exit_code(), "message": message,
                "causes": causes, "hints": hints, "problems": problems }
        })
    }
}

pub(crate) fn headline(message: &str) -> String {
    format!(
        "{}{}:{} {}\n",
        style::ERROR,
        "error",
        style::RESET,
        escape(message)
    )
}

fn advise(text: &mut String, hints: &[String]) {
    if !hints.is_empty() {
        text.push('\n');
    }
    for hint in hints {
        let _ = writeln!(
            text,
            "{}hint:{} {}",
            style::HINT,
            style::RESET,
            escape(hint)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot do it")]
    struct Outer(#[source] std::io::Error);

    impl Failure for Outer {
        fn class(&self) -> Class {
            Class::Environment
        }

        fn hints(&self) -> Vec<String> {
            vec!["try the other way".to_owned()]
        }
    }

    #[test]
    fn says_cause_and_hint_once() {
        let error = CmdError::from(Outer(std::io::Error::other("disk\x1b[31m full")));
        let text = anstream::adapter::strip_str(&error.text()).to_string();
        assert_eq!(
            text,
            "error: cannot do it\ncaused by: disk\\u{1b}[31m full\n\nhint: try the other way\n"
        );
        assert_eq!(error.class().exit_code(), 7);
        assert_eq!(error.json()["error"]["causes"][0], "disk\u{1b}[31m full");
    }
}
