//! What came of an execution.

use serde::{Deserialize, Serialize};

use crate::run::{Report, RunStatus};

/// What came of documents that were run one after the other. Its texts hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionReport {
    /// Identifier of the execution.
    pub id: String,
    /// When it began, in seconds since 1970 UTC.
    pub started: i64,
    /// When it ended, in the same.
    pub ended: i64,
    /// Why it ended before its end: interrupted, the machine was lost.
    pub failure: Option<String>,
    /// Of every document that was begun or passed over, in order.
    pub documents: Vec<Report>,
}

/// How an execution ended: the two words that AWSTOE has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every document succeeded; failures that do not matter count as success.
    Success,
    /// A document failed, or the execution ended before its end.
    Failed,
}

impl Status {
    /// Of documents that were run one after the other.
    pub fn of(documents: &[Report]) -> Self {
        match failed(documents) {
            Some(_) => Self::Failed,
            None => Self::Success,
        }
    }

    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

impl ExecutionReport {
    /// How it ended.
    pub fn status(&self) -> Status {
        match self.failure {
            Some(_) => Status::Failed,
            None => Status::of(&self.documents),
        }
    }

    /// Why it failed, in a line that begins as AWSTOE's; empty when it did not.
    pub fn failure_message(&self) -> String {
        let failure = self.failure.clone();
        failure.unwrap_or_else(|| failure_message(&self.documents))
    }
}

fn failed(documents: &[Report]) -> Option<&Report> {
    let mut documents = documents.iter();
    documents.find(|report| report.status() == RunStatus::Failed)
}

/// What the first document that failed says of it.
pub(crate) fn failure_message(documents: &[Report]) -> String {
    failed(documents).map_or_else(String::new, Report::failure_message)
}
