//! Types, and what is secret.

use super::{Args, Failed, Function, function};
use crate::value::{Kind, Value};

type Result = std::result::Result<Value, Failed>;

/// Marks a function that is run although its argument is not known.
const fn even_unknown(mut function: Function) -> Function {
    function.takes_unknown = true;
    function
}

pub(super) const FUNCTIONS: &[Function] = &[
    function("tostring", "tostring(value)", "as text", 1, Some(1), |a| {
        null_or(a, |a| Ok(a.text(0)?.to_string().into()))
    }),
    function(
        "tonumber",
        "tonumber(value)",
        "as a number",
        1,
        Some(1),
        |a| null_or(a, |a| Ok(a.number(0)?.into())),
    ),
    function(
        "tobool",
        "tobool(value)",
        "as true or false",
        1,
        Some(1),
        |a| null_or(a, |a| Ok(a.bool(0)?.into())),
    ),
    function("tolist", "tolist(value)", "as a list", 1, Some(1), |a| {
        null_or(a, |a| Ok(a.list(0)?.to_vec().into()))
    }),
    function("tomap", "tomap(object)", "as an object", 1, Some(1), |a| {
        null_or(a, |a| Ok((*a.object(0)?).clone().into()))
    }),
    function(
        "type",
        "type(value)",
        "the name of its type",
        1,
        Some(1),
        |a| Ok(a.value(0).type_name().into()),
    ),
    even_unknown(function(
        "sensitive",
        "sensitive(value)",
        "the same, never shown",
        1,
        Some(1),
        |a| Ok(a.value(0).clone().mark(true)),
    )),
    even_unknown(function(
        "nonsensitive",
        "nonsensitive(value)",
        "the same, to be shown",
        1,
        Some(1),
        |a| Ok(open(a.value(0))),
    )),
    even_unknown(function(
        "issensitive",
        "issensitive(value)",
        "whether it is never shown",
        1,
        Some(1),
        |a| Ok(a.value(0).has_secret().into()),
    )),
];

fn null_or(a: &Args<'_>, convert: impl Fn(&Args<'_>) -> Result) -> Result {
    if a.value(0).kind == Kind::Null {
        Ok(Value::NULL)
    } else {
        convert(a)
    }
}

fn open(value: &Value) -> Value {
    match &value.kind {
        Kind::List(items) => items.iter().map(open).collect::<Vec<_>>().into(),
        Kind::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), open(value)))
            .collect::<std::collections::BTreeMap<_, _>>()
            .into(),
        kind => kind.clone().into(),
    }
}
