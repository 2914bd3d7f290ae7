//! Words, operators and redirections of a shell script.

use super::{Redirect, Word};

pub(super) enum Token {
    Word(Word),
    Redirect(Redirect),
    /// `;`, `&&`, a line end, ...
    Operator(&'static str),
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Ends of the here-documents that begin after this line, and whether tabs go before.
    waiting: Vec<(String, bool)>,
}

/// Longest first.
const OPERATORS: [&str; 13] = [
    ";;&", "&&", "||", ";;", ";&", "|&", ";", "&", "|", "(", ")", "\n", "\r",
];
const REDIRECTS: [&str; 12] = [
    "<<<", "<<-", "&>>", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "<", ">",
];

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            waiting: Vec::new(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Spaces, continued lines, comments.
    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let space = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            self.at += space;
            let rest = self.rest();
            if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    /// Passes over the texts of here-documents whose line is over.
    fn skip_documents(&mut self) {
        for (end, has_tabs) in std::mem::take(&mut self.waiting) {
            loop {
                let rest = self.rest();
                if rest.is_empty() {
                    return;
                }
                let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
                let line = rest[..length].trim_end_matches(['\n', '\r']);
                self.at += length;
                let line = if has_tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if line == end {
                    break;
                }
            }
        }
    }

    /// A redirection at this place, its digits or `{name}` included.
    fn redirect(&mut self) -> Option<Redirect> {
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let behind = &rest[digits..];
        // `<(...)` is a word.
        let is_process = behind.starts_with("<(") || behind.starts_with(">(");
        let operator = REDIRECTS
            .into_iter()
            .find(|operator| behind.starts_with(operator) && !is_process)?;
        let operator = &rest[..digits + operator.len()];
        self.at += operator.len();
        self.skip_space();
        let is_copy = operator.ends_with('&');
        let mut target = self.word();
        if is_copy {
            // `2>&1` reads as `2>` and `&1`.
            target.text.insert(0, '&');
        }
        let operator = operator.strip_suffix('&').unwrap_or(operator).to_owned();
        if operator.ends_with("<<") || operator.ends_with("<<-") {
            let end = target.text.replace(['"', '\'', '\\'], "");
            self.waiting.push((end, operator.ends_with('-')));
        }
        Some(Redirect { operator, target })
    }

    fn word(&mut self) -> Word {
        let start = self.at;
        while let Some(length) = piece(self.rest(), 0) {
            self.at += length;
        }
        Word {
            text: self.text[start..self.at].to_owned(),
            range: start..self.at,
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_space();
        if self.rest().is_empty() {
            return None;
        }
        if let Some(redirect) = self.redirect() {
            return Some(Token::Redirect(redirect));
        }
        let rest = self.rest();
        let operator = OPERATORS
            .into_iter()
            .find(|operator| rest.starts_with(operator));
        if let Some(operator) = operator {
            self.at += operator.len();
            if operator == "\n" {
                self.skip_documents();
            }
            return Some(Token::Operator(operator));
        }
        Some(Token::Word(self.word()))
    }
}

/// Deepest nesting of substitutions that is followed.
const DEPTH_MAX: usize = 32;

/// Length of the next piece of a word; `None` where the word ends.
fn piece(text: &str, depth: usize) -> Option<usize> {
    let first = text.chars().next()?;
    let inner = |skip: usize, end: char| skip + until(&text[skip..], end, depth + 1);
    Some(match first {
        ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '(' | ')' => return None,
        '<' | '>' if text[1..].starts_with('(') => inner(2, ')'),
        '<' | '>' => return None,
        '\\' => 1 + text[1..].chars().next().map_or(0, char::len_utf8),
        '\'' => 1 + text[1..].find('\'').map_or(text.len() - 1, |at| at + 1),
        '"' => inner(1, '"'),
        '`' => inner(1, '`'),
        '$' if text[1..].starts_with("((") => inner(2, ')'),
        '$' if text[1..].starts_with('(') => inner(2, ')'),
        '$' if text[1..].starts_with('{') => inner(2, '}'),
        '$' if text[1..].starts_with('\'') => 2 + escaped(&text[2..]),
        '{' if text[1..].starts_with('{') => reference(text).unwrap_or(1),
        // An array: `NAME=(a b)`; only reached within a word.
        other => {
            let length = other.len_utf8();
            if other == '=' && text[length..].starts_with('(') {
                inner(length + 1, ')')
            } else {
                length
            }
        }
    })
}

/// Longest reference: what does not end by then is none.
const REFERENCE_MAX: usize = 512;

/// Length of `{{ ... }}` on one line.
fn reference(text: &str) -> Option<usize> {
    let bytes = &text.as_bytes()[..text.len().min(REFERENCE_MAX)];
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let end = line.windows(2).position(|pair| pair == b"}}")?;
    Some(end + 2)
}

/// Length of what stands before and with the `'` that ends `$'...'`.
fn escaped(text: &str) -> usize {
    let mut is_escape = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escape => is_escape = false,
            b'\\' => is_escape = true,
            b'\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length up to and with `end`, whatever is nested in between passed over; all when it does
/// not come.
fn until(text: &str, end: char, depth: usize) -> usize {
    let mut at = 0;
    let mut parens = 0;
    while let Some(next) = text[at..].chars().next() {
        if next == end && parens == 0 {
            return at + next.len_utf8();
        }
        if depth > DEPTH_MAX {
            at += next.len_utf8();
            continue;
        }
        at += match next {
            // In double quotes only these mean something.
            '\'' | '(' | ')' | '<' | '>' | ' ' | '#' if end == '"' => 1,
            '"' if end == '`' => 1,
            '(' | ')' if end == ')' => {
                parens = if next == '(' { parens + 1 } else { parens - 1 };
                1
            }
            _ => piece(&text[at..], depth).unwrap_or_else(|| next.len_utf8()),
        };
    }
    text.len()
}
