//! What a user asked for, typed and checked: the language makes it, everything else reads it.

mod approval;
mod audit;
mod condition;
mod disk;
mod distribution;
mod infrastructure;
mod lifecycle;
mod naming;
mod notify;
mod pipeline;
mod scan;
mod schedule;
mod source;
mod stage;
mod step;
mod test;
mod work;

use crate::diagnostic::Span;
use crate::version::VersionPattern;

pub use approval::{ApprovalSpec, AutoApproval, is_address};
pub use audit::AuditSpec;
pub use condition::{Comparison, Condition, ConditionError, Operand, Origin, OutputRef};
pub use disk::{DiskSpec, Firmware};
pub use distribution::{
    AwsEncryption, AwsTarget, Distribution, LaunchTemplate, LocalTarget, S3Target, Target,
    TargetKind,
};
pub use infrastructure::{AwsInfrastructure, AwsVolume, Infrastructure, MachineReach};
pub use lifecycle::{Keep, LifecyclePolicy, TagMatch};
pub use naming::{KNOWN_TAGS, NamePattern, NamePatternError, Part, Placeholder, REQUIRED_TAGS};
pub use notify::{Channel, Notifier, NotifyEvent, Smtp};
pub use pipeline::Pipeline;
pub use scan::{Acceptance, RuleSeverity, ScanSpec};
pub use schedule::{Cadence, Cron, Rate, RateUnit, Schedule, ScheduleError, StartCondition};
pub use source::{
    AmiSource, DebianSource, DiskFrom, DiskSource, ImageSource, Source, Variant, Which, WhichAmi,
};
pub use stage::Stage;
pub use step::{Command, OnFailure, Position, Step, StepAction, Wait, Webhook};
pub use test::{Budget, Test, TestSpec};
pub use work::{
    ComponentUse, FileFrom, FileProvision, Parameter, Provision, Provisioner, ShellProvision, Work,
};

/// A project: every recipe and pipeline of a directory that could be evaluated.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// In the order of their names.
    pub recipes: Vec<Recipe>,
    /// In the order of their names.
    pub pipelines: Vec<Pipeline>,
}

impl Project {
    /// The recipes in an order in which they can be built: one whose image another starts from
    /// comes before that one; else by name.
    pub fn parents_first(&self) -> Vec<&Recipe> {
        let named = |name: &str| self.recipes.iter().find(|recipe| recipe.name == name);
        let depth = |recipe: &&Recipe| {
            let (mut depth, mut at) = (0, recipe.source.image().and_then(named));
            // In a circle, which the language refuses, there is no end.
            while let Some(parent) = at.filter(|_| depth < self.recipes.len()) {
                depth += 1;
                at = parent.source.image().and_then(named);
            }
            depth
        };
        let mut recipes: Vec<&Recipe> = self.recipes.iter().collect();
        recipes.sort_by_key(depth);
        recipes
    }
}

/// A versioned description of an image.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The label of its block; also the name of its images.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// The version its images get.
    pub version: VersionPattern,
    /// What the image is for, as used in names; empty when not said.
    pub purpose: String,
    /// What the build starts from.
    pub source: Source,
    /// Where it is made, when that is not this computer: with a source of a cloud, and only then.
    pub infrastructure: Option<Infrastructure>,
    /// What is done to the tree, in order.
    pub work: Vec<Work>,
    /// The disk to write; [`DiskSpec::NONE`] of what is made elsewhere.
    pub disk: DiskSpec,
}
