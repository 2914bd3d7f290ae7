//! The `audit` block of a pipeline.

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{AuditSpec, Distribution, TargetKind};

use super::arn::is_role;
use super::{check_words, schedule};
use crate::decode::Reader;

pub(super) fn audit(reader: &Reader<'_>) -> Option<AuditSpec> {
    let target = reader.text("target").required();
    let schedule = schedule::time(reader);
    let max_age = reader.time("max_age").optional();
    let channel = reader.text("channel").optional();
    let allow = reader.texts("allow").or(Vec::new());
    let roles = reader.texts("roles").or(Vec::new());
    check_words(
        reader,
        "roles",
        roles.as_deref(),
        is_role,
        "is not a role such as `arn:aws:iam::111122223333:role/audit`",
    );
    let public_access = reader.flag("public_access").or(false);
    Some(AuditSpec {
        target: target?,
        schedule: schedule?,
        max_age: max_age?,
        channel: channel?,
        allow: allow?,
        roles: roles?,
        public_access: public_access?,
    })
}

/// Whether the target that is looked at is one in AWS of the distribution; a problem when not.
pub(super) fn check_target(
    pipeline: &Reader<'_>,
    audit: &AuditSpec,
    distribution: Option<&Distribution>,
) -> Option<()> {
    let targets = distribution.into_iter().flat_map(|it| &it.targets);
    let in_aws = targets.filter(|target| matches!(target.kind, TargetKind::Aws(_)));
    let known: Vec<String> = in_aws.map(goldsmith_core::recipe::Target::id).collect();
    if known.contains(&audit.target) {
        return Some(());
    }
    let block = super::blocks(pipeline, "audit").next()?;
    let place = block.body.attribute("target")?;
    let label = if known.is_empty() {
        "its `distribution` has none".to_owned()
    } else {
        format!("there is {}", known.join(", "))
    };
    let message = format!("`{}` is no target in AWS of this pipeline", audit.target);
    let problem = Diagnostic::error("L0110", message);
    let problem = problem.label(pipeline.span(&place.value.at), label);
    pipeline.evaluator.report(problem);
    None
}
