//! Type constraints of variables and of the schema, and conversion to them.

use std::collections::BTreeMap;

use crate::syntax::ast::{Expr, Kind as Syntax};
use crate::value::{Kind, Value};

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Any,
    String,
    Number,
    Bool,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<String, Member>),
}

/// A member of an object type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) kind: Type,
    pub(crate) is_optional: bool,
    pub(crate) default: Option<Value>,
}

/// A type that is not one, and where.
pub(crate) struct TypeError<'e> {
    pub(crate) expr: &'e Expr,
    pub(crate) message: String,
}

/// Reads a type constraint: `string`, `list(string)`, `object({ name = string })`. `evaluate` gives
/// the value of the default in `optional(type, default)`.
pub(crate) fn parse<'e>(
    expr: &'e Expr,
    evaluate: &dyn Fn(&'e Expr) -> Option<Value>,
) -> Result<Type, TypeError<'e>> {
    let wrong = |message: &str| {
        Err(TypeError {
            expr,
            message: message.to_owned(),
        })
    };
    match &expr.kind {
        // Packer's older spelling stands in quotes.
        Syntax::Variable(name) | Syntax::String(name) => match name.as_str() {
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "any" => Ok(Type::Any),
            "list" => Ok(Type::List(Box::new(Type::Any))),
            "set" => Ok(Type::Set(Box::new(Type::Any))),
            "map" => Ok(Type::Map(Box::new(Type::Any))),
            other => Err(TypeError {
                expr,
                message: format!("`{other}` is no type"),
            }),
        },
        Syntax::Call {
            name, arguments, ..
        } => {
            let [argument] = arguments.as_slice() else {
                return wrong("a type has one argument");
            };
            let inner = || parse(argument, evaluate).map(Box::new);
            match (name.text.as_str(), &argument.kind) {
                ("list", _) => Ok(Type::List(inner()?)),
                ("set", _) => Ok(Type::Set(inner()?)),
                ("map", _) => Ok(Type::Map(inner()?)),
                ("tuple", Syntax::List(items)) => Ok(Type::Tuple(
                    items
                        .iter()
                        .map(|item| parse(item, evaluate))
                        .collect::<Result<_, _>>()?,
                )),
                ("object", Syntax::Object(pairs)) => {
                    let mut members = BTreeMap::new();
                    for (key, value) in pairs {
                        let Syntax::String(name) = &key.kind else {
                            return wrong("the name of a member must be a word");
                        };
                        members.insert(name.clone(), member(value, evaluate)?);
                    }
                    Ok(Type::Object(members))
                }
                _ => wrong(
                    "a type is string, number, bool, any, list(T), set(T), map(T), tuple([T, ...]) or object({ name = T })",
                ),
            }
        }
        _ => wrong(
            "a type is string, number, bool, any, list(T), set(T), map(T), tuple([T, ...]) or object({ name = T })",
        ),
    }
}

fn member<'e>(
    expr: &'e Expr,
    evaluate: &dyn Fn(&'e Expr) -> Option<Value>,
) -> Result<Member, TypeError<'e>> {
    match &expr.kind {
        Syntax::Call {
            name, arguments, ..
        } if name.text == "optional" && matches!(arguments.len(), 1 | 2) => Ok(Member {
            kind: parse(&arguments[0], evaluate)?,
            is_optional: true,
            default: arguments.get(1).and_then(evaluate),
        }),
        _ => Ok(Member {
            kind: parse(expr, evaluate)?,
            is_optional: false,
            default: None,
        }),
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any value"),
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::List(inner) => write!(f, "list({inner})"),
            Self::Set(inner) => write!(f, "set({inner})"),
            Self::Map(inner) => write!(f, "map({inner})"),
            Self::Tuple(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "tuple([{}])", items.join(", "))
            }
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, member)| format!("{name} = {}", member.kind))
                    .collect();
                write!(f, "object({{ {} }})", members.join(", "))
            }
        }
    }
}

/// Converts a value; what cannot be is told with the path to it, never with the value.
pub(crate) fn convert(value: &Value, wanted: &Type) -> Result<Value, String> {
    if value.is_unknown() || value.kind == Kind::Null {
        return Ok(value.clone());
    }
    let wrong = || {
        Err(format!(
            "{wanted} is needed, and this is {}",
            crate::eval::with_article(value)
        ))
    };
    let converted: Value = match (wanted, &value.kind) {
        (_, Kind::Block(_)) => return wrong(),
        (Type::Any, _) => value.clone(),
        (Type::String, _) => match value.as_text() {
            Some(text) => Value::from(&*text),
            None => return wrong(),
        },
        (Type::Number, _) => match value.as_number() {
            Some(number) => number.into(),
            None => return wrong(),
        },
        (Type::Bool, _) => match value.as_bool() {
            Some(value) => value.into(),
            None => return wrong(),
        },
        (Type::List(inner) | Type::Set(inner), Kind::List(items)) => {
            let items: Result<Vec<Value>, String> = items
                .iter()
                .enumerate()
                .map(|(n, item)| convert(item, inner).map_err(|e| format!("element {n}: {e}")))
                .collect();
            let items = items?;
            if matches!(wanted, Type::Set(_)) {
                crate::eval::functions::to_set(&items).into()
            } else {
                items.into()
            }
        }
        (Type::Map(inner), Kind::Object(members)) => {
            let members: Result<BTreeMap<String, Value>, String> = members
                .iter()
                .map(|(name, item)| {
                    Ok((
                        name.clone(),
                        convert(item, inner).map_err(|e| format!("`{name}`: {e}"))?,
                    ))
                })
                .collect();
            members?.into()
        }
        (Type::Tuple(types), Kind::List(items)) if types.len() == items.len() => {
            let items: Result<Vec<Value>, String> = items
                .iter()
                .zip(types)
                .enumerate()
                .map(|(n, (item, kind))| {
                    convert(item, kind).map_err(|e| format!("element {n}: {e}"))
                })
                .collect();
            items?.into()
        }
        (Type::Object(types), Kind::Object(members)) => object(members, types)?.into(),
        _ => return wrong(),
    };
    Ok(converted.mark(value.is_sensitive))
}

fn object(
    members: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Member>,
) -> Result<BTreeMap<String, Value>, String> {
    let mut out = BTreeMap::new();
    for (name, member) in types {
        let value = match members.get(name) {
            Some(value) if value.kind == Kind::Null && member.default.is_some() => {
                member.default.clone().unwrap_or(Value::NULL)
            }
            Some(value) => convert(value, &member.kind).map_err(|e| format!("`{name}`: {e}"))?,
            None if member.is_optional => member.default.clone().unwrap_or(Value::NULL),
            None => return Err(format!("`{name}` is missing")),
        };
        out.insert(name.clone(), value);
    }
    Ok(out)
}
