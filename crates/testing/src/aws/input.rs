//! What an operation is called with, by the names of the model.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::decode::Payload;
use super::refusal::Refusal;
use super::world::Tags;

/// The input of an operation, or a structure within it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) value: &'a Value,
    pub(super) payload: Option<&'a Payload>,
}

impl<'a> Input<'a> {
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.value[name].as_str()
    }

    /// Text that the model requires.
    pub(super) fn required(self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    pub(super) fn number(self, name: &str) -> Option<i64> {
        self.value[name].as_i64()
    }

    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.value[name].as_bool()
    }

    pub(super) fn is(self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    pub(super) fn has(self, name: &str) -> bool {
        !self.value[name].is_null()
    }

    pub(super) fn texts(self, name: &str) -> Vec<&'a str> {
        let list = self.value[name].as_array();
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// The structures of a list.
    pub(super) fn parts(self, name: &str) -> impl Iterator<Item = Self> {
        let list = self.value[name].as_array();
        let payload = self.payload;
        list.into_iter()
            .flatten()
            .map(move |value| Self { value, payload })
    }

    pub(super) fn part(self, name: &str) -> Self {
        Self {
            value: &self.value[name],
            ..self
        }
    }

    /// The tags of a list `Tags`, each with a `Key` and a `Value`.
    pub(super) fn tags(self) -> Result<Tags, Refusal> {
        let mut tags = Tags::new();
        for tag in self.parts("Tags") {
            let (key, value) = (tag.required("Key"), tag.required("Value"));
            if key.is_empty() || key.chars().count() > 127 || value.chars().count() > 255 {
                return Err(Refusal::value(
                    "Tag",
                    key,
                    "A key has 1 to 127 characters, a value at most 255",
                ));
            }
            if key.to_ascii_lowercase().starts_with("aws:") {
                return Err(Refusal::value(
                    "Tag",
                    key,
                    "Tag keys starting with 'aws:' are reserved for internal use",
                ));
            }
            if tags.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(Refusal::value("Tag", key, "The key is there twice"));
            }
        }
        if tags.len() > 50 {
            return Err(Refusal::new(
                "TagLimitExceeded",
                "More than 50 tags specified",
            ));
        }
        Ok(tags)
    }

    /// The tags for a kind of resource in `TagSpecifications`, which may be for these kinds.
    pub(super) fn tags_for(self, kind: &str, kinds: &[&str]) -> Result<Tags, Refusal> {
        let mut tags = Tags::new();
        for specification in self.parts("TagSpecifications") {
            let of = specification.required("ResourceType");
            if !kinds.contains(&of) {
                return Err(Refusal::value(
                    "ResourceType",
                    of,
                    "It cannot be tagged on creation here",
                ));
            }
            if of == kind {
                tags.append(&mut specification.tags()?);
            }
        }
        Ok(tags)
    }
}

/// Bytes as requests have them.
pub(super) fn blob(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Bytes as answers have them.
pub(super) fn blob_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
