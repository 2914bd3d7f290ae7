//! Values of expressions: what they are, whether they are known, whether they are secret.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A number. Whole ones are exact from -2^63 to 2^63 - 1; others are IEEE doubles and never
/// infinite or undefined.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Whole(i64),
    Real(f64),
}

/// Whole numbers that a double holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Number {
    /// Reads a decimal number; `None` when it is none or too large.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_decimal = text
            .chars()
            .all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
            && text.contains(|c: char| c.is_ascii_digit());
        if !is_decimal {
            return None;
        }
        if !text.contains(['.', 'e', 'E']) {
            return text.parse().ok().map(Self::Whole);
        }
        text.parse().ok().and_then(Self::from_f64)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within the exact range"
    )]
    pub(crate) fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let is_whole = value.fract() == 0.0 && value.abs() <= EXACT;
        Some(if is_whole {
            Self::Whole(value as i64)
        } else {
            Self::Real(value)
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "only where a double is wanted")]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Real(value) => value,
        }
    }

    /// The number when it is whole.
    pub(crate) fn as_whole(self) -> Option<i64> {
        match self {
            Self::Whole(value) => Some(value),
            Self::Real(_) => None,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(b),
            _ => self.as_f64().total_cmp(&other.as_f64()),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
        }
    }
}

/// A value. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    /// Came from a sensitive variable, or was made of one.
    pub(crate) is_sensitive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(Rc<str>),
    List(Rc<Vec<Value>>),
    Object(Rc<BTreeMap<String, Value>>),
    /// A block of the configuration: `source.debian.server`.
    Block(BlockName),
    /// Not known yet: a variable without a value.
    Unknown,
}

/// A block by its kind and labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockName {
    pub(crate) kind: String,
    pub(crate) labels: Vec<String>,
}

impl std::fmt::Display for BlockName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.kind, self.labels.join("."))
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            is_sensitive: false,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Kind::Bool(value).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Kind::String(text.into()).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Kind::String(text.into()).into()
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Kind::Number(number).into()
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Kind::List(Rc::new(items)).into()
    }
}

impl From<BTreeMap<String, Value>> for Value {
    fn from(members: BTreeMap<String, Value>) -> Self {
        Kind::Object(Rc::new(members)).into()
    }
}

impl Value {
    pub(crate) const NULL: Self = Self {
        kind: Kind::Null,
        is_sensitive: false,
    };
    pub(crate) const UNKNOWN: Self = Self {
        kind: Kind::Unknown,
        is_sensitive: false,
    };

    /// The same value, secret if it was or if `is_sensitive`.
    pub(crate) fn mark(mut self, is_sensitive: bool) -> Self {
        self.is_sensitive |= is_sensitive;
        self
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.kind == Kind::Unknown
    }

    /// Whether all of it is known.
    pub(crate) fn is_wholly_known(&self) -> bool {
        match &self.kind {
            Kind::Unknown => false,
            Kind::List(items) => items.iter().all(Self::is_wholly_known),
            Kind::Object(members) => members.values().all(Self::is_wholly_known),
            _ => true,
        }
    }

    /// Whether any of it is secret.
    pub(crate) fn has_secret(&self) -> bool {
        self.is_sensitive
            || match &self.kind {
                Kind::List(items) => items.iter().any(Self::has_secret),
                Kind::Object(members) => members.values().any(Self::has_secret),
                _ => false,
            }
    }

    /// What it is, in the words of the language.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "bool",
            Kind::Number(_) => "number",
            Kind::String(_) => "string",
            Kind::List(_) => "list",
            Kind::Object(_) => "object",
            Kind::Block(_) => "block",
            Kind::Unknown => "unknown value",
        }
    }

    /// The value as text, where the language converts: numbers and booleans as well.
    pub(crate) fn as_text(&self) -> Option<Rc<str>> {
        match &self.kind {
            Kind::String(text) => Some(Rc::clone(text)),
            Kind::Number(number) => Some(number.to_string().into()),
            Kind::Bool(value) => Some(value.to_string().into()),
            _ => None,
        }
    }

    /// The value as a number, where the language converts: also decimal text.
    pub(crate) fn as_number(&self) -> Option<Number> {
        match &self.kind {
            Kind::Number(number) => Some(*number),
            Kind::String(text) => Number::parse(text),
            _ => None,
        }
    }

    /// The value as a condition, where the language converts: also `"true"` and `"false"`.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            Kind::String(text) if &**text == "true" => Some(true),
            Kind::String(text) if &**text == "false" => Some(false),
            _ => None,
        }
    }

    /// Equality as `==` has it: by type and content, secrets aside.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::List(a), Kind::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b))
            }
            (Kind::Object(a), Kind::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|((m, a), (n, b))| m == n && a.equals(b))
            }
            (a, b) => a == b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(
            Number::parse("9223372036854775807"),
            Some(Number::Whole(i64::MAX))
        );
        assert_eq!(Number::parse("9223372036854775808"), None);
        assert_eq!(Number::parse("1e400"), None);
        assert_eq!(
            Number::parse("1.50").map(|n| n.to_string()).as_deref(),
            Some("1.5")
        );
        assert_eq!(Number::parse("1e3"), Some(Number::Whole(1000)));
        for text in ["", "-", "inf", "nan", "0x10", "e"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
