//! The journal of a run, as it is kept: one JSON object a line.
//!
//! ```text
//! {"entry":"started","form":1,"course":["lock","build","test","scan","gate","approve",…]}
//! {"entry":"begun","unit":"build","attempt":1}
//! {"entry":"done","unit":"build","output":{…},"summary":"…"}   what later units read, and people
//! {"entry":"failed","unit":"test","error":"…","class":6}
//! {"entry":"skipped","unit":"approve","why":"…"}
//! {"entry":"waiting","unit":"approve","for":"…","until":1790000000}
//! {"entry":"answered","unit":"step/ask","by":"ann@example.com","goes_on":true,"reason":"…"}
//! {"entry":"again","stage":"test","by":"ann@example.com"}  everything from there counts as not done
//! {"entry":"cancelled","by":"ann@example.com"}
//! {"entry":"ended","status":"done"}
//! ```

use goldsmith_core::catalog;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form that this version writes, and the newest that it reads.
pub const FORM: u32 = 1;

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// The first line.
    Started {
        /// Of the whole journal.
        form: u32,
        /// Names of the units, in order.
        course: Vec<String>,
    },
    /// A unit is worked on from now on.
    Begun {
        /// Its name.
        unit: String,
        /// How often it was begun, this time counted.
        attempt: u32,
    },
    /// It is done.
    Done {
        /// Its name.
        unit: String,
        /// What later units may read.
        output: Value,
        /// What to say of it, in a few words.
        #[serde(default)]
        summary: String,
    },
    /// It failed, and what it had made halfway is gone.
    Failed {
        /// Its name.
        unit: String,
        /// Why, in one line.
        error: String,
        /// The exit code of the failure's class.
        class: u8,
        /// Whether the run goes on all the same.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        goes_on: bool,
    },
    /// It was not to be done.
    Skipped {
        /// Its name.
        unit: String,
        /// Why.
        why: String,
    },
    /// It goes on when somebody, or a time, says so.
    Waiting {
        /// Its name.
        unit: String,
        /// For what.
        #[serde(rename = "for")]
        for_what: String,
        /// Until then, in seconds since 1970-01-01 UTC; after it the unit fails.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// Somebody said how a waiting unit goes on.
    Answered {
        /// Its name.
        unit: String,
        /// Who.
        by: String,
        /// Whether it goes on; else it fails.
        goes_on: bool,
        /// Why.
        reason: String,
    },
    /// The run was taken up again at a stage.
    Again {
        /// Name of the first stage that counts as not done.
        stage: String,
        /// Who wanted it.
        by: String,
    },
    /// Somebody stopped the run.
    Cancelled {
        /// Who.
        by: String,
    },
    /// Nothing more happens by itself.
    Ended {
        /// `done`, `failed`, `cancelled`.
        status: String,
    },
}

impl Entry {
    /// As the catalog keeps it.
    pub fn to_row(&self, unix: i64) -> catalog::Entry {
        catalog::Entry {
            unix,
            body: serde_json::to_string(self).expect("names and texts have a JSON form"),
        }
    }

    /// From what the catalog kept; the error says what is wrong.
    pub fn of_row(row: &catalog::Entry) -> Result<Self, String> {
        let entry: Self = serde_json::from_str(&row.body).map_err(|error| error.to_string())?;
        match entry {
            Self::Started { form, .. } if form > FORM => Err(format!(
                "it has form {form}, and this version of Goldsmith reads up to {FORM}"
            )),
            entry => Ok(entry),
        }
    }
}
