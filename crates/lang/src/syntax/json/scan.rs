//! JSON with places. `serde_json` keeps none, and a problem without its place helps nobody.

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span};

use crate::syntax::ast::{Bytes, Name};
use crate::value::Number;

const DEPTH_MAX: usize = 100;

pub(super) struct Node {
    pub(super) json: Json,
    pub(super) at: Bytes,
}

pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(Name, Node)>),
}

pub(super) fn parse(file: &SourceFile) -> Result<Node, Diagnostic> {
    let mut scanner = Scanner {
        text: file.text(),
        at: 0,
    };
    let parsed = scanner.value(0).and_then(|node| {
        scanner.space();
        if scanner.at < scanner.text.len() {
            scanner.wrong("nothing may follow here")
        } else {
            Ok(node)
        }
    });
    parsed.map_err(|(message, at)| {
        let end = file.text()[at..]
            .chars()
            .next()
            .map_or(at, |c| at + c.len_utf8());
        Diagnostic::error("L0001", format!("syntax error: {message}"))
            .label(Span::new(file, at..end), "here")
    })
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

type Scanned<T> = Result<T, (String, usize)>;

impl Scanner<'_> {
    fn wrong<T>(&self, message: &str) -> Scanned<T> {
        Err((message.to_owned(), self.at.min(self.text.len())))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len()
            - self
                .rest()
                .trim_start_matches([' ', '\t', '\n', '\r'])
                .len();
    }

    fn take(&mut self, word: &str) -> bool {
        let is_there = self.rest().starts_with(word);
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn value(&mut self, depth: usize) -> Scanned<Node> {
        if depth > DEPTH_MAX {
            return self.wrong("nested too deep");
        }
        self.space();
        let start = self.at;
        let json = match self.rest().as_bytes().first().copied() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Json::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ if self.take("true") => Json::Bool(true),
            _ if self.take("false") => Json::Bool(false),
            _ if self.take("null") => Json::Null,
            _ => return self.wrong("a value is expected"),
        };
        Ok(Node {
            json,
            at: start..self.at,
        })
    }

    fn object(&mut self, depth: usize) -> Scanned<Json> {
        self.at += 1;
        let mut members: Vec<(Name, Node)> = Vec::new();
        self.space();
        if self.take("}") {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if !self.rest().starts_with('"') {
                return self.wrong("a name in quotes is expected");
            }
            let text = self.string()?;
            let name = Name {
                text,
                at: start..self.at,
            };
            self.space();
            if !self.take(":") {
                return self.wrong("`:` is expected");
            }
            let value = self.value(depth + 1)?;
            members.push((name, value));
            self.space();
            if self.take("}") {
                return Ok(Json::Object(members));
            }
            if !self.take(",") {
                return self.wrong("`,` or `}` is expected");
            }
        }
    }

    fn array(&mut self, depth: usize) -> Scanned<Json> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take("]") {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take("]") {
                return Ok(Json::Array(items));
            }
            if !self.take(",") {
                return self.wrong("`,` or `]` is expected");
            }
        }
    }

    /// The end of a string is found here, its escapes are `serde_json`'s to undo.
    fn string(&mut self) -> Scanned<String> {
        let start = self.at;
        let mut is_escaped = false;
        let end = self.rest()[1..].bytes().position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        let Some(end) = end else {
            return self.wrong("this string has no end");
        };
        self.at += end + 2;
        serde_json::from_str(&self.text[start..self.at])
            .map_err(|_| ("this string is not well formed".to_owned(), start))
    }

    fn number(&mut self) -> Scanned<Json> {
        let start = self.at;
        let is_part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        let length = self
            .rest()
            .find(|c| !is_part(c))
            .unwrap_or(self.rest().len());
        self.at += length;
        let text = &self.text[start..self.at];
        let is_json = serde_json::from_str::<serde_json::Number>(text).is_ok();
        match Number::parse(text).filter(|_| is_json) {
            Some(number) => Ok(Json::Number(number)),
            None => Err((
                "this is no number, or one that is too large".to_owned(),
                start,
            )),
        }
    }
}
