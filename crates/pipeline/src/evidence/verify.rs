//! Whether what is stated of an image can be believed, kind by kind.

use goldsmith_core::catalog::{Catalog, CatalogError};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;

use super::envelope::Envelope;
use super::key::PublicKey;
use super::predicate;
use super::statement::Statement;

/// What was found of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A trusted key signed it, and it is about this disk.
    Good {
        /// Identity of the key.
        by: String,
    },
    /// It is not to be believed.
    Bad(String),
    /// There is none of its kind.
    Missing,
}

/// One kind of statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// In a word: `provenance`, `sbom`.
    pub kind: String,
    /// What was found.
    pub verdict: Verdict,
    /// What it states, when it is good.
    pub statement: Option<Statement>,
}

/// Kinds that every image of a run has.
pub const EXPECTED: [&str; 4] = [
    predicate::PROVENANCE,
    predicate::BILL,
    predicate::TEST,
    predicate::VULNERABILITIES,
];

/// Checks every envelope, and that of each expected kind there is one.
pub fn verify(
    disk: Sha256,
    envelopes: &[impl AsRef<str>],
    keys: &[PublicKey],
    expected: &[&str],
) -> Vec<Checked> {
    let mut found: Vec<Checked> = envelopes
        .iter()
        .map(|text| one(disk, text.as_ref(), keys))
        .collect();
    for kind in expected {
        let kind = predicate::word(kind);
        if !found.iter().any(|checked| checked.kind == kind) {
            found.push(Checked {
                kind: kind.to_owned(),
                verdict: Verdict::Missing,
                statement: None,
            });
        }
    }
    found
}

/// Checks what a catalog keeps of an image with this disk; nothing is missed.
pub fn kept(
    catalog: &dyn Catalog,
    image: &ImageId,
    disk: Sha256,
    keys: &[PublicKey],
) -> Result<Vec<Checked>, CatalogError> {
    let rows = catalog.statements(image)?;
    let checked = rows.iter().map(|row| one(disk, &row.envelope, keys));
    Ok(checked.collect())
}

fn one(disk: Sha256, text: &str, keys: &[PublicKey]) -> Checked {
    let bad = |kind: String, why: String| Checked {
        kind,
        verdict: Verdict::Bad(why),
        statement: None,
    };
    let envelope = match Envelope::parse(text.as_bytes()) {
        Ok(envelope) => envelope,
        Err(error) => return bad("?".to_owned(), error.to_string()),
    };
    match Statement::open(&envelope, keys) {
        Err(error) => bad(claimed(&envelope), error.to_string()),
        Ok((statement, _)) if !statement.is_about(disk) => {
            let other: Vec<&str> = statement.subjects().collect();
            bad(
                predicate::word(&statement.predicate_type).to_owned(),
                format!("it is about another disk, of {}", other.join(", ")),
            )
        }
        Ok((statement, key)) => Checked {
            kind: predicate::word(&statement.predicate_type).to_owned(),
            verdict: Verdict::Good { by: key.id() },
            statement: Some(statement),
        },
    }
}

/// What kind an envelope that cannot be believed says that it is of.
fn claimed(envelope: &Envelope) -> String {
    let statement = envelope.unchecked();
    let kind = statement.map(|statement| predicate::word(&statement.predicate_type).to_owned());
    kind.unwrap_or_else(|| "?".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::SigningKey;
    use serde_json::json;

    #[test]
    fn good_altered_missing_and_of_strangers() {
        let image = "web@1.0.0/1".parse().unwrap();
        let disk = Sha256::of(b"disk");
        let (key, stranger) = (SigningKey::of_seed([1; 32]), SigningKey::of_seed([2; 32]));
        let state = |kind: &str, disk, key: &SigningKey| {
            Statement::new(&image, disk, kind, json!({}))
                .sign(key)
                .to_text()
        };
        let texts = [
            state(predicate::PROVENANCE, disk, &key),
            state(predicate::TEST, disk, &stranger),
            state(predicate::BILL, Sha256::of(b"other"), &key),
            "{}".to_owned(),
        ];
        let checked = verify(disk, &texts, &[key.public()], &EXPECTED);
        let shown: Vec<(&str, &Verdict)> = checked
            .iter()
            .map(|checked| (checked.kind.as_str(), &checked.verdict))
            .collect();
        assert_eq!(
            shown[0],
            (
                "provenance",
                &Verdict::Good {
                    by: key.public().id()
                }
            )
        );
        assert!(
            matches!(shown[1], ("test", Verdict::Bad(why)) if why.contains("not a key that is trusted"))
        );
        assert!(
            matches!(shown[2], ("sbom", Verdict::Bad(why)) if why.contains("another disk, of web 1.0.0/1"))
        );
        assert!(matches!(shown[3], ("?", Verdict::Bad(_))));
        assert_eq!(shown[4], ("vulnerabilities", &Verdict::Missing));
    }
}
