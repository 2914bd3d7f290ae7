//! The detectors: one record each, in a table a family of vendors.
//!
//! A detector has keywords, which one pass looks for all at once; where one stands, the
//! pattern is tried; what it captures must then have enough entropy, be no placeholder
//! and pass the validator. To add one: a row in the table of its family, a true sample and a
//! look-alike in the test below it. Samples are made at run time: no table and no test holds
//! anything that a scanner would take for a secret.

use goldsmith_core::finding::Severity;

mod ai;
mod aws;
mod azure;
mod chat;
mod cloud;
mod code_host;
mod config;
mod generic;
mod google;
mod infra;
mod jwt;
mod key;
mod payment;
mod registry;
mod saas;
mod url;

/// Every detector; the tables one after the other.
pub fn all() -> impl Iterator<Item = &'static Detector> {
    TABLES.iter().copied().flatten()
}

static TABLES: &[&[Detector]] = &[
    aws::TABLE,
    azure::TABLE,
    google::TABLE,
    cloud::TABLE,
    code_host::TABLE,
    registry::TABLE,
    chat::TABLE,
    payment::TABLE,
    infra::TABLE,
    saas::TABLE,
    ai::TABLE,
    key::TABLE,
    jwt::TABLE,
    url::TABLE,
    config::TABLE,
    generic::TABLE,
];

/// How a secret is told from other text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// A pattern whose first group is the secret.
    Token(&'static str),
    /// A name, something that assigns, and a value: `NAME_API_KEY = "value"`. Two patterns.
    Assigned(&'static str, &'static str),
}

/// Which bytes a detector is tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All.
    Everywhere,
    /// Text only: what has no zero byte in its first bytes.
    Text,
}

/// What a validator says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No secret.
    No,
    /// A secret.
    Yes,
    /// A secret of another weight, by another name.
    As(Severity, &'static str),
}

impl Verdict {
    pub(super) const fn when(is_secret: bool) -> Self {
        if is_secret { Self::Yes } else { Self::No }
    }
}

/// What a pattern captured, with its surroundings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    /// The secret itself.
    pub(super) secret: &'a [u8],
    /// What the pattern matched before it: a name, a label.
    pub(super) lead: &'a [u8],
    /// All that the pattern matched.
    pub(super) whole: &'a [u8],
    /// The bytes that are at hand.
    pub(super) piece: &'a [u8],
    /// Where the secret begins in them.
    pub(super) start: usize,
    /// Of the file.
    pub(super) path: &'a str,
}

impl<'a> Candidate<'a> {
    /// Bytes before and after the secret's first, as far as they are at hand.
    pub(super) fn around(&self, before: usize, after: usize) -> &'a [u8] {
        let from = self.start.saturating_sub(before);
        let to = self.start.saturating_add(after).min(self.piece.len());
        &self.piece[from..to]
    }

    /// Whether a text stands in those bytes.
    pub(super) fn is_near(&self, text: &str, before: usize, after: usize) -> bool {
        memchr::memmem::find(self.around(before, after), text.as_bytes()).is_some()
    }
}

pub(super) type Validator = fn(&Candidate<'_>) -> Verdict;

/// One kind of secret: how it looks, and how much it matters.
#[derive(Debug, Clone, Copy)]
pub struct Detector {
    /// A stable name: what policies and reports say.
    pub id: &'static str,
    /// What it is, with its article.
    pub title: &'static str,
    /// What it lets somebody do who finds it.
    pub severity: Severity,
    /// Texts of which one stands in every match, as written; of [`Form::Assigned`] in small
    /// letters, in capitals and with a capital first.
    pub(super) keywords: &'static [&'static str],
    pub(super) form: Form,
    /// Bits a character that the secret must have.
    pub(super) entropy: f64,
    pub(super) scope: Scope,
    /// Bytes before a keyword where a match may begin, and after it where it must end.
    pub(super) reach: (usize, usize),
    pub(super) validate: Option<Validator>,
    /// Gives way to any other detector that finds the same bytes.
    pub(super) is_generic: bool,
}

/// A secret with a form of its own, recognised anywhere.
const fn token(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    keywords: &'static [&'static str],
    pattern: &'static str,
) -> Detector {
    Detector {
        id,
        title,
        severity,
        keywords,
        form: Form::Token(pattern),
        entropy: 2.5,
        scope: Scope::Everywhere,
        reach: (0, 512),
        validate: None,
        is_generic: false,
    }
}

/// A value known by the name it is given to.
const fn assigned(
    id: &'static str,
    title: &'static str,
    keywords: &'static [&'static str],
    name: &'static str,
    value: &'static str,
) -> Detector {
    Detector {
        form: Form::Assigned(name, value),
        entropy: 3.0,
        scope: Scope::Text,
        ..token(id, title, Severity::High, keywords, "")
    }
}

impl Detector {
    const fn entropy(mut self, bits: f64) -> Self {
        self.entropy = bits;
        self
    }

    const fn text(mut self) -> Self {
        self.scope = Scope::Text;
        self
    }

    const fn reach(mut self, before: usize, after: usize) -> Self {
        self.reach = (before, after);
        self
    }

    const fn validate(mut self, validator: Validator) -> Self {
        self.validate = Some(validator);
        self
    }

    const fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    const fn generic(mut self) -> Self {
        self.is_generic = true;
        self
    }

    /// Every text to look for.
    pub(super) fn needles(&self) -> Vec<String> {
        let written = self.keywords.iter().copied();
        match self.form {
            Form::Token(_) => written.map(str::to_owned).collect(),
            Form::Assigned(..) => written
                .flat_map(|word| {
                    let (first, rest) = word.split_at(1);
                    let capital = format!("{}{rest}", first.to_ascii_uppercase());
                    [word.to_owned(), word.to_ascii_uppercase(), capital]
                })
                .collect(),
        }
    }

    /// The pattern in full; its first group is the secret.
    pub(super) fn pattern(&self) -> String {
        match self.form {
            Form::Token(pattern) => pattern.to_owned(),
            Form::Assigned(name, value) => format!(
                r#"(?i:{name})[\w .-]{{0,24}}["'\]]{{0,2}}\s{{0,3}}(?::=|=>|=|:|,)\s{{0,5}}["'`]?({value})(?:[^\w/+=.~-]|\z)"#
            ),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
