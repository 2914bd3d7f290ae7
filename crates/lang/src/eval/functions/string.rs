//! Text.

use std::rc::Rc;

use super::{Args, Failed, Function, function, whole};
use crate::value::Value;

type Result = std::result::Result<Value, Failed>;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "upper",
        "upper(text)",
        "all letters large",
        1,
        Some(1),
        |a| Ok(a.text(0)?.to_uppercase().into()),
    ),
    function(
        "lower",
        "lower(text)",
        "all letters small",
        1,
        Some(1),
        |a| Ok(a.text(0)?.to_lowercase().into()),
    ),
    function(
        "title",
        "title(text)",
        "the first letter of each word large",
        1,
        Some(1),
        title,
    ),
    function(
        "trimspace",
        "trimspace(text)",
        "without the spaces at both ends",
        1,
        Some(1),
        |a| Ok(a.text(0)?.trim().into()),
    ),
    function(
        "chomp",
        "chomp(text)",
        "without the line ends at the end",
        1,
        Some(1),
        |a| Ok(a.text(0)?.trim_end_matches(['\n', '\r']).into()),
    ),
    function(
        "trim",
        "trim(text, characters)",
        "without these characters at both ends",
        2,
        Some(2),
        |a| {
            let set = a.text(1)?;
            Ok(a.text(0)?.trim_matches(|c| set.contains(c)).into())
        },
    ),
    function(
        "trimprefix",
        "trimprefix(text, prefix)",
        "without the prefix",
        2,
        Some(2),
        |a| {
            let text = a.text(0)?;
            Ok(text.strip_prefix(&*a.text(1)?).unwrap_or(&text).into())
        },
    ),
    function(
        "trimsuffix",
        "trimsuffix(text, suffix)",
        "without the suffix",
        2,
        Some(2),
        |a| {
            let text = a.text(0)?;
            Ok(text.strip_suffix(&*a.text(1)?).unwrap_or(&text).into())
        },
    ),
    function(
        "startswith",
        "startswith(text, prefix)",
        "whether it begins so",
        2,
        Some(2),
        |a| Ok(a.text(0)?.starts_with(&*a.text(1)?).into()),
    ),
    function(
        "endswith",
        "endswith(text, suffix)",
        "whether it ends so",
        2,
        Some(2),
        |a| Ok(a.text(0)?.ends_with(&*a.text(1)?).into()),
    ),
    function(
        "strcontains",
        "strcontains(text, part)",
        "whether the part is in it",
        2,
        Some(2),
        |a| Ok(a.text(0)?.contains(&*a.text(1)?).into()),
    ),
    function(
        "join",
        "join(separator, list...)",
        "the elements with the separator between them",
        2,
        None,
        join,
    ),
    function(
        "split",
        "split(separator, text)",
        "the parts between separators",
        2,
        Some(2),
        split,
    ),
    function(
        "replace",
        "replace(text, part, with)",
        "every part replaced; `/regex/` for an expression",
        3,
        Some(3),
        replace,
    ),
    function(
        "regex_replace",
        "regex_replace(text, expression, with)",
        "every match replaced; `$1` or `${name}` for groups",
        3,
        Some(3),
        |a| {
            let expression = expression(a, 1, &a.text(1)?)?;
            bounded(
                a,
                expression
                    .replace_all(&a.text(0)?, &*a.text(2)?)
                    .into_owned(),
            )
        },
    ),
    function(
        "regex",
        "regex(expression, text)",
        "the first match: text, its groups as a list, or named groups as an object",
        2,
        Some(2),
        regex,
    ),
    function(
        "regexall",
        "regexall(expression, text)",
        "every match",
        2,
        Some(2),
        regex_all,
    ),
    function(
        "substr",
        "substr(text, offset, length)",
        "a part by characters; offset from the end when negative, length -1 for the rest",
        3,
        Some(3),
        substr,
    ),
    function(
        "strrev",
        "strrev(text)",
        "the characters in reverse",
        1,
        Some(1),
        |a| Ok(a.text(0)?.chars().rev().collect::<String>().into()),
    ),
    function(
        "indent",
        "indent(spaces, text)",
        "every line but the first moved right",
        2,
        Some(2),
        |a| {
            let (spaces, text) = (a.count(0)?, a.text(1)?);
            a.bounded_text(
                text.len()
                    .saturating_add(spaces.saturating_mul(text.matches('\n').count())),
            )?;
            Ok(text
                .replace('\n', &format!("\n{}", " ".repeat(spaces)))
                .into())
        },
    ),
];

fn bounded(a: &Args<'_>, text: String) -> Result {
    a.bounded_text(text.len())?;
    Ok(text.into())
}

fn title(a: &Args<'_>) -> Result {
    let mut out = String::new();
    let mut is_start = true;
    for c in a.text(0)?.chars() {
        if is_start {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        is_start = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    Ok(out.into())
}

fn join(a: &Args<'_>) -> Result {
    let mut parts: Vec<Rc<str>> = Vec::new();
    for n in 1..a.len() {
        parts.extend(a.texts(n)?);
    }
    let separator = a.text(0)?;
    a.bounded_text(parts.iter().map(|part| part.len() + separator.len()).sum())?;
    Ok(parts.join(&*separator).into())
}

fn split(a: &Args<'_>) -> Result {
    let (separator, text) = (a.text(0)?, a.text(1)?);
    if separator.is_empty() {
        a.bounded(text.len())?;
        return Ok(text
            .chars()
            .map(|c| Value::from(c.to_string()))
            .collect::<Vec<_>>()
            .into());
    }
    let parts: Vec<Value> = text.split(&*separator).map(Value::from).collect();
    a.bounded(parts.len())?;
    Ok(parts.into())
}

fn replace(a: &Args<'_>) -> Result {
    let (text, part, with) = (a.text(0)?, a.text(1)?, a.text(2)?);
    if let Some(inner) = part
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .filter(|_| part.len() > 1)
    {
        let expression = expression(a, 1, inner)?;
        return bounded(a, expression.replace_all(&text, &*with).into_owned());
    }
    let growth = text.matches(&*part).count().saturating_mul(with.len());
    a.bounded_text(text.len().saturating_add(growth))?;
    Ok(text.replace(&*part, &with).into())
}

fn expression(a: &Args<'_>, n: usize, text: &str) -> std::result::Result<regex::Regex, Failed> {
    regex::RegexBuilder::new(text)
        .size_limit(1 << 20)
        .build()
        .or_else(|error| {
            let lines = error.to_string();
            let last = lines
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            a.wrong(n, format!("not a regular expression: {last}"))
        })
}

/// A match in the shape that the groups of the expression ask for.
fn shape(expression: &regex::Regex, found: &regex::Captures<'_>) -> Value {
    let text =
        |group: Option<regex::Match<'_>>| group.map_or(Value::NULL, |group| group.as_str().into());
    if expression.captures_len() == 1 {
        return text(found.get(0));
    }
    let names: Vec<&str> = expression.capture_names().flatten().collect();
    if names.is_empty() {
        return (1..expression.captures_len())
            .map(|n| text(found.get(n)))
            .collect::<Vec<_>>()
            .into();
    }
    names
        .into_iter()
        .map(|name| (name.to_owned(), text(found.name(name))))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into()
}

fn regex(a: &Args<'_>) -> Result {
    let expression = expression(a, 0, &a.text(0)?)?;
    let text = a.text(1)?;
    match expression.captures(&text) {
        Some(found) => Ok(shape(&expression, &found)),
        None => a.wrong(1, "the expression does not match the text"),
    }
}

fn regex_all(a: &Args<'_>) -> Result {
    let expression = expression(a, 0, &a.text(0)?)?;
    let text = a.text(1)?;
    let all: Vec<Value> = expression
        .captures_iter(&text)
        .map(|found| shape(&expression, &found))
        .collect();
    a.bounded(all.len())?;
    Ok(all.into())
}

fn substr(a: &Args<'_>) -> Result {
    let text: Vec<char> = a.text(0)?.chars().collect();
    let (offset, length) = (a.whole(1)?, a.whole(2)?);
    let size = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 {
        (size + offset.max(-size)).max(0)
    } else {
        offset.min(size)
    };
    let end = if length < 0 {
        size
    } else {
        start.saturating_add(length).min(size)
    };
    let place = |n: i64| usize::try_from(n).unwrap_or(0);
    Ok(text[place(start)..place(end)]
        .iter()
        .collect::<String>()
        .into())
}

/// Also counted by others as a length.
pub(super) fn characters(text: &str) -> Value {
    whole(text.chars().count())
}
