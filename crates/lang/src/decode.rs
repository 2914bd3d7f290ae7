//! Attributes of blocks as typed values. A problem is reported and gives `None`; so does a value
//! that is not known, without a problem.

mod lists;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use goldsmith_core::diagnostic::{Diagnostic, Span, nearest};
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{Firmware, Parameter};
use goldsmith_core::secret::Secret;
use goldsmith_core::size::{parse_bytes, parse_duration};
use goldsmith_core::version::{VersionPattern, VersionPrefix};

use crate::eval::{Env, Evaluator, with_article};
use crate::schema::{BlockSpec, Form};
use crate::syntax::Body;
use crate::syntax::ast::{Attribute, Block, Expr, Kind as Syntax};
use crate::value::{BlockName, Kind, Value};
use crate::world::{Definition, World};

/// Reads one block.
pub(crate) struct Reader<'a> {
    pub(crate) world: &'a World,
    pub(crate) evaluator: &'a Evaluator<'a>,
    pub(crate) definition: &'a Definition,
    pub(crate) block: &'a Block,
    pub(crate) body: &'a Body,
    pub(crate) spec: &'static BlockSpec,
    /// The block's own name when it is a top-level one: its attributes are evaluated once.
    pub(crate) name: Option<&'a BlockName>,
}

/// What an attribute came to.
pub(crate) enum Found<T> {
    /// Not written.
    Absent,
    /// Written, and not usable or not known: whatever was wrong has been reported.
    Unusable,
    /// This.
    Is(T),
}

impl<T> Found<T> {
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Self::Absent => Found::Absent,
            Self::Unusable => Found::Unusable,
            Self::Is(value) => Found::Is(make(value)),
        }
    }

    /// The value, or the default when it is not written.
    pub(crate) fn or(self, default: T) -> Option<T> {
        match self {
            Self::Absent => Some(default),
            Self::Unusable => None,
            Self::Is(value) => Some(value),
        }
    }

    /// The value; `Some(None)` when it is not written.
    pub(crate) fn optional(self) -> Option<Option<T>> {
        match self {
            Self::Absent => Some(None),
            Self::Unusable => None,
            Self::Is(value) => Some(Some(value)),
        }
    }

    /// The value of a required attribute: when it is not written, that was reported before.
    pub(crate) fn required(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Unusable => None,
        }
    }
}

impl<'a> Reader<'a> {
    /// A top-level block.
    pub(crate) fn of(world: &'a World, evaluator: &'a Evaluator<'a>, name: &'a BlockName) -> Self {
        let definition = &world.blocks[name];
        Self {
            world,
            evaluator,
            definition,
            block: &definition.block,
            body: &definition.block.body,
            spec: definition.spec,
            name: Some(name),
        }
    }

    /// A block within this one. Of a type that there is not, which was reported, it has no
    /// attribute that can be read.
    pub(crate) fn inner(&self, block: &'a Block) -> Self {
        let spec = self
            .spec
            .blocks
            .iter()
            .copied()
            .find(|spec| spec.name == block.kind.text)
            .expect("kinds were checked");
        let label = block.labels.first().map(|label| label.text.as_str());
        Self {
            world: self.world,
            evaluator: self.evaluator,
            definition: self.definition,
            block,
            body: &block.body,
            spec: spec.of_type(label).unwrap_or(spec),
            name: None,
        }
    }

    /// The block as it is spoken of: `schedule`, `step "wait"`.
    pub(crate) fn title(&self) -> String {
        let kind = &self.block.kind.text;
        if self.spec.name == kind {
            kind.clone()
        } else {
            format!("{kind} \"{}\"", self.spec.name)
        }
    }

    pub(crate) fn env(&self) -> Env<'a> {
        Env::of(&self.definition.file)
    }

    pub(crate) fn span(&self, at: &std::ops::Range<usize>) -> Span {
        Span::new(&self.definition.file, at.clone())
    }

    /// The value of an attribute and where it stands.
    fn value(&self, name: &str) -> Found<(Value, &'a Attribute)> {
        debug_assert!(
            self.spec.attribute(name).is_some(),
            "`{name}` is not in the table"
        );
        let Some(attribute) = self.body.attribute(name) else {
            return Found::Absent;
        };
        let value = match self.name {
            Some(block) => {
                use crate::eval::Names as _;
                self.world.block_attribute(
                    self.evaluator,
                    block,
                    name,
                    self.span(&attribute.name.at),
                )
            }
            None => self.evaluator.eval(&attribute.value, &self.env()),
        };
        match value {
            Ok(value) if value.is_unknown() => Found::Unusable,
            // `null` is as if it were not written.
            Ok(value) if value.kind == Kind::Null => Found::Absent,
            Ok(value) => Found::Is((value, attribute)),
            Err(_) => Found::Unusable,
        }
    }

    fn read<T>(
        &self,
        name: &str,
        wanted: &str,
        convert: impl FnOnce(&Value) -> Result<T, Option<String>>,
    ) -> Found<T> {
        match self.value(name) {
            Found::Absent => Found::Absent,
            Found::Unusable => Found::Unusable,
            Found::Is((value, attribute)) => match convert(&value) {
                Ok(converted) => Found::Is(converted),
                Err(detail) => {
                    let detail = detail
                        .filter(|_| !value.has_secret())
                        .unwrap_or_else(|| format!("this is {}", with_article(&value)));
                    self.wrong(
                        &attribute.value,
                        format!("`{name}` must be {wanted}"),
                        detail,
                    );
                    Found::Unusable
                }
            },
        }
    }

    /// Whether any of an attribute is secret: then no problem may show it.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        matches!(self.value(name), Found::Is((value, _)) if value.has_secret())
    }

    pub(crate) fn wrong(&self, expr: &Expr, message: String, label: String) {
        self.evaluator
            .report(Diagnostic::error("L0110", message).label(self.span(&expr.at), label));
    }

    pub(crate) fn text(&self, name: &str) -> Found<String> {
        self.read(name, "text", |value| {
            value.as_text().map(|text| text.to_string()).ok_or(None)
        })
    }

    pub(crate) fn flag(&self, name: &str) -> Found<bool> {
        self.read(name, "`true` or `false`", |value| {
            value.as_bool().ok_or(None)
        })
    }

    pub(crate) fn texts(&self, name: &str) -> Found<Vec<String>> {
        match self.read(name, "a list of texts", |value| texts(value).ok_or(None)) {
            // Some of it is not known.
            Found::Is(None) => Found::Unusable,
            Found::Is(Some(texts)) => Found::Is(texts),
            Found::Absent => Found::Absent,
            Found::Unusable => Found::Unusable,
        }
    }

    /// A list of texts, each marked when it came from something sensitive.
    pub(crate) fn marked_texts(&self, name: &str) -> Found<Vec<Parameter>> {
        let texts = match self.texts(name) {
            Found::Is(texts) => texts,
            Found::Absent => return Found::Absent,
            Found::Unusable => return Found::Unusable,
        };
        let Found::Is((list, _)) = self.value(name) else {
            return Found::Unusable;
        };
        let Kind::List(items) = &list.kind else {
            return Found::Unusable;
        };
        let marked = texts.into_iter().zip(items.iter());
        Found::Is(
            marked
                .map(|(value, item)| Parameter {
                    value,
                    is_sensitive: item.is_sensitive || list.is_sensitive,
                })
                .collect(),
        )
    }

    pub(crate) fn size(&self, name: &str) -> Found<u64> {
        self.read(name, "a size", |value| {
            let text = value.as_text().ok_or(None)?;
            parse_bytes(&text).map_err(|e| Some(e.to_string()))
        })
    }

    pub(crate) fn time(&self, name: &str) -> Found<Duration> {
        self.read(name, "a length of time", |value| {
            let text = value.as_text().ok_or(None)?;
            parse_duration(&text).map_err(|e| Some(e.to_string()))
        })
    }

    pub(crate) fn version(&self, name: &str) -> Found<VersionPattern> {
        self.parsed(name, "a version")
    }

    pub(crate) fn version_prefix(&self, name: &str) -> Found<VersionPrefix> {
        self.parsed(name, "the beginning of a version")
    }

    pub(crate) fn sha256(&self, name: &str) -> Found<Sha256> {
        self.read(name, "a SHA-256", |value| {
            let text = value.as_text().ok_or(None)?;
            text.to_lowercase()
                .parse()
                .map_err(|_| Some("it has 64 hexadecimal digits".to_owned()))
        })
    }

    /// One of the words that the table allows.
    pub(crate) fn choice(&self, name: &str) -> Found<String> {
        let Some(Form::Choice(words)) = self.spec.attribute(name).map(|spec| spec.form) else {
            unreachable!("not a choice")
        };
        self.read(name, &format!("one of {}", listed(words)), |value| {
            one_of(words, &value.as_text().ok_or(None)?)
        })
    }

    /// Some of the words that the table allows, at least one, each once, in its order.
    pub(crate) fn choices(&self, name: &str) -> Found<Vec<&'static str>> {
        let Some(Form::Choices(words)) = self.spec.attribute(name).map(|spec| spec.form) else {
            unreachable!("not a choice")
        };
        self.read(name, &format!("a list of {}", listed(words)), |value| {
            let Some(Some(texts)) = texts(value) else {
                return Err(None);
            };
            for text in &texts {
                one_of(words, text)?;
            }
            if texts.is_empty() {
                return Err(Some("the list is empty".to_owned()));
            }
            let chosen = words.iter().copied();
            Ok(chosen
                .filter(|word| texts.iter().any(|text| text == word))
                .collect())
        })
    }

    pub(crate) fn firmwares(&self, name: &str) -> Found<Vec<Firmware>> {
        let firmware = |word| match word {
            "bios" => Firmware::Bios,
            _ => Firmware::Uefi,
        };
        self.choices(name)
            .map(|words| words.into_iter().map(firmware).collect())
    }

    /// A whole number of a range.
    pub(crate) fn number(&self, name: &str, range: RangeInclusive<u32>) -> Found<u32> {
        let wanted = format!("a number from {} to {}", range.start(), range.end());
        self.read(name, &wanted, |value| {
            let text = value.as_text().ok_or(None)?;
            let number = text.parse::<u32>().ok();
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| Some(format!("this is `{text}`")))
        })
    }

    /// A text that is read further. What is wrong with it is said where it stands.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str, wanted: &str) -> Found<T>
    where
        T::Err: std::fmt::Display,
    {
        self.read(name, wanted, |value| {
            let text = value.as_text().ok_or(None)?;
            text.parse().map_err(|e: T::Err| Some(e.to_string()))
        })
    }

    /// A text that must not be shown, whatever it came from.
    pub(crate) fn hidden(&self, name: &str) -> Found<Secret<String>> {
        self.text(name).map(Secret::new)
    }

    /// An object whose values are text, numbers or booleans.
    pub(crate) fn parameters(&self, name: &str) -> Found<BTreeMap<String, Parameter>> {
        let Some((value, attribute)) = (match self.value(name) {
            Found::Absent => return Found::Absent,
            Found::Unusable => None,
            Found::Is(found) => Some(found),
        }) else {
            return Found::Unusable;
        };
        let Kind::Object(members) = &value.kind else {
            self.wrong(
                &attribute.value,
                format!("`{name}` must be an object"),
                format!("this is {}", with_article(&value)),
            );
            return Found::Unusable;
        };
        let mut parameters = BTreeMap::new();
        let mut is_usable = true;
        for (key, member) in members.iter() {
            if member.is_unknown() {
                is_usable = false;
                continue;
            }
            let Some(text) = member.as_text() else {
                let place = member_place(&attribute.value, key);
                self.wrong(
                    place,
                    format!("the parameter `{key}` must be text"),
                    format!(
                        "this is {}; `jsonencode()` writes lists and objects as text",
                        with_article(member)
                    ),
                );
                is_usable = false;
                continue;
            };
            let is_sensitive = member.is_sensitive || value.is_sensitive;
            parameters.insert(
                key.clone(),
                Parameter {
                    value: text.to_string(),
                    is_sensitive,
                },
            );
        }
        if is_usable {
            Found::Is(parameters)
        } else {
            Found::Unusable
        }
    }

    /// The block that an attribute refers to.
    pub(crate) fn reference(&self, name: &str) -> Found<BlockName> {
        let Some(Form::Reference(kind)) = self.spec.attribute(name).map(|spec| spec.form) else {
            unreachable!("not a reference")
        };
        let example = match kind {
            "source" => "source.debian.name".to_owned(),
            "infrastructure" => "infrastructure.aws.name".to_owned(),
            kind => format!("{kind}.name"),
        };
        self.read(
            name,
            &format!("a reference such as `{example}`"),
            |value| match &value.kind {
                Kind::Block(block) if block.kind == kind => Ok(block.clone()),
                Kind::Block(block) => Err(Some(format!("`{block}` is a {}", block.kind))),
                // The JSON form has no references: the text of one serves.
                Kind::String(text) => self
                    .named(kind, text)
                    .ok_or_else(|| Some("references stand without quotes".to_owned())),
                _ => Err(None),
            },
        )
    }

    fn named(&self, kind: &str, text: &str) -> Option<BlockName> {
        let mut parts = text.split('.').map(str::to_owned);
        let name = BlockName {
            kind: parts.next()?,
            labels: parts.collect(),
        };
        let is_json = self.definition.file.name().ends_with(".json");
        (is_json && name.kind == kind && self.world.blocks.contains_key(&name)).then_some(name)
    }
}

/// The value of a member where it is written, for a problem with it.
pub(crate) fn member_place<'e>(expr: &'e Expr, key: &str) -> &'e Expr {
    if let Syntax::Object(pairs) = &expr.kind {
        let found = pairs
            .iter()
            .find(|(name, _)| matches!(&name.kind, Syntax::String(text) if text == key));
        return found.map_or(expr, |(_, value)| value);
    }
    expr
}

/// `None`: not a list of texts. `Some(None)`: one with something not known in it.
fn texts(value: &Value) -> Option<Option<Vec<String>>> {
    let Kind::List(items) = &value.kind else {
        return None;
    };
    if items.iter().any(Value::is_unknown) {
        return Some(None);
    }
    items
        .iter()
        .map(|item| item.as_text().map(|text| text.to_string()))
        .collect::<Option<Vec<_>>>()
        .map(Some)
}

fn one_of(words: &[&str], text: &str) -> Result<String, Option<String>> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let near = nearest(text, words.iter().copied());
    Err(Some(near.map_or_else(
        || format!("`{text}` is none of them"),
        |near| format!("did you mean `{near}`?"),
    )))
}

fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`\"{word}\"`"))
        .collect::<Vec<_>>()
        .join(", ")
}
