//! Tags of what is made in AWS.

use std::collections::BTreeMap;

use crate::decode::{Reader, member_place};

/// EC2 takes 50 for each thing; the rest is ours.
const TAGS_MAX: usize = 40;
/// Longest key and value of a tag, in characters.
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

pub(super) fn tags(reader: &Reader<'_>) -> Option<BTreeMap<String, String>> {
    let given = reader.parameters("tags").or(BTreeMap::new())?;
    let Some(attribute) = reader.body.attribute("tags") else {
        return Some(BTreeMap::new());
    };
    let mut is_right = given.len() <= TAGS_MAX;
    if !is_right {
        let message = format!("`tags` has {TAGS_MAX} members at most");
        reader.wrong(
            &attribute.value,
            message,
            format!("there are {}", given.len()),
        );
    }
    for (key, value) in &given {
        let is_reserved = key.to_ascii_lowercase().starts_with("aws:");
        let wrong = if value.is_sensitive {
            Some("a tag is shown to everybody, and this is sensitive")
        } else if is_reserved || key.starts_with("goldsmith:") {
            Some("keys that begin with `aws:` or `goldsmith:` are taken")
        } else if key.is_empty()
            || key.chars().count() > KEY_MAX
            || value.value.chars().count() > VALUE_MAX
        {
            Some("a key has 1 to 128 characters, a value 256 at most")
        } else {
            None
        };
        if let Some(label) = wrong {
            let place = member_place(&attribute.value, key);
            let message = format!("the tag `{key}` cannot be used");
            reader.wrong(place, message, label.to_owned());
            is_right = false;
        }
    }
    let tags = given.into_iter().map(|(key, value)| (key, value.value));
    is_right.then(|| tags.collect())
}
