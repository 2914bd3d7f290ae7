//! Lists and objects.

use std::collections::BTreeMap;

use super::{Args, Failed, Function, function, string, whole};
use crate::value::{Kind, Number, Value};

type Result = std::result::Result<Value, Failed>;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "length",
        "length(value)",
        "elements of a list or object, characters of a text",
        1,
        Some(1),
        |a| match &a.value(0).kind {
            Kind::List(items) => Ok(whole(items.len())),
            Kind::Object(members) => Ok(whole(members.len())),
            Kind::String(text) => Ok(string::characters(text)),
            _ => a.wrong(0, "only lists, objects and text have a length"),
        },
    ),
    function(
        "concat",
        "concat(lists...)",
        "one list of all",
        1,
        None,
        |a| {
            let mut all = Vec::new();
            for n in 0..a.len() {
                all.extend(a.list(n)?.iter().cloned());
                a.bounded(all.len())?;
            }
            Ok(all.into())
        },
    ),
    function(
        "element",
        "element(list, index)",
        "the element, counting round and round",
        2,
        Some(2),
        |a| {
            let (items, index) = (a.list(0)?, a.whole(1)?);
            let Ok(length) = i64::try_from(items.len()) else {
                return a.wrong(0, "the list is too long");
            };
            if length == 0 {
                return a.wrong(0, "an empty list has no element");
            }
            Ok(items[usize::try_from(index.rem_euclid(length)).unwrap_or(0)].clone())
        },
    ),
    function(
        "index",
        "index(list, value)",
        "where the value stands first",
        2,
        Some(2),
        |a| {
            let found = a.list(0)?.iter().position(|item| item.equals(a.value(1)));
            found.map_or_else(
                || a.wrong(1, "the list does not have this value"),
                |n| Ok(whole(n)),
            )
        },
    ),
    function(
        "contains",
        "contains(list, value)",
        "whether the list has the value",
        2,
        Some(2),
        |a| Ok(a.list(0)?.iter().any(|item| item.equals(a.value(1))).into()),
    ),
    function(
        "slice",
        "slice(list, from, to)",
        "the elements from `from` on, before `to`",
        3,
        Some(3),
        |a| {
            let (items, from, to) = (a.list(0)?, a.count(1)?, a.count(2)?);
            if to > items.len() {
                return a.wrong(2, format!("the list has {} elements", items.len()));
            }
            if from > to {
                return a.wrong(1, "it begins after its end");
            }
            Ok(items[from..to].to_vec().into())
        },
    ),
    function(
        "reverse",
        "reverse(list)",
        "the list backwards",
        1,
        Some(1),
        |a| Ok(a.list(0)?.iter().rev().cloned().collect::<Vec<_>>().into()),
    ),
    function(
        "sort",
        "sort(list)",
        "texts in the order of their characters",
        1,
        Some(1),
        |a| {
            let mut texts = a.texts(0)?;
            texts.sort();
            Ok(texts
                .iter()
                .map(|text| Value::from(&**text))
                .collect::<Vec<_>>()
                .into())
        },
    ),
    function(
        "flatten",
        "flatten(list)",
        "lists in lists as one list",
        1,
        Some(1),
        |a| {
            let mut flat = Vec::new();
            flatten(&a.list(0)?, &mut flat);
            a.bounded(flat.len())?;
            Ok(flat.into())
        },
    ),
    function(
        "compact",
        "compact(list)",
        "without empty texts and nulls",
        1,
        Some(1),
        |a| {
            let is_empty = |item: &Value| {
                item.kind == Kind::Null || item.as_text().is_some_and(|text| text.is_empty())
            };
            Ok(a.list(0)?
                .iter()
                .filter(|item| !is_empty(item))
                .cloned()
                .collect::<Vec<_>>()
                .into())
        },
    ),
    function(
        "chunklist",
        "chunklist(list, size)",
        "lists of so many elements",
        2,
        Some(2),
        |a| {
            let (items, size) = (a.list(0)?, a.count(1)?);
            let size = if size == 0 { items.len().max(1) } else { size };
            Ok(items
                .chunks(size)
                .map(|chunk| Value::from(chunk.to_vec()))
                .collect::<Vec<_>>()
                .into())
        },
    ),
    function(
        "range",
        "range(limit) range(start, limit) range(start, limit, step)",
        "numbers before the limit",
        1,
        Some(3),
        range,
    ),
    function(
        "coalesce",
        "coalesce(values...)",
        "the first that is neither null nor empty text",
        1,
        None,
        |a| {
            let is_empty = |value: &Value| {
                value.kind == Kind::Null
                    || matches!(&value.kind, Kind::String(text) if text.is_empty())
            };
            a.values
                .iter()
                .find(|value| !is_empty(value))
                .cloned()
                .ok_or_else(|| "all are null or empty".into())
        },
    ),
    function(
        "coalescelist",
        "coalescelist(lists...)",
        "the first that is not empty",
        1,
        None,
        |a| {
            for n in 0..a.len() {
                if !a.list(n)?.is_empty() {
                    return Ok(a.value(n).clone());
                }
            }
            Err("all are empty".into())
        },
    ),
    function(
        "one",
        "one(list)",
        "the only element, or null",
        1,
        Some(1),
        |a| match a.list(0)?.as_slice() {
            [] => Ok(Value::NULL),
            [only] => Ok(only.clone()),
            _ => a.wrong(0, "the list has more than one element"),
        },
    ),
    function(
        "alltrue",
        "alltrue(list)",
        "whether all are true",
        1,
        Some(1),
        |a| {
            Ok(a.list(0)?
                .iter()
                .all(|item| item.as_bool() == Some(true))
                .into())
        },
    ),
    function(
        "anytrue",
        "anytrue(list)",
        "whether one is true",
        1,
        Some(1),
        |a| {
            Ok(a.list(0)?
                .iter()
                .any(|item| item.as_bool() == Some(true))
                .into())
        },
    ),
    function(
        "keys",
        "keys(object)",
        "the names, sorted",
        1,
        Some(1),
        |a| {
            Ok(a.object(0)?
                .keys()
                .map(|name| Value::from(name.as_str()))
                .collect::<Vec<_>>()
                .into())
        },
    ),
    function(
        "values",
        "values(object)",
        "the values in the order of their names",
        1,
        Some(1),
        |a| Ok(a.object(0)?.values().cloned().collect::<Vec<_>>().into()),
    ),
    function(
        "lookup",
        "lookup(object, name, default)",
        "the value, or the default",
        2,
        Some(3),
        |a| {
            let (members, name) = (a.object(0)?, a.text(1)?);
            match members.get(&*name) {
                Some(value) => Ok(value.clone()),
                None if a.has(2) => Ok(a.value(2).clone()),
                None => a.wrong(
                    1,
                    format!("the object has no `{name}`, and there is no default"),
                ),
            }
        },
    ),
    function(
        "merge",
        "merge(objects...)",
        "one object of all; of equal names the last counts",
        0,
        None,
        |a| {
            let mut all = BTreeMap::new();
            for n in 0..a.len() {
                if a.value(n).kind != Kind::Null {
                    all.extend(
                        a.object(n)?
                            .iter()
                            .map(|(name, value)| (name.clone(), value.clone())),
                    );
                }
            }
            Ok(all.into())
        },
    ),
    function(
        "zipmap",
        "zipmap(names, values)",
        "an object of two lists",
        2,
        Some(2),
        |a| {
            let (names, values) = (a.texts(0)?, a.list(1)?);
            if names.len() != values.len() {
                return a.wrong(
                    1,
                    format!("{} names and {} values", names.len(), values.len()),
                );
            }
            Ok(names
                .iter()
                .map(ToString::to_string)
                .zip(values.iter().cloned())
                .collect::<BTreeMap<_, _>>()
                .into())
        },
    ),
    function(
        "transpose",
        "transpose(object)",
        "an object of lists of texts, turned over",
        1,
        Some(1),
        |a| {
            let mut turned: BTreeMap<String, Vec<Value>> = BTreeMap::new();
            for (name, items) in a.object(0)?.iter() {
                let Kind::List(items) = &items.kind else {
                    return a.wrong(0, format!("`{name}` must be a list of texts"));
                };
                for item in items.iter() {
                    let Some(text) = item.as_text() else {
                        return a.wrong(0, format!("`{name}` must be a list of texts"));
                    };
                    turned
                        .entry(text.to_string())
                        .or_default()
                        .push(name.as_str().into());
                }
            }
            Ok(turned
                .into_iter()
                .map(|(name, items)| (name, items.into()))
                .collect::<BTreeMap<_, Value>>()
                .into())
        },
    ),
    function(
        "matchkeys",
        "matchkeys(values, keys, wanted)",
        "the values whose key is wanted",
        3,
        Some(3),
        |a| {
            let (values, keys, wanted) = (a.list(0)?, a.list(1)?, a.list(2)?);
            if values.len() != keys.len() {
                return a.wrong(1, "as many keys as values are needed");
            }
            let is_wanted = |key: &Value| wanted.iter().any(|other| other.equals(key));
            Ok(values
                .iter()
                .zip(keys.iter())
                .filter(|(_, key)| is_wanted(key))
                .map(|(value, _)| value.clone())
                .collect::<Vec<_>>()
                .into())
        },
    ),
];

fn flatten(items: &[Value], flat: &mut Vec<Value>) {
    for item in items {
        match &item.kind {
            Kind::List(inner) => flatten(inner, flat),
            _ => flat.push(item.clone()),
        }
    }
}

fn range(a: &Args<'_>) -> Result {
    let (start, limit) = if a.has(1) {
        (a.whole(0)?, a.whole(1)?)
    } else {
        (0, a.whole(0)?)
    };
    let step = if a.has(2) {
        a.whole(2)?
    } else if limit < start {
        -1
    } else {
        1
    };
    if step == 0 {
        return a.wrong(2, "a step of 0 never ends");
    }
    let mut numbers = Vec::new();
    let mut at = start;
    while (step > 0 && at < limit) || (step < 0 && at > limit) {
        numbers.push(Number::Whole(at).into());
        a.bounded(numbers.len())?;
        match at.checked_add(step) {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(numbers.into())
}
