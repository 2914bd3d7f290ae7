//! Tags of what is made in AWS.

use std::collections::BTreeMap;

use crate::decode::Reader;

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
    let is_few = given.len() <= TAGS_MAX;
    if !is_few {
        let message = format!("`tags` has {TAGS_MAX} members at most");
        let label = format!("there are {}", given.len());
        reader.wrong(&attribute.value, message, label);
    }
    let tags = crate::lower::tags(reader, given, |key, value| {
        if key.to_ascii_lowercase().starts_with("aws:") || key.starts_with("goldsmith:") {
            Some("keys that begin with `aws:` or `goldsmith:` are taken")
        } else if key.is_empty()
            || key.chars().count() > KEY_MAX
            || value.chars().count() > VALUE_MAX
        {
            Some("a key has 1 to 128 characters, a value 256 at most")
        } else {
            None
        }
    });
    tags.filter(|_| is_few)
}
