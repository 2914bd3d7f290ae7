//! Stanzas of control files (deb822(5)), kept as they were written.

use std::fmt::Write as _;

/// Field names and values in their order. A value keeps its continuation lines with their
/// leading space, so that writing gives the bytes that were read.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Stanza(Vec<(String, String)>);

/// A text that is no stanza.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of its control file is no field")]
pub struct StanzaError {
    line: usize,
}

impl Stanza {
    /// Reads the first stanza of a text.
    pub fn parse(text: &str) -> Result<Self, StanzaError> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let refuse = || StanzaError { line: number + 1 };
            if line.trim().is_empty() {
                if fields.is_empty() {
                    continue;
                }
                break;
            }
            if line.starts_with([' ', '\t']) {
                let (_, value) = fields.last_mut().ok_or_else(refuse)?;
                value.push('\n');
                value.push_str(line);
            } else {
                let (name, value) = line.split_once(':').ok_or_else(refuse)?;
                if name.is_empty() || name.contains(char::is_whitespace) {
                    return Err(refuse());
                }
                fields.push((name.to_owned(), value.trim_start().to_owned()));
            }
        }
        // Space at the end of a line within a value stays, as dpkg keeps it.
        for (_, value) in &mut fields {
            value.truncate(value.trim_end().len());
        }
        Ok(Self(fields))
    }

    /// The value of a field; names are compared without regard to case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The fields in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// Writes one field as a control file has it.
    pub fn write_field(out: &mut String, name: &str, value: &str) {
        let space = if value.is_empty() || value.starts_with('\n') {
            ""
        } else {
            " "
        };
        writeln!(out, "{name}:{space}{value}").expect("a string takes everything");
    }

    /// Names of the packages that a relation field asks for, one list of alternatives each, without
    /// versions and architecture qualifiers.
    pub fn relations(&self, field: &str) -> Vec<Vec<&str>> {
        let name_of = |alternative: &'_ str| -> Option<usize> {
            let name = alternative.trim_start();
            let skipped = alternative.len() - name.len();
            let end = name
                .find(|c: char| c.is_whitespace() || "(:[<".contains(c))
                .unwrap_or(name.len());
            (end > 0).then_some(skipped + end)
        };
        self.get(field)
            .unwrap_or_default()
            .split(',')
            .map(|group| {
                group
                    .split('|')
                    .filter_map(|a| name_of(a).map(|end| a[..end].trim_start()))
                    .collect::<Vec<_>>()
            })
            .filter(|group| !group.is_empty())
            .collect()
    }
}
