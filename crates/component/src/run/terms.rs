//! What a document says of a step besides what it does: how long, how often, over what. Part of
//! what is reported of the step, so that a report can be read without its document.

use serde::{Deserialize, Serialize};

use crate::document::{Loop, OnFailure, Over, Step};

/// The terms a step runs on, in the words of its document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// Longest an attempt may take, in seconds; -1 is without end.
    pub timeout_seconds: i64,
    /// What its failure means for the rest.
    pub on_failure: OnFailure,
    /// How often it is tried at most.
    pub attempts_max: u32,
    /// Its loop.
    pub repeat: Option<Repeat>,
}

/// A loop as its document has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it goes over.
    #[serde(flatten)]
    pub over: RepeatOver,
}

/// What a loop goes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RepeatOver {
    /// Numbers.
    #[serde(rename = "for")]
    Numbers {
        /// The first.
        start: i64,
        /// No number is beyond.
        end: i64,
        /// From one to the next.
        #[serde(rename = "updateBy")]
        update_by: i64,
    },
    /// Texts.
    #[serde(rename = "forEach")]
    Each(Each),
}

/// The two ways to write down texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Each {
    /// One by one.
    Items(Vec<String>),
    /// In one text.
    List {
        /// The text.
        list: String,
        /// Between two of them.
        delimiter: char,
    },
}

impl Terms {
    pub(crate) fn of(step: &Step) -> Self {
        Self {
            timeout_seconds: step.timeout.map_or(-1, |timeout| {
                i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX)
            }),
            on_failure: step.on_failure,
            attempts_max: step.attempts_max,
            repeat: step.repeat.as_ref().map(Repeat::of),
        }
    }
}

impl Repeat {
    fn of(repeat: &Loop) -> Self {
        Self {
            name: repeat.name.as_ref().map(|name| name.value.clone()),
            over: match &repeat.over {
                Over::Range { start, end, step } => RepeatOver::Numbers {
                    start: *start,
                    end: *end,
                    update_by: *step,
                },
                Over::Items(items) => {
                    let items = items.iter().map(|item| item.value.clone());
                    RepeatOver::Each(Each::Items(items.collect()))
                }
                Over::List { list, delimiter } => RepeatOver::Each(Each::List {
                    list: list.value.clone(),
                    delimiter: *delimiter,
                }),
            },
        }
    }
}
