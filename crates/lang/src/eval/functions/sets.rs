//! Lists as sets: without order or repetition. They are kept as sorted lists of distinct values.

use super::{Args, Failed, Function, encoding, function};
use crate::value::{Kind, Number, Value};

type Result = std::result::Result<Value, Failed>;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "distinct",
        "distinct(list)",
        "each value once, where it comes first",
        1,
        Some(1),
        |a| Ok(distinct(&a.list(0)?).into()),
    ),
    function(
        "toset",
        "toset(list)",
        "each value once, sorted",
        1,
        Some(1),
        |a| Ok(to_set(&a.list(0)?).into()),
    ),
    function(
        "setunion",
        "setunion(sets...)",
        "what is in any",
        1,
        None,
        |a| {
            let mut all = Vec::new();
            for n in 0..a.len() {
                all.extend(a.list(n)?.iter().cloned());
            }
            a.bounded(all.len())?;
            Ok(to_set(&all).into())
        },
    ),
    function(
        "setintersection",
        "setintersection(sets...)",
        "what is in all",
        1,
        None,
        |a| fold(a, true),
    ),
    function(
        "setsubtract",
        "setsubtract(set, other)",
        "what is not in the other",
        2,
        Some(2),
        |a| fold(a, false),
    ),
    function(
        "setproduct",
        "setproduct(sets...)",
        "every combination",
        1,
        None,
        product,
    ),
];

/// What sorts values, and tells them apart: by type, numbers by what they count, the rest as text.
fn order(value: &Value) -> (&'static str, Option<Number>, String) {
    let number = match &value.kind {
        Kind::Number(number) => Some(*number),
        _ => None,
    };
    let text = encoding::to_json(value).unwrap_or_default();
    (value.type_name(), number, text)
}

fn distinct(items: &[Value]) -> Vec<Value> {
    let mut seen = std::collections::BTreeSet::new();
    items
        .iter()
        .filter(|item| seen.insert(order(item)))
        .cloned()
        .collect()
}

pub(crate) fn to_set(items: &[Value]) -> Vec<Value> {
    let sorted: std::collections::BTreeMap<_, &Value> =
        items.iter().map(|item| (order(item), item)).collect();
    sorted.into_values().cloned().collect()
}

/// Keeps of the first list what the others have, or have not.
fn fold(a: &Args<'_>, wanted: bool) -> Result {
    let mut left = to_set(&a.list(0)?);
    for n in 1..a.len() {
        let other: std::collections::BTreeSet<_> = a.list(n)?.iter().map(order).collect();
        left.retain(|item| other.contains(&order(item)) == wanted);
    }
    Ok(left.into())
}

fn product(a: &Args<'_>) -> Result {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for n in 0..a.len() {
        let items = a.list(n)?;
        a.bounded(rows.len().saturating_mul(items.len()))?;
        rows = rows
            .iter()
            .flat_map(|row| {
                items
                    .iter()
                    .map(move |item| row.iter().cloned().chain([item.clone()]).collect())
            })
            .collect();
    }
    Ok(rows.into_iter().map(Value::from).collect::<Vec<_>>().into())
}
