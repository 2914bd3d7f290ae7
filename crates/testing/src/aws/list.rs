//! What every list of AWS has: filters by name, and pages.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_core::digest::Sha256;
use serde_json::{Value, json};

use super::input::Input;
use super::refusal::Refusal;
use super::world::Caller;

/// A filter's name, and where its values stand in an item: `Ebs.SnapshotId`.
pub(super) type Filter = (&'static str, &'static str);

/// The items that all filters let through.
pub(super) fn filtered(
    items: Vec<Value>,
    input: Input<'_>,
    known: &[Filter],
) -> Result<Vec<Value>, Refusal> {
    let mut items = items;
    for filter in input.parts("Filters") {
        let name = filter.required("Name");
        let wanted = filter.texts("Values");
        if wanted.is_empty() || wanted.len() > 200 {
            return Err(Refusal::value(
                "Filter",
                name,
                "It needs between 1 and 200 values",
            ));
        }
        let path = known
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, path)| *path);
        let is_tag = name.starts_with("tag:") || name == "tag-key";
        if path.is_none() && !is_tag {
            let message = format!("The filter '{name}' is invalid");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        items.retain(|item| {
            let values = match (name.strip_prefix("tag:"), path) {
                (Some(key), _) => tag_values(item, key),
                (None, Some(path)) => values_at(item, path),
                (None, None) => values_at(item, "Tags.Key"),
            };
            let mut values = values.iter();
            values.any(|value| wanted.iter().any(|wanted| matches(wanted, value)))
        });
    }
    Ok(items)
}

fn tag_values(item: &Value, key: &str) -> Vec<String> {
    let tags = item["Tags"].as_array().into_iter().flatten();
    let of_key = tags.filter(|tag| tag["Key"] == key);
    of_key.flat_map(|tag| values_at(tag, "Value")).collect()
}

fn values_at(item: &Value, path: &str) -> Vec<String> {
    let mut found = vec![item];
    for name in path.split('.') {
        found = found
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                value => vec![value],
            })
            .map(|value| &value[name])
            .collect();
    }
    let texts = found.into_iter().flat_map(|value| match value {
        Value::Array(items) => items.iter().collect(),
        value => vec![value],
    });
    texts
        .filter(|value| !value.is_null())
        .map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
        .collect()
}

/// Whether a text is as a pattern says, in which `*` is any text and `?` any letter.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    let first = letters.next();
    let rest = letters.as_str();
    let mut text_letters = text.chars();
    match first {
        None => text.is_empty(),
        Some('*') => {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| matches(rest, &text[at..]))
        }
        Some(letter) => {
            let found = text_letters.next();
            found.is_some_and(|found| letter == '?' || letter == found)
                && matches(rest, text_letters.as_str())
        }
    }
}

/// Which identifiers a caller asks for, beside `MaxResults`, which does not go with that.
pub(super) fn ids<'a>(input: Input<'a>, name: &str) -> Result<Vec<&'a str>, Refusal> {
    let ids = input.texts(name);
    if !ids.is_empty() && input.has("MaxResults") {
        return Err(Refusal::combination(format!(
            "The parameter {name} cannot be used with the parameter maxResults"
        )));
    }
    Ok(ids)
}

/// A page of items, with what to ask for the next one with.
pub(super) fn page(
    caller: &Caller<'_>,
    input: Input<'_>,
    items: Vec<Value>,
    bounds: RangeInclusive<i64>,
) -> Result<(Vec<Value>, Option<String>), Refusal> {
    // Auto Scaling has another word for it.
    let asked = input
        .number("MaxResults")
        .or_else(|| input.number("MaxRecords"));
    if let Some(asked) = asked.filter(|asked| !bounds.contains(asked)) {
        let why = format!(
            "Expecting a value between {} and {}",
            bounds.start(),
            bounds.end()
        );
        return Err(Refusal::value("maxResults", &asked.to_string(), &why));
    }
    let asked = asked.and_then(|asked| usize::try_from(asked).ok());
    let most = asked.into_iter().chain(caller.world.options.page).min();
    let most = most.unwrap_or(usize::MAX);

    // A token goes with the question it was given for.
    let mut question = input.value.clone();
    if let Some(map) = question.as_object_mut() {
        map.remove("NextToken");
        map.remove("MaxResults");
        map.remove("MaxRecords");
    }
    let place = json!([caller.account, caller.region, question]).to_string();
    let mark = Sha256::of(place.as_bytes()).short();
    let start = match input.text("NextToken") {
        None => 0,
        Some(token) => {
            let text = STANDARD.decode(token).ok();
            let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
            let start =
                text.and_then(|text| text.strip_prefix(&mark)?.strip_prefix(':')?.parse().ok());
            start.ok_or_else(|| {
                Refusal::new("InvalidNextToken", "The token is not of this question")
            })?
        }
    };
    let end = items.len().min(usize::saturating_add(start, most));
    let next = (end < items.len()).then(|| STANDARD.encode(format!("{mark}:{end}")));
    let page = items.into_iter().take(end).skip(start).collect();
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_look_where_they_say() {
        let items = vec![
            json!({ "Name": "web-1", "Tags": [{ "Key": "a", "Value": "1" }], "Maps": [{ "Ebs": { "Id": "s-1" } }] }),
            json!({ "Name": "db.1", "Tags": [], "Maps": [{ "Ebs": { "Id": "s-2" } }, { "Ebs": { "Id": "s-3" } }], "Public": true }),
        ];
        let known: &[Filter] = &[
            ("name", "Name"),
            ("snapshot", "Maps.Ebs.Id"),
            ("public", "Public"),
        ];
        let names = |filters: Value| {
            let value = json!({ "Filters": filters });
            let input = Input {
                value: &value,
                payload: None,
            };
            let found = filtered(items.clone(), input, known);
            found.map(|found| {
                found
                    .iter()
                    .map(|item| item["Name"].to_string())
                    .collect::<Vec<_>>()
            })
        };
        let one =
            |name: &str, value: &str| names(json!([{ "Name": name, "Values": [value] }])).unwrap();
        assert_eq!(one("name", "web-*"), ["\"web-1\""]);
        assert_eq!(one("name", "db?1"), ["\"db.1\""]);
        assert_eq!(one("name", "webx1"), Vec::<String>::new());
        assert_eq!(one("snapshot", "s-3"), ["\"db.1\""]);
        assert_eq!(one("public", "true"), ["\"db.1\""]);
        assert_eq!(one("tag:a", "1"), ["\"web-1\""]);
        assert_eq!(one("tag-key", "a"), ["\"web-1\""]);
        let error = names(json!([{ "Name": "colour", "Values": ["red"] }])).unwrap_err();
        assert_eq!(error.message, "The filter 'colour' is invalid");
    }
}
