//! Objects of lists of texts.

use std::collections::BTreeMap;

use super::{Found, Reader, texts};
use crate::value::{Kind, Value};

impl Reader<'_> {
    /// An object whose values are lists of texts; one text is a list of one.
    pub(crate) fn lists(&self, name: &str) -> Found<BTreeMap<String, Vec<String>>> {
        let lists = self.read(name, "an object of lists of texts", |value| {
            let Kind::Object(members) = &value.kind else {
                return Err(None);
            };
            let members: Result<Vec<_>, Option<String>> = members
                .iter()
                .map(|(key, member)| match list(member) {
                    None => Err(Some(format!("`{key}` is no list of texts"))),
                    Some(list) => Ok(list.map(|list| (key.clone(), list))),
                })
                .collect();
            Ok(members?.into_iter().collect::<Option<_>>())
        });
        match lists {
            Found::Absent => Found::Absent,
            // Some of it is not known.
            Found::Unusable | Found::Is(None) => Found::Unusable,
            Found::Is(Some(lists)) => Found::Is(lists),
        }
    }
}

/// `None`: neither a text nor a list of texts. `Some(None)`: one that is not wholly known.
fn list(member: &Value) -> Option<Option<Vec<String>>> {
    if member.is_unknown() {
        return Some(None);
    }
    match member.as_text() {
        Some(text) => Some(Some(vec![text.to_string()])),
        None => texts(member),
    }
}
