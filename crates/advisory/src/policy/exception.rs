//! Acceptances in a line each, for images that no project is of: an option of the command line, or a
//! file of such lines.
//!
//! ```text
//! ID [in PLACE] [until DATE]: REASON       PLACE: a package, or the absolute path of a file
//! # a remark
//! ssh-hostkeys in /etc/ssh/* until 2027-01-31: a demonstration that everybody may log in to
//! CVE-2025-0001 in openssl: not reachable
//! ```
//!
//! They mean what the `accept` blocks of a pipeline mean.

use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::recipe::Acceptance;

/// A line that accepts nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExceptionError {
    /// It has no reason.
    #[error("`{0}` gives no reason")]
    Reason(String),
    /// Something else stands before the reason.
    #[error("`{0}` is not `ID [in PLACE] [until DATE]: REASON`")]
    Form(String),
    /// The last day is none.
    #[error("`{0}` is no day")]
    Day(String),
    /// The same of a line of a file, counted from 1.
    #[error("line {number} of `{name}` accepts nothing")]
    Line {
        /// The file.
        name: String,
        /// Which line.
        number: usize,
        /// What is wrong with it.
        #[source]
        source: Box<Self>,
    },
}

impl Failure for ExceptionError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Line { source, .. } => source.hints(),
            Self::Day(_) => vec!["write it as `2027-01-31`".to_owned()],
            Self::Reason(_) | Self::Form(_) => {
                vec!["`guest-clock until 2027-01-31: the host keeps the time`".to_owned()]
            }
        }
    }
}

/// What one line accepts.
pub fn one(line: &str) -> Result<Acceptance, ExceptionError> {
    // Names of advisories have colons in them, and no spaces.
    let (head, reason) = line.split_once(": ").unwrap_or((line, ""));
    let form = || ExceptionError::Form(line.to_owned());
    let mut words = head.split_whitespace();
    let id = words.next().ok_or_else(form)?;
    if reason.trim().is_empty() {
        return Err(ExceptionError::Reason(line.to_owned()));
    }
    let mut accept = Acceptance {
        id: id.to_owned(),
        package: None,
        path: None,
        reason: reason.trim().to_owned(),
        expires: None,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(form)?.to_owned();
        let field = match word {
            "in" if value.starts_with('/') => &mut accept.path,
            "in" => &mut accept.package,
            "until" if value.parse::<jiff::civil::Date>().is_err() => {
                return Err(ExceptionError::Day(value));
            }
            "until" => &mut accept.expires,
            _ => return Err(form()),
        };
        if field.replace(value).is_some() {
            return Err(form());
        }
    }
    Ok(accept)
}

/// What a file accepts; `name` is for its errors.
pub fn file(name: &str, text: &str) -> Result<Vec<Acceptance>, ExceptionError> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let said = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let accept = said.map(|(number, line)| {
        one(line).map_err(|source| ExceptionError::Line {
            name: name.to_owned(),
            number,
            source: Box::new(source),
        })
    });
    accept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "# ours\n\nssh-hostkeys in /etc/ssh/* until 2027-01-31: a demonstration: open\n\
            RHSA-2024:1 in openssl: not reachable\n";
        let accept = file("a", text).unwrap();
        let [leak, flaw] = &accept[..] else {
            panic!("{accept:?}")
        };
        assert_eq!(leak.path.as_deref(), Some("/etc/ssh/*"));
        assert_eq!(leak.expires.as_deref(), Some("2027-01-31"));
        assert_eq!(leak.reason, "a demonstration: open");
        assert_eq!(
            (&*flaw.id, flaw.package.as_deref()),
            ("RHSA-2024:1", Some("openssl"))
        );
    }

    #[test]
    fn what_is_wrong() {
        let line = |text: &str| one(text).unwrap_err().to_string();
        assert_eq!(line("aslr"), "`aslr` gives no reason");
        assert_eq!(line("aslr:  "), "`aslr:  ` gives no reason");
        assert_eq!(line("aslr until soon: x"), "`soon` is no day");
        for text in ["aslr at home: x", "aslr in: x", "aslr in a in b: x"] {
            assert!(matches!(one(text), Err(ExceptionError::Form(_))), "{text}");
        }
        let error = file("a", "\naslr: x\nnothing\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3 of `a` accepts nothing");
        assert!(!error.hints().is_empty());
    }
}
