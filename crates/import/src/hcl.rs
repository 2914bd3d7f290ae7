//! Writing HCL. The layout is the formatter's work; here it only has to be right.

use std::fmt::Write as _;

/// A file under way.
#[derive(Debug)]
pub(crate) struct Writer {
    out: String,
    depth: usize,
    /// Lines are comments: blocks that the language does not have yet.
    is_comment: bool,
}

impl Writer {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            out: format!("# {title}\n"),
            depth: 0,
            is_comment: false,
        }
    }

    pub(crate) fn line(&mut self, text: &str) {
        let indent = "  ".repeat(self.depth);
        let mark = if self.is_comment { "# " } else { "" };
        writeln!(self.out, "{mark}{indent}{text}").expect("a string takes everything");
    }

    pub(crate) fn blank(&mut self) {
        if !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A remark, one line each.
    pub(crate) fn remark(&mut self, text: &str) {
        let indent = "  ".repeat(self.depth);
        for line in text.lines() {
            writeln!(self.out, "{indent}# {}", printable(line)).expect("a string takes everything");
        }
    }

    /// `head { ... }`.
    pub(crate) fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    /// What is written in `body` becomes a comment.
    pub(crate) fn commented(&mut self, body: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.is_comment, true);
        body(self);
        self.is_comment = before;
    }

    pub(crate) fn attribute(&mut self, name: &str, value: &str) {
        self.line(&format!("{name} = {value}"));
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// A text as a string of the language.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c if c.is_control() => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes everything");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A list of strings.
pub(crate) fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(string).collect();
    format!("[{}]", texts.join(", "))
}

/// An object of strings.
pub(crate) fn object<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| {
            let mut plain = name.bytes().map(|b| b.is_ascii_alphanumeric() || b == b'_');
            let starts = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
            let name = if starts && plain.all(|is| is) {
                name.to_owned()
            } else {
                string(name)
            };
            format!("{name} = {}", string(value))
        })
        .collect();
    if pairs.is_empty() {
        return "{}".to_owned();
    }
    format!("{{ {} }}", pairs.join(", "))
}

/// A line that stays one line.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_mean_themselves() {
        assert_eq!(
            string("a\"b\\c\n${x} %{y} $z"),
            "\"a\\\"b\\\\c\\n$${x} %%{y} $z\""
        );
        assert_eq!(
            object([("a", "1"), ("b-c", "2")]),
            "{ a = \"1\", \"b-c\" = \"2\" }"
        );
        assert_eq!(object([]), "{}");
        assert_eq!(strings(["a", "b"]), "[\"a\", \"b\"]");
    }
}
