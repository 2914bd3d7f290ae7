//! OpenVEX 0.2.0 (<https://github.com/openvex/spec>): statements of others on which vulnerabilities
//! do not matter, read; and the acceptances of a policy, written.
//!
//! ```text
//! {"@context":"https://openvex.dev/ns/v0.2.0","@id":…,"author":…,"timestamp":…,"version":1,
//!  "statements":[{"vulnerability":{"name":"CVE-…","aliases":[…]},"products":[{"@id":"pkg:…",
//!    "subcomponents":[{"@id":"pkg:…"}]}],"status":"not_affected","justification":…,
//!    "impact_statement":…,"action_statement":…}]}
//! ```
//!
//! `not_affected` (which needs one of five justifications, or an impact statement) and `fixed` take
//! a finding away; `affected` and `under_investigation` do not.

use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::finding::{Finding, Kind, Place};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Decision, Verdict, is_named};

/// Why something is not affected, in the five words of the standard.
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

/// A document that is no OpenVEX document of this version.
#[derive(Debug, thiserror::Error)]
pub enum VexError {
    /// Not JSON, or without what a document must have.
    #[error("`{name}` is not an OpenVEX document")]
    Form {
        /// The document.
        name: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// It says something that the standard does not allow.
    #[error("`{name}` breaks the rules of OpenVEX: {detail}")]
    Rule {
        /// The document.
        name: String,
        /// Which and where.
        detail: String,
    },
}

impl Failure for VexError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Form { .. } => Vec::new(),
            Self::Rule { .. } => vec![format!(
                "`not_affected` needs an impact statement or one of {}",
                JUSTIFICATIONS.join(", ")
            )],
        }
    }
}

/// One statement about one vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    names: Vec<String>,
    /// Package URLs; empty: of everything.
    products: Vec<String>,
    status: String,
    why: String,
    author: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    #[serde(default)]
    author: String,
    statements: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<Product>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(rename = "@id", default)]
    id: String,
    #[serde(default)]
    identifiers: Identifiers,
    #[serde(default)]
    subcomponents: Vec<Product>,
}

#[derive(Default, Deserialize)]
struct Identifiers {
    #[serde(default)]
    purl: String,
}

/// Reads a document.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vec<Statement>, VexError> {
    let document: Document = serde_json::from_slice(bytes).map_err(|source| VexError::Form {
        name: name.to_owned(),
        source,
    })?;
    let rule = |detail: String| VexError::Rule {
        name: name.to_owned(),
        detail,
    };
    if !document.context.starts_with("https://openvex.dev/ns") {
        return Err(rule(format!("its context is `{}`", document.context)));
    }
    let mut statements = Vec::new();
    for (at, written) in document.statements.into_iter().enumerate() {
        let wrong = |what: &str| rule(format!("statement {}: {what}", at + 1));
        let justification = written.justification.unwrap_or_default();
        let impact = written.impact_statement.unwrap_or_default();
        match written.status.as_str() {
            "not_affected" if justification.is_empty() && impact.is_empty() => {
                return Err(wrong("`not_affected` without a justification"));
            }
            "not_affected" | "fixed" | "affected" | "under_investigation" => {}
            other => return Err(wrong(&format!("there is no status `{other}`"))),
        }
        if !justification.is_empty() && !JUSTIFICATIONS.contains(&justification.as_str()) {
            return Err(wrong(&format!(
                "there is no justification `{justification}`"
            )));
        }
        let mut names = vec![written.vulnerability.name];
        names.extend(written.vulnerability.aliases);
        let parts = [justification.replace('_', " "), impact];
        let why: Vec<&str> = parts
            .iter()
            .map(String::as_str)
            .filter(|it| !it.is_empty())
            .collect();
        let mut products = Vec::new();
        for product in &written.products {
            purls(product, &mut products);
        }
        if products.is_empty() && !written.products.is_empty() {
            // Named in another way than by package URL: it cannot be about what was found.
            continue;
        }
        statements.push(Statement {
            names,
            products,
            status: written.status,
            why: why.join(": "),
            author: document.author.clone(),
        });
    }
    Ok(statements)
}

/// What a statement is about: the parts of a product, where it names some, else the product.
fn purls(product: &Product, into: &mut Vec<String>) {
    if !product.subcomponents.is_empty() {
        product
            .subcomponents
            .iter()
            .for_each(|part| purls(part, into));
        return;
    }
    for text in [&product.id, &product.identifiers.purl] {
        if text.starts_with("pkg:") && !into.contains(text) {
            into.push(text.clone());
        }
    }
}

impl Statement {
    /// Whether a finding does not matter by it.
    pub(super) fn takes_away(&self, finding: &Finding) -> bool {
        let is_over = matches!(self.status.as_str(), "not_affected" | "fixed");
        is_over && self.names.iter().any(|name| is_named(name, finding)) && self.is_about(finding)
    }

    fn is_about(&self, finding: &Finding) -> bool {
        let Place::Package { purl, .. } = &finding.place else {
            return self.products.is_empty();
        };
        self.products.is_empty() || self.products.iter().any(|product| covers(product, purl))
    }

    /// Why, in a line.
    pub(super) fn reason(&self) -> String {
        let status = self.status.replace('_', " ");
        let why = if self.why.is_empty() {
            String::new()
        } else {
            format!(": {}", self.why)
        };
        let by = if self.author.is_empty() {
            String::new()
        } else {
            format!(" (VEX of {})", self.author)
        };
        format!("{status}{why}{by}")
    }
}

/// Whether a package URL means another: the same package, and the same version and qualifiers where
/// the first says any.
fn covers(wide: &str, narrow: &str) -> bool {
    let split = |purl: &str| {
        let purl = purl.split('#').next().unwrap_or_default().to_owned();
        let (rest, qualifiers) = match purl.split_once('?') {
            Some((rest, qualifiers)) => (rest.to_owned(), qualifiers.to_owned()),
            None => (purl, String::new()),
        };
        let (name, version) = match rest.rsplit_once('@') {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (rest, None),
        };
        (name, version, qualifiers)
    };
    let ((name, version, qualifiers), (other, has, given)) = (split(wide), split(narrow));
    let given: Vec<&str> = given.split('&').collect();
    name == other
        && version.is_none_or(|version| Some(version) == has)
        && qualifiers
            .split('&')
            .filter(|part| !part.is_empty())
            .all(|part| given.contains(&part))
}

/// The acceptances of a verdict as a document. `id` names it, `time` is as `2026-11-23T00:00:00Z`.
pub fn write(verdict: &Verdict, id: &str, author: &str, time: &str) -> Value {
    let is_accepted = |judged: &&super::Judged| {
        judged.decision == Decision::Accepted && judged.finding.kind == Kind::Vulnerability
    };
    let statements: Vec<Value> = verdict
        .judged
        .iter()
        .filter(is_accepted)
        .map(|judged| {
            let finding = &judged.finding;
            let aliases: Vec<&String> = finding
                .references
                .iter()
                .filter(|other| !other.contains("://"))
                .collect();
            let purl = match &finding.place {
                Place::Package { purl, .. } => purl.as_str(),
                _ => "",
            };
            // Whoever accepts says why, in words, which is what an impact statement is.
            json!({
                "vulnerability": { "name": finding.id, "aliases": aliases },
                "products": [{ "@id": purl }],
                "status": "not_affected",
                "impact_statement": judged.reason,
            })
        })
        .collect();
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": id,
        "author": author,
        "timestamp": time,
        "version": 1,
        "statements": statements,
    })
}
