//! Terraform's language, as far as controls are written in it.

use std::fmt;

use serde_json::Value;

/// A block with attributes and blocks.
#[derive(Debug)]
pub(super) struct Block {
    kind: &'static str,
    labels: &'static [&'static str],
    /// Names and expressions.
    attributes: Vec<(&'static str, String)>,
    blocks: Vec<Block>,
}

impl Block {
    pub(super) const fn new(kind: &'static str, labels: &'static [&'static str]) -> Self {
        Self {
            kind,
            labels,
            attributes: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Adds an attribute; the expression is as [`value`] or [`encoded`] write it.
    pub(super) fn set(&mut self, name: &'static str, expression: String) {
        self.attributes.push((name, expression));
    }

    pub(super) fn put(&mut self, block: Self) {
        self.blocks.push(block);
    }

    fn lines(&self, indent: usize, out: &mut String) {
        let space = " ".repeat(indent);
        let labels: String = self.labels.iter().map(|it| format!(" \"{it}\"")).collect();
        out.push_str(&format!("{space}{}{labels} {{\n", self.kind));
        let width = self.attributes.iter().map(|(name, _)| name.len()).max();
        let width = width.unwrap_or(0);
        for (name, expression) in &self.attributes {
            let expression = expression.replace('\n', &format!("\n{space}  "));
            out.push_str(&format!("{space}  {name:width$} = {expression}\n"));
        }
        for (at, block) in self.blocks.iter().enumerate() {
            if at > 0 || !self.attributes.is_empty() {
                out.push('\n');
            }
            block.lines(indent + 2, out);
        }
        out.push_str(&format!("{space}}}\n"));
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.lines(0, &mut out);
        f.write_str(&out)
    }
}

/// A value as an expression, in several lines where it has several members.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(items) if items.len() > 1 => {
            let items: String = items
                .iter()
                .map(|it| format!("{},\n", self::value(it)))
                .collect();
            format!("[\n{}]", indented(&items))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let member = |(name, it): (&String, &Value)| {
                // Colons stand in names of conditions.
                format!("{} = {}\n", string(name), self::value(it))
            };
            let members: String = members.iter().map(member).collect();
            format!("{{\n{}}}", indented(&members))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A value as the JSON text of it.
pub(super) fn encoded(value: &Value) -> String {
    format!("jsonencode({})", self::value(value))
}

/// A text between quotes. What begins a template is a text like any other.
fn string(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.replace("${", "$${").replace("%{", "%%{")
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values() {
        for (given, expected) in [
            (json!("a \"b\" ${c} %{d}"), r#""a \"b\" $${c} %%{d}""#),
            (json!(["a"]), "[\"a\"]"),
            (json!(["a", 1]), "[\n  \"a\",\n  1,\n]"),
            (json!({ "a:b": [true] }), "{\n  \"a:b\" = [true]\n}"),
        ] {
            assert_eq!(value(&given), expected);
        }
    }

    #[test]
    fn blocks() {
        let mut outer = Block::new("resource", &["a", "b"]);
        outer.set("name", value(&json!("x")));
        outer.set("policy_text", encoded(&json!({ "k": 1 })));
        outer.put(Block::new("inner", &[]));
        let expected = "resource \"a\" \"b\" {\n  name        = \"x\"\n  policy_text = jsonencode({\n    \"k\" = 1\n  })\n\n  inner {\n  }\n}\n";
        assert_eq!(outer.to_string(), expected);
    }
}
