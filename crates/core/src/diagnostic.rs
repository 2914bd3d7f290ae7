//! Problems found in text a person wrote, as data. The surface renders them.

use std::ops::Range;
use std::sync::Arc;

/// One file as it was read, for excerpts. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile(Arc<(String, String)>);

impl SourceFile {
    /// `name` is shown to the user: the path as they would type it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Arc::new((name.into(), text.into())))
    }

    /// The path as the user would type it.
    pub fn name(&self) -> &str {
        &self.0.0
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0.1
    }

    /// Line and column, both from 1, of a byte offset; the column counts characters.
    /// An offset past the end is the end.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let text = self.text();
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// A place in a file: a range of byte offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Where the text is.
    pub file: SourceFile,
    /// Byte offsets into [`SourceFile::text`].
    pub range: Range<usize>,
}

impl Span {
    /// A place in `file`.
    pub fn new(file: &SourceFile, range: Range<usize>) -> Self {
        Self {
            file: file.clone(),
            range,
        }
    }

    /// `path:line:column`, as compilers print it.
    pub fn place(&self) -> String {
        let (line, column) = self.file.line_column(self.range.start);
        format!("{}:{line}:{column}", self.file.name())
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look; nothing stops.
    Warning,
    /// The input cannot be used.
    Error,
}

/// One problem, with the places that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code such as `L0102`: `L` language, `C` component document, `P` plan.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line: lower case, no final period, names in backticks.
    pub message: String,
    /// The first label is the place itself; more give context.
    pub labels: Vec<Label>,
    /// What to do, or what is known: a line each.
    pub notes: Vec<String>,
}

/// A place and what to say about it (may be empty).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Shown beside the underlined text.
    pub text: String,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Adds a place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a line of advice.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The name nearest to a mistyped one, when it is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits (insert, delete, change, swap of neighbours) between two names.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(64).flat_map(char::to_lowercase).collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let file = SourceFile::new("a.gold.hcl", "first\nsécond line\n");
        assert_eq!(Span::new(&file, 9..10).place(), "a.gold.hcl:2:3");
        assert_eq!(file.line_column(10_000), (3, 1));
    }

    #[test]
    fn suggests() {
        let known = ["packages", "suite", "mirror"];
        assert_eq!(nearest("pakcages", known), Some("packages"));
        assert_eq!(nearest("siute", known), Some("suite"));
        assert_eq!(nearest("keyring", known), None);
    }
}
