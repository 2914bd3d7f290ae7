//! One try, for whoever tries again by himself: an outbox, that tells somebody.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;

use super::{Answer, Request, Trouble};
use crate::aws::Aws;

/// Codes that mean: not this, however often it is asked.
const NEVER: [&str; 8] = [
    "InvalidArgument",
    "InvalidParameter",
    "InvalidParameterException",
    "InvalidParameterValue",
    "MalformedDetail",
    "ParameterValueInvalid",
    "ValidationError",
    "ValidationException",
];

/// Why something was not taken.
#[derive(Debug)]
pub(crate) enum Untaken {
    /// Somebody asked to stop.
    Cancelled(Cancelled),
    /// It may be taken another time, after so long when that was said.
    Later(String, Option<Duration>),
    /// It never will.
    Never(String),
}

impl Untaken {
    /// What a code and its words mean.
    pub(in super::super) fn of(code: &str, detail: String, asked: Option<Duration>) -> Self {
        if NEVER.contains(&code) {
            Self::Never(detail)
        } else {
            Self::Later(detail, asked)
        }
    }
}

impl Aws {
    /// A call that is tried once.
    pub(in super::super) fn once<T>(
        &self,
        cx: &Cx,
        request: &Request,
        read: impl FnOnce(Answer) -> Result<T, Trouble>,
    ) -> Result<T, Untaken> {
        let trouble = match self.open(cx, request).and_then(read) {
            Ok(value) => return Ok(value),
            Err(trouble) => trouble,
        };
        let redacted = |text: String| cx.redactor.redact(&text);
        Err(match trouble {
            Trouble::Cancelled(cancelled) => Untaken::Cancelled(cancelled),
            Trouble::Broken(detail) | Trouble::Hopeless(detail) => {
                Untaken::Later(redacted(detail), None)
            }
            Trouble::Final(error) => Untaken::Later(redacted(error.to_string()), None),
            Trouble::Refused(refusal) => {
                if refusal.is_old_keys() {
                    self.forget_keys();
                }
                Untaken::of(&refusal.code, redacted(refusal.to_string()), refusal.asked)
            }
        })
    }
}
