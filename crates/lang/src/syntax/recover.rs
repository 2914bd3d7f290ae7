//! Goes on after a syntax error: the parser stops at the first, so the top-level block that has
//! it is left out, and the rest of the file is read for its own problems.

use goldsmith_core::diagnostic::{Diagnostic, SourceFile};

use super::ast::Body;
use super::hcl;

/// Syntax errors reported for one file; more would only repeat what is wrong.
const ERRORS_MAX: usize = 20;
/// Brackets within brackets. Deeper is a mistake or an attack, and parsing recurses.
const DEPTH_MAX: usize = 100;

pub(super) fn parse(file: &SourceFile) -> (Body, Vec<Diagnostic>) {
    if let Some(problem) = too_deep(file) {
        return (Body::default(), vec![problem]);
    }
    let text = file.text();
    if let Ok((body, problems)) = hcl::body(file, text, 0) {
        return (body, problems);
    }
    let mut whole = Body::default();
    let mut problems = Vec::new();
    for (start, end) in pieces(text) {
        match hcl::body(file, &text[start..end], start) {
            Ok((body, found)) => {
                whole.attributes.extend(body.attributes);
                whole.blocks.extend(body.blocks);
                problems.extend(found);
            }
            Err(error) if problems.len() < ERRORS_MAX => {
                problems.push(hcl::diagnostic(file, &error, start));
            }
            Err(_) => {}
        }
    }
    if problems.is_empty() {
        // The pieces are fine and the whole is not: say what the parser said of the whole.
        if let Err(error) = hcl::body(file, text, 0) {
            problems.push(hcl::diagnostic(file, &error, 0));
        }
    }
    (whole, problems)
}

/// Pieces of a file that each begin with a line that looks like the start of a top-level block:
/// a word in the first column. Heredocs and comments may hold such lines too; the pieces are then
/// wrong, but the file has a syntax error anyway.
fn pieces(text: &str) -> Vec<(usize, usize)> {
    let mut starts = vec![0];
    let mut offset = 0;
    let mut heredoc: Option<String> = None;
    for line in text.split_inclusive('\n') {
        let is_start = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        match &heredoc {
            Some(end) if line.trim() == end => heredoc = None,
            Some(_) => {}
            None => {
                if is_start && offset > 0 {
                    starts.push(offset);
                }
                heredoc = line
                    .split_once("<<")
                    .map(|(_, rest)| rest.trim_start_matches('-').trim().to_owned());
                heredoc = heredoc.filter(|word| {
                    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_')
                });
            }
        }
        offset += line.len();
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.into_iter().zip(ends).collect()
}

/// Counts brackets without minding strings: an honest file is far from the limit.
fn too_deep(file: &SourceFile) -> Option<Diagnostic> {
    let mut depth = 0usize;
    for (offset, byte) in file.text().bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let place = goldsmith_core::diagnostic::Span::new(file, offset..offset + 1);
            return Some(
                Diagnostic::error(
                    "L0002",
                    format!("brackets are nested more than {DEPTH_MAX} deep"),
                )
                .label(place, "here"),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_blocks_around_an_error() {
        let text = "variable \"a\" {\n  type = string\n}\n\nvariable \"b\" {\n  type = = string\n}\n\nvariable \"c\" {\n  default = 1 +\n}\n\nvariable \"d\" {}\n";
        let (body, problems) = parse(&SourceFile::new("x.gold.hcl", text));
        let names: Vec<_> = body
            .blocks
            .iter()
            .map(|b| b.labels[0].text.as_str())
            .collect();
        assert_eq!(names, ["a", "d"]);
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].labels[0].span.place(), "x.gold.hcl:6:10");
    }

    #[test]
    fn depth_is_bounded() {
        let text = format!("a = {}1{}", "[".repeat(5000), "]".repeat(5000));
        let (_, problems) = parse(&SourceFile::new("x.gold.hcl", text));
        assert_eq!(problems[0].code, "L0002");
    }
}
