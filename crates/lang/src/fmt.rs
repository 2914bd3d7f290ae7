//! The canonical layout of HCL: two spaces for each level, `=` of neighbouring attributes in one
//! column, one blank line at most. Works on lines, so comments and everything inside heredocs stay
//! as they are; a text that does not parse is refused, and so would be a result that does not mean
//! the same.

use goldsmith_core::diagnostic::{Diagnostic, SourceFile};

use crate::syntax;

/// Formats a file. The result parses to the same tree, and formatting it again changes nothing.
pub fn format(name: &str, bytes: &[u8]) -> Result<String, Diagnostic> {
    let file = syntax::decode(name, bytes)?;
    let (before, problems) = syntax::parse(&file);
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let text = layout(file.text());
    let (after, problems) = syntax::parse(&SourceFile::new(name, text.as_str()));
    if !problems.is_empty() || shape(&before) != shape(&after) {
        // Never seen; a file that we would change in meaning is left as it is.
        return Ok(file.text().to_owned());
    }
    Ok(text)
}

/// A tree without its places, for comparison.
fn shape(body: &syntax::Body) -> String {
    let text = format!("{body:?}");
    let mut out = String::new();
    let mut rest = text.as_str();
    // `at: 12..34` and `head: 12..34` are what differs.
    while let Some(at) = rest.find("..") {
        let start = rest[..at]
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .len();
        let end = at
            + 2
            + rest[at + 2..]
                .chars()
                .take_while(char::is_ascii_digit)
                .count();
        out.push_str(&rest[..start]);
        rest = &rest[end..];
    }
    out + rest
}

/// One line of the source and what is known about it.
struct Line {
    text: String,
    depth: usize,
    /// Inside a heredoc or a block comment: not ours to change.
    is_fixed: bool,
    /// Column of the `=` of an attribute whose value begins on this line.
    equals: Option<usize>,
}

fn layout(text: &str) -> String {
    let mut scanner = Scanner::default();
    let mut lines: Vec<Line> = Vec::new();
    for line in text.replace("\r\n", "\n").lines() {
        lines.push(scanner.line(line));
    }
    align(&mut lines);
    let mut out = String::new();
    let mut is_after_blank = true;
    for (n, line) in lines.iter().enumerate() {
        if line.is_fixed {
            out.push_str(&line.text);
            out.push('\n');
            is_after_blank = false;
            continue;
        }
        if line.text.is_empty() {
            let next = lines[n + 1..]
                .iter()
                .find(|next| next.is_fixed || !next.text.is_empty());
            let closes =
                next.is_none_or(|next| !next.is_fixed && next.text.starts_with(['}', ']', ')']));
            if !is_after_blank && !closes {
                out.push('\n');
            }
            is_after_blank = true;
            continue;
        }
        out.push_str(&"  ".repeat(line.depth));
        out.push_str(&line.text);
        out.push('\n');
        is_after_blank = line.text.ends_with(['{', '[', '(']);
    }
    out
}

/// Follows brackets, strings, comments and heredocs from line to line.
#[derive(Default)]
struct Scanner {
    depth: usize,
    heredoc: Option<String>,
    in_comment: bool,
}

impl Scanner {
    fn line(&mut self, line: &str) -> Line {
        let fixed = |text: &str| Line {
            text: text.to_owned(),
            depth: 0,
            is_fixed: true,
            equals: None,
        };
        if let Some(end) = &self.heredoc {
            if line.trim() == *end {
                self.heredoc = None;
            }
            return fixed(line);
        }
        if self.in_comment {
            self.in_comment = !line.contains("*/");
            return fixed(line);
        }
        let text = line.trim().to_owned();
        let start = self.depth;
        let mut equals = None;
        // Closing brackets at the start of a line belong to the level outside.
        let closing = text
            .chars()
            .take_while(|c| matches!(c, '}' | ']' | ')'))
            .count();
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut lowest = start;
        while at < bytes.len() {
            match bytes[at] {
                b'"' => at = string_end(bytes, at),
                b'#' => break,
                b'/' if bytes.get(at + 1) == Some(&b'/') => break,
                b'/' if bytes.get(at + 1) == Some(&b'*') => {
                    if let Some(end) = text[at..].find("*/") {
                        at += end + 1;
                    } else {
                        self.in_comment = true;
                        break;
                    }
                }
                b'<' if text[at..].starts_with("<<") => {
                    let word = text[at + 2..].trim_start_matches('-').trim();
                    if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_') {
                        self.heredoc = Some(word.to_owned());
                        break;
                    }
                }
                b'{' | b'[' | b'(' => self.depth += 1,
                b'}' | b']' | b')' => {
                    self.depth = self.depth.saturating_sub(1);
                    lowest = lowest.min(self.depth);
                }
                b'=' if equals.is_none() && self.depth == start && is_assignment(bytes, at) => {
                    equals = Some(at);
                }
                _ => {}
            }
            at += 1;
        }
        let depth = if closing > 0 {
            lowest.min(start.saturating_sub(1))
        } else {
            start
        };
        Line {
            text,
            depth,
            is_fixed: false,
            equals,
        }
    }
}

/// Where a string ends, with the templates in it.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    let mut depth = 0usize;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'$' | b'%'
                if bytes.get(at + 1) == Some(&b'{')
                    && bytes.get(at.wrapping_sub(1)) != Some(&bytes[at]) =>
            {
                depth += 1;
                at += 1;
            }
            b'{' if depth > 0 => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'"' if depth > 0 => at = string_end(bytes, at),
            b'"' => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether the `=` at this place sets an attribute: a name before it, and no second `=`.
fn is_assignment(bytes: &[u8], at: usize) -> bool {
    let name = std::str::from_utf8(&bytes[..at]).unwrap_or_default().trim();
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_-\"".contains(c));
    is_name && !matches!(bytes.get(at + 1), Some(b'=' | b'>'))
}

/// Puts the `=` of attributes on neighbouring lines of one level into one column.
fn align(lines: &mut [Line]) {
    let mut start = 0;
    while start < lines.len() {
        let depth = lines[start].depth;
        let mut end = start;
        while end < lines.len()
            && lines[end].equals.is_some()
            && lines[end].depth == depth
            && !lines[end].is_fixed
        {
            end += 1;
            // A value of several lines ends the group with its first line.
            let opens = lines[end - 1].text.ends_with(['{', '[', '('])
                || lines.get(end).is_some_and(|next| next.is_fixed);
            if opens {
                break;
            }
        }
        let name = |line: &Line| {
            line.equals
                .map_or(0, |at| line.text[..at].trim_end().chars().count())
        };
        let widest = lines[start..end].iter().map(name).max().unwrap_or(0);
        for line in &mut lines[start..end] {
            let at = line.equals.unwrap_or(0);
            let (left, right) = (
                line.text[..at].trim_end().to_owned(),
                line.text[at + 1..].trim_start().to_owned(),
            );
            let space = " ".repeat(widest - left.chars().count());
            line.text = format!("{left}{space} = {right}");
        }
        start = end.max(start + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let once = format("x.gold.hcl", input.as_bytes()).unwrap();
        assert_eq!(once, expected);
        assert_eq!(
            format("x.gold.hcl", once.as_bytes()).unwrap(),
            once,
            "formatting again changes it"
        );
    }

    #[test]
    fn aligns_and_indents() {
        check(
            "recipe \"web\"   {\n\n\nversion=\"1.0.x\"\n   source = source.debian.s\n\n\n   disk {\n size = \"2GiB\"\n}\n\n}\n",
            "recipe \"web\"   {\n  version = \"1.0.x\"\n  source  = source.debian.s\n\n  disk {\n    size = \"2GiB\"\n  }\n}\n",
        );
    }

    #[test]
    fn leaves_heredocs_and_comments() {
        let text = "locals {\n  # a comment = with this\n  text = <<-EOT\n      keep   this\n    a = b\n  EOT\n  list = [\n    \"a\", # one\n    \"b = c\",\n  ]\n  s = \"${join(\",\", [\"x\"])} {\"\n}\n";
        let formatted = format("x.gold.hcl", text.as_bytes()).unwrap();
        assert!(
            formatted.contains("      keep   this\n    a = b\n"),
            "{formatted}"
        );
        assert!(formatted.contains("    \"b = c\",\n"), "{formatted}");
        assert_eq!(
            format("x.gold.hcl", formatted.as_bytes()).unwrap(),
            formatted
        );
    }

    #[test]
    fn refuses_what_does_not_parse() {
        assert!(format("x.gold.hcl", b"a = = 1\n").is_err());
    }
}
