//! Collects the problems of one document.

use std::ops::Range;

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span, nearest};

/// The problems found so far.
pub(crate) struct Problems {
    pub(crate) file: SourceFile,
    list: Vec<Diagnostic>,
}

impl Problems {
    pub(crate) fn new(file: &SourceFile) -> Self {
        Self {
            file: file.clone(),
            list: Vec::new(),
        }
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
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

    fn push(
        &mut self,
        problem: Diagnostic,
        at: &Range<usize>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        let span = Span::new(&self.file, at.clone());
        self.list.push(problem.label(span, label));
        self.list.last_mut().expect("it was just put there")
    }

    /// In the order of the text.
    pub(crate) fn sorted(mut self) -> Vec<Diagnostic> {
        let place =
            |problem: &Diagnostic| problem.labels.first().map(|label| label.span.range.start);
        self.list.sort_by_key(place);
        self.list
    }
}

/// `did you mean ...?`, when something known is near.
pub(crate) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |known| format!("did you mean `{known}`?"))
}
