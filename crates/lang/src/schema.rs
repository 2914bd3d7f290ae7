//! The blocks of the language: one table, from which decoding, suggestions, the reference page
//! and the JSON Schema are made.

mod blocks;
mod pages;

pub(crate) use blocks::top_level;
pub use pages::{json_schema, reference_page};

/// A kind of block.
#[derive(Debug)]
pub(crate) struct BlockSpec {
    pub(crate) name: &'static str,
    /// What its labels are called.
    pub(crate) labels: &'static [&'static str],
    /// How many of them, from the last, may be left out.
    pub(crate) optional_labels: usize,
    pub(crate) summary: &'static str,
    pub(crate) attributes: &'static [AttributeSpec],
    pub(crate) blocks: &'static [&'static BlockSpec],
    /// Whether it may stand more than once in its parent.
    pub(crate) is_repeated: bool,
    /// When its first label says of what type it is: a table for each, whose name is that label.
    pub(crate) types: &'static [&'static BlockSpec],
}

/// An attribute of a block.
#[derive(Debug)]
pub(crate) struct AttributeSpec {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) is_required: bool,
    /// As the reference shows it; empty: none.
    pub(crate) default: &'static str,
    pub(crate) summary: &'static str,
}

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text.
    Text,
    /// true or false.
    Flag,
    /// A list of texts.
    Texts,
    /// An object whose values are texts, numbers or booleans.
    Map,
    /// An object whose values are lists of texts; one text is a list of one.
    Lists,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words.
    Choices(&'static [&'static str]),
    /// A whole number, zero or more.
    Number,
    /// How many to keep: a number, or `"all"`.
    Keep,
    /// A size in bytes: `8GiB`.
    Size,
    /// A length of time: `60s`.
    Time,
    /// `1.4.x`.
    Version,
    /// `1`, `1.4`, `1.4.0`.
    Versions,
    /// A reference to a block of this kind.
    Reference(&'static str),
    /// Read by the language itself: a type, a default, a condition.
    Own,
}

impl BlockSpec {
    /// The table of a block with these labels: that of its type, where it has types. `None`:
    /// there is no such type.
    pub(crate) fn of_type(&'static self, label: Option<&str>) -> Option<&'static Self> {
        match (self.types, label) {
            ([], _) | (_, None) => Some(self),
            (types, Some(label)) => types.iter().copied().find(|kind| kind.name == label),
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'static AttributeSpec> {
        self.attributes.iter().find(|spec| spec.name == name)
    }
}
