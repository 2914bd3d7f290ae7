//! What is done with the images of a recipe, from a start to the end of their time.

use crate::diagnostic::Span;
use crate::secret::Secret;

use super::{
    ApprovalSpec, AuditSpec, Distribution, LifecyclePolicy, Notifier, ScanSpec, Schedule, Step,
    Test, TestSpec,
};

/// A `pipeline` block. What it does not say is not done: without a `scan` block nothing is judged,
/// without an `approval` block nobody is asked.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// The name of its recipe.
    pub recipe: String,
    /// When it starts by itself; `None`: when somebody starts it.
    pub schedule: Option<Schedule>,
    /// Its `test` block without a name: what `goldsmith test` does.
    pub test: TestSpec,
    /// Every test of a run, in order. The block without a name comes first and is called `boot`;
    /// it is also there when there is no `test` block at all.
    pub tests: Vec<Test>,
    /// Its `scan` block; `None`: it has none, and decides nothing.
    pub scan: Option<ScanSpec>,
    /// Steps of its own before and after stages, in the order they run in.
    pub steps: Vec<Step>,
    /// Who has to agree.
    pub approval: Option<ApprovalSpec>,
    /// Where its images go.
    pub distribution: Option<Distribution>,
    /// When its images go.
    pub lifecycle: Option<LifecyclePolicy>,
    /// What runs on images is looked at.
    pub audit: Option<AuditSpec>,
    /// Who is told what.
    pub notify: Vec<Notifier>,
}

impl Pipeline {
    /// Every text that must not be shown, for the redactor.
    pub fn secrets(&self) -> Vec<Secret<String>> {
        let steps = self.steps.iter().flat_map(Step::secrets);
        let notify = self.notify.iter().flat_map(Notifier::secrets);
        let tests = self.tests.iter().flat_map(|test| &test.components);
        let tests = tests.flat_map(|component| component.parameters.values());
        let tests = tests.filter(|value| value.is_sensitive);
        let tests = tests.map(|value| Secret::new(value.value.clone()));
        steps.chain(notify).chain(tests).collect()
    }
}
