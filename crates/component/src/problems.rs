//! Collects the problems of one document.

use std::ops::Range;

use goldsmith_core::diagnostic::{Diagnostic, Severity, SourceFile, Span, nearest};

/// Most problems of one document that are kept: nobody reads more, and a hostile text has
/// hundreds of thousands.
const KEPT_MAX: usize = 1000;

/// Most names that are looked through for what may have been meant.
const NAMES_MAX: usize = 200;

/// The problems found so far.
pub(crate) struct Problems {
    pub(crate) file: SourceFile,
    list: Vec<Diagnostic>,
    /// Takes what is too much.
    spare: Option<Diagnostic>,
    has_errors: bool,
}

impl Problems {
    pub(crate) fn new(file: &SourceFile) -> Self {
        Self {
            file: file.clone(),
            list: Vec::new(),
            spare: None,
            has_errors: false,
        }
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        self.has_errors = true;
        self.push(Diagnostic::error(code, message), at, label)
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        at: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::warning(code, message), at, label)
    }

    /// Whether an error was among them.
    pub(crate) const fn has_errors(&self) -> bool {
        self.has_errors
    }

    fn push(
        &mut self,
        problem: Diagnostic,
        at: &Range<usize>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        let span = Span::new(&self.file, at.clone());
        let problem = problem.label(span, label);
        if self.list.len() == KEPT_MAX {
            return self.spare.insert(problem);
        }
        self.list.push(problem);
        self.list.last_mut().expect("it was just put there")
    }

    /// In the order of the text.
    pub(crate) fn sorted(mut self) -> Vec<Diagnostic> {
        let next = self.spare.take();
        self.list.sort_by_key(start);
        if let Some(next) = next {
            let message = format!("more than {KEPT_MAX} problems: the others are not shown");
            let mut last = Diagnostic::warning(crate::code::SIZE, message);
            // What is not shown may be the only error.
            if self.has_errors {
                last.severity = Severity::Error;
            }
            last.labels.extend(next.labels.into_iter().take(1));
            self.list.push(last);
        }
        self.list
    }
}

/// Where a problem begins.
pub(crate) fn start(problem: &Diagnostic) -> usize {
    let label = problem.labels.first();
    label.map_or(0, |label| label.span.range.start)
}

/// `did you mean ...?`, when something known is near or goes on from there.
pub(crate) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().take(NAMES_MAX).collect();
    let mut longer = known.iter().copied().filter(|known| {
        let start = known.get(..name.len());
        name.len() > 3 && start.is_some_and(|start| start.eq_ignore_ascii_case(name))
    });
    nearest(name, known.iter().copied())
        .or_else(|| longer.next())
        .map_or_else(String::new, |known| format!("did you mean `{known}`?"))
}
