//! An execution that waits for a reboot, as it is written down.
//!
//! ```text
//! { "version": 1, "execution_id": "...", "started": <seconds since 1970 UTC>, "phases": [...],
//!   "documents": [ { "file": "a.yaml", "sha256": "...", "parameters": { name: value } } ],
//!   "done": [ <report of a document that is over>, ... ],
//!   "current": null | <state of the run of the next document>,
//!   "secrets": [ <what must not be shown>, ... ] }
//! ```
//!
//! It holds values as they are, secrets among them: whoever writes it gives nobody else a look at
//! it, and takes it away in the end.

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::secret::Secret;
use serde::{Deserialize, Serialize};

use super::{Execution, OtherExecution, Planned, digest};
use crate::run::State;
use crate::{Parameters, Report};

/// Version that is written; another one is refused.
const VERSION: u32 = 1;

/// Enough to go on with an execution after a reboot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExecutionState {
    version: u32,
    pub(super) execution_id: String,
    pub(super) started: i64,
    /// Those asked for.
    pub(super) phases: Vec<String>,
    documents: Vec<PlannedDocument>,
    pub(super) done: Vec<Report>,
    pub(super) current: Option<State>,
    secrets: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PlannedDocument {
    file: String,
    /// Of its text.
    sha256: Sha256,
    parameters: Parameters,
}

impl ExecutionState {
    pub(super) fn of(execution: &Execution<'_>, cx: &Cx) -> Self {
        let planned = execution.planned.iter();
        Self {
            version: VERSION,
            execution_id: execution.id.clone(),
            started: execution.started,
            phases: execution.phases.clone(),
            documents: planned
                .map(|one| PlannedDocument {
                    file: one.document.file.name().to_owned(),
                    sha256: digest(&one.document),
                    parameters: one.parameters.clone(),
                })
                .collect(),
            done: execution.done.clone(),
            current: execution.current.as_ref().map(|(run, _)| run.state()),
            secrets: {
                let secrets = cx.redactor.secrets().into_iter();
                secrets.map(|secret| secret.expose().clone()).collect()
            },
        }
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret<String>> {
        self.secrets.iter().cloned().map(Secret::new)
    }

    /// Whether it is of these documents, asked for like this.
    pub(super) fn check(
        &self,
        planned: &[Planned],
        phases: &[String],
    ) -> Result<(), OtherExecution> {
        let refuse = |why: String| Err(OtherExecution(why));
        if self.version != VERSION {
            return refuse("it was written by another version of Goldsmith".to_owned());
        }
        let was: Vec<&str> = self.documents.iter().map(|one| one.file.as_str()).collect();
        if planned.len() != was.len() {
            return refuse(format!("it runs {}", was.join(", ")));
        }
        for (before, now) in self.documents.iter().zip(planned) {
            if before.sha256 != digest(&now.document) {
                return refuse(if before.file == now.document.file.name() {
                    format!("`{}` has changed since", before.file)
                } else {
                    format!("it runs {}", was.join(", "))
                });
            }
            if before.parameters != now.parameters {
                return refuse(format!("`{}` had other parameters", before.file));
            }
        }
        if self.phases != phases {
            let phases = self.phases.join(",");
            return refuse(match phases.as_str() {
                "" => "it runs all phases".to_owned(),
                phases => format!("it runs the phases {phases}"),
            });
        }
        Ok(())
    }
}
