//! The language from outside: whole files in, projects and problems out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod hostile;
mod variables;

use goldsmith_lang::{Host, Input, Options, Outcome};

/// A project without files.
pub(crate) struct Bare;

impl Host for Bare {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("`{path}` is not there"))
    }

    fn exists(&self, _: &str) -> bool {
        false
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn unix_seconds(&self) -> i64 {
        1_700_000_000
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

/// Evaluates one file.
pub(crate) fn evaluate(name: &str, text: impl AsRef<[u8]>, options: &Options) -> Outcome {
    let input = Input {
        name: name.to_owned(),
        bytes: text.as_ref().to_vec(),
    };
    goldsmith_lang::evaluate(&[input], options, &Bare)
}
