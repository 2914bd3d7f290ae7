//! What a layer is a function of, in words that a person can compare, and the key made of it.
//!
//! ```text
//! key = H( field("goldsmith layer") field(form) field(key of the layer below, or nothing)
//!          field(name) field(value) ... )                          in the order given
//! ```

use goldsmith_core::digest::{Hasher, Sha256};
use serde::{Deserialize, Serialize};

/// Raised when the builder makes other layers of the same parts: layers made before are then of
/// no use.
const FORM: u32 = 1;

/// A value longer than this is kept as its digest. Scripts of documents are mostly shorter: of
/// them it can be said which line changed.
const VALUE_MAX: usize = 8 << 10;

/// Names and values, in order. Values hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parts(Vec<(String, String)>);

impl Parts {
    /// Adds a part. A long value is taken by its digest.
    pub fn add(&mut self, name: impl Into<String>, value: &str) {
        let value = if value.len() > VALUE_MAX {
            format!("sha256:{}", Sha256::of(value.as_bytes()))
        } else {
            value.to_owned()
        };
        self.0.push((name.into(), value));
    }

    /// The key of a layer of these parts on top of another.
    pub fn key(&self, below: Option<&Sha256>) -> Sha256 {
        let mut hasher = Hasher::new();
        hasher.field(b"goldsmith layer");
        hasher.field(&FORM.to_le_bytes());
        hasher.field(below.map_or(&[][..], |key| &key.as_bytes()[..]));
        for (name, value) in &self.0 {
            hasher.field(name.as_bytes());
            hasher.field(value.as_bytes());
        }
        hasher.finish()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = self.0.iter();
        parts.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The parts that differ from those of another layer, in the order of the new ones, those that
    /// are gone last.
    pub fn changes(&self, old: &Self) -> Vec<PartChange> {
        let find = |parts: &Self, name: &str| {
            let found = parts.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_owned())
        };
        let mut changes: Vec<PartChange> = self
            .iter()
            .map(|(name, value)| PartChange {
                name: name.to_owned(),
                old: find(old, name),
                new: Some(value.to_owned()),
            })
            .filter(|change| change.old != change.new)
            .collect();
        let gone = old.iter().filter(|(name, _)| find(self, name).is_none());
        changes.extend(gone.map(|(name, value)| PartChange {
            name: name.to_owned(),
            old: Some(value.to_owned()),
            new: None,
        }));
        changes
    }
}

/// A part that differs between two layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartChange {
    /// Its name: `inputs[0].commands`, `package nginx:amd64`.
    pub name: String,
    /// What it was; nothing when it is new.
    pub old: Option<String>,
    /// What it is; nothing when it is gone.
    pub new: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(words: &[(&str, &str)]) -> Parts {
        let mut parts = Parts::default();
        for (name, value) in words {
            parts.add(*name, value);
        }
        parts
    }

    #[test]
    fn everything_is_in_the_key() {
        let base = parts(&[("action", "CreateFile"), ("inputs[0].path", "/x")]);
        let below = Sha256::of(b"below");
        let key = base.key(Some(&below));
        assert_eq!(base.key(Some(&below)), key);
        assert_ne!(base.key(None), key);
        for other in [
            &[("action", "CreateFile"), ("inputs[0].path", "/y")][..],
            &[("inputs[0].path", "/x"), ("action", "CreateFile")],
            &[("action", "CreateFile")],
        ] {
            assert_ne!(parts(other).key(Some(&below)), key);
        }
        let long = "x".repeat(VALUE_MAX + 1);
        assert_ne!(
            parts(&[("a", &long)]).key(None),
            parts(&[("a", &(long.clone() + "x"))]).key(None)
        );
    }

    #[test]
    fn changes_in_order() {
        let old = parts(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let new = parts(&[("c", "1"), ("b", "2"), ("d", "1")]);
        let found: Vec<String> = new
            .changes(&old)
            .iter()
            .map(|c| format!("{} {:?} {:?}", c.name, c.old, c.new))
            .collect();
        assert_eq!(
            found,
            [
                r#"b Some("1") Some("2")"#,
                r#"d None Some("1")"#,
                r#"a Some("1") None"#
            ]
        );
        assert_eq!(new.changes(&new), []);
    }
}
