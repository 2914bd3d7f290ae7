//! The syntax tree. Every node has the range of bytes it was written in.

use std::ops::Range;

use crate::value::Number;

pub(crate) type Bytes = Range<usize>;

/// What stands between braces, or in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) blocks: Vec<Block>,
}

/// `name = value`.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) name: Name,
    pub(crate) value: Expr,
}

/// `kind "label" { ... }`.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) kind: Name,
    pub(crate) labels: Vec<Name>,
    pub(crate) body: Body,
    /// From the kind to the last label: what an error underlines.
    pub(crate) head: Bytes,
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) at: Bytes,
}

/// An expression.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) at: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Template(Vec<Part>),
    List(Vec<Expr>),
    Object(Vec<(Expr, Expr)>),
    Variable(String),
    Traverse(Box<Expr>, Vec<Step>),
    Conditional(Box<[Expr; 3]>),
    Call {
        name: Name,
        arguments: Vec<Expr>,
        is_expanded: bool,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Operator, Box<[Expr; 2]>),
    For(Box<For>),
}

/// One step of a traversal.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// `.name`
    Attribute(Name),
    /// `[index]`
    Index(Expr),
    /// `[*]`: what follows goes for each element.
    Splat(Bytes),
    /// `.*`: the attributes that follow go for each element.
    AttributeSplat(Bytes),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
}

/// `[for k, v in collection : value if condition]`, or with braces and a key.
#[derive(Debug, Clone)]
pub(crate) struct For {
    pub(crate) key_name: Option<String>,
    pub(crate) value_name: String,
    pub(crate) collection: Expr,
    pub(crate) key: Option<Expr>,
    pub(crate) value: Expr,
    pub(crate) is_grouped: bool,
    pub(crate) condition: Option<Expr>,
}

/// A part of a template. Stripping of spaces (`~`) was done when it was parsed.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Literal(String),
    Value(Expr),
    If {
        condition: Expr,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
    For {
        key_name: Option<String>,
        value_name: String,
        collection: Expr,
        body: Vec<Part>,
    },
}

impl Body {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name.text == name)
    }
}

impl Expr {
    pub(crate) fn new(kind: Kind, at: Bytes) -> Self {
        Self { kind, at }
    }
}

impl Expr {
    /// Gives a whole expression one place.
    pub(crate) fn place(&mut self, at: &Bytes) {
        self.at = at.clone();
        match &mut self.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Variable(_) => {}
            Kind::Template(parts) => place_parts(parts, at),
            Kind::List(items)
            | Kind::Call {
                arguments: items, ..
            } => items.iter_mut().for_each(|item| item.place(at)),
            Kind::Object(pairs) => pairs.iter_mut().for_each(|(key, value)| {
                key.place(at);
                value.place(at);
            }),
            Kind::Traverse(base, steps) => {
                base.place(at);
                for step in steps {
                    match step {
                        Step::Attribute(name) => name.at = at.clone(),
                        Step::Index(index) => index.place(at),
                        Step::Splat(place) | Step::AttributeSplat(place) => *place = at.clone(),
                    }
                }
            }
            Kind::Conditional(parts) => parts.iter_mut().for_each(|part| part.place(at)),
            Kind::Binary(_, sides) => sides.iter_mut().for_each(|side| side.place(at)),
            Kind::Not(inner) | Kind::Negate(inner) => inner.place(at),
            Kind::For(parsed) => {
                let parts = [
                    Some(&mut parsed.collection),
                    parsed.key.as_mut(),
                    Some(&mut parsed.value),
                    parsed.condition.as_mut(),
                ];
                parts.into_iter().flatten().for_each(|part| part.place(at));
            }
        }
    }
}

fn place_parts(parts: &mut [Part], at: &Bytes) {
    for part in parts {
        match part {
            Part::Literal(_) => {}
            Part::Value(value) => value.place(at),
            Part::If {
                condition,
                then,
                otherwise,
            } => {
                condition.place(at);
                place_parts(then, at);
                place_parts(otherwise, at);
            }
            Part::For {
                collection, body, ..
            } => {
                collection.place(at);
                place_parts(body, at);
            }
        }
    }
}
