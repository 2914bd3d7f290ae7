//! What became of the resources.

use std::fmt::Write as _;

/// What became what.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Turned {
    /// The resource.
    pub from: String,
    /// Block or file.
    pub to: String,
}

/// What did not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Left {
    /// The resource.
    pub resource: String,
    /// Path of the field in it.
    pub field: String,
    /// What it said, in one line.
    pub value: String,
    /// Why, and what to do about it.
    pub why: String,
}

/// Everything that a person should know of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// In the order of the project.
    pub turned: Vec<Turned>,
    /// In the same order.
    pub left: Vec<Left>,
}

impl Report {
    pub(crate) fn turned(&mut self, from: String, to: String) {
        self.turned.push(Turned { from, to });
    }

    pub(crate) fn left(&mut self, resource: &str, field: &str, value: &str, why: &str) {
        self.left.push(Left {
            resource: resource.to_owned(),
            field: field.to_owned(),
            value: value.to_owned(),
            why: why.to_owned(),
        });
    }

    /// As a person reads it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let width = self
            .turned
            .iter()
            .map(|t| t.from.chars().count())
            .max()
            .unwrap_or(0);
        for Turned { from, to } in &self.turned {
            let pad = " ".repeat(width - from.chars().count());
            writeln!(out, "{from}{pad}  -> {to}").expect("a string takes everything");
        }
        if self.left.is_empty() {
            return out;
        }
        writeln!(out, "\nnot carried over: {}", self.left.len())
            .expect("a string takes everything");
        let mut resource = "";
        for left in &self.left {
            if left.resource != resource {
                resource = &left.resource;
                writeln!(out, "  {resource}").expect("a string takes everything");
            }
            let value: String = left.value.chars().take(60).collect();
            let more = if value.len() < left.value.len() {
                "..."
            } else {
                ""
            };
            writeln!(
                out,
                "    {} = {value}{more}\n      {}",
                left.field, left.why
            )
            .expect("a string takes everything");
        }
        out
    }
}
