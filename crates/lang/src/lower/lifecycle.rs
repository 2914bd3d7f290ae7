//! `lifecycle` blocks: when images go.

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{LifecyclePolicy, TagMatch};

use crate::decode::{Found, Reader};
use crate::lower::arn::is_role;
use crate::lower::check_words;

/// Most images one run may be allowed to act on.
const RUN_MAX: u32 = 1_000_000;

pub(super) fn lifecycle(reader: &Reader<'_>) -> Option<LifecyclePolicy> {
    let name = reader.name?.labels[0].as_str();
    let default = LifecyclePolicy::new(name, reader.definition.span());
    let count = |name| reader.parsed(name, "a number, or `\"all\"`").optional();
    let keep_last = count("keep_last");
    let keep_monthly = count("keep_monthly");
    let keep_quarterly = count("keep_quarterly");
    let keep_within = reader.time("keep_within").optional();
    let deprecate_after = reader.time("deprecate_after").or(default.deprecate_after);
    let disable_after = reader.time("disable_after").or(default.disable_after);
    let delete_after = reader.time("delete_after").or(default.delete_after);
    let failed_after = reader.time("failed_after").optional();
    let revoked_after = reader.time("revoked_after").optional();
    let min_age = reader.time("min_age").or(default.min_age);
    let launched_within = reader.time("launched_within").or(default.launched_within);
    let max_per_run = reader
        .number("max_per_run", 1..=RUN_MAX)
        .or(default.max_per_run);
    let keep_tag = keep_tag(reader);
    let roles = reader.texts("roles").or(Vec::new());
    check_words(
        reader,
        "roles",
        roles.as_deref(),
        is_role,
        "is not a role such as `arn:aws:iam::111122223333:role/audit`",
    );
    let policy = LifecyclePolicy {
        keep_last: keep_last?,
        keep_monthly: keep_monthly?,
        keep_quarterly: keep_quarterly?,
        keep_within: keep_within?,
        deprecate_after: deprecate_after?,
        disable_after: disable_after?,
        delete_after: delete_after?,
        failed_after: failed_after?,
        revoked_after: revoked_after?,
        min_age: min_age?,
        launched_within: launched_within?,
        max_per_run: max_per_run?,
        keep_tag: keep_tag?,
        roles: roles?,
        ..default
    };
    if policy.is_empty() {
        let problem = Diagnostic::error("L0116", format!("the policy `{name}` keeps nothing"))
            .label(
                reader.definition.span(),
                "say how much it keeps: `keep_last = 3`",
            )
            .note("without a rule every image would go; `keep_last = \"all\"` keeps all");
        reader.evaluator.report(problem);
        return None;
    }
    Some(policy)
}

fn keep_tag(reader: &Reader<'_>) -> Option<Option<TagMatch>> {
    let tag = match reader.parsed::<TagMatch>("keep_tag", "a tag") {
        Found::Is(tag) => tag,
        found => return found.optional(),
    };
    if let (true, Some(attribute)) = (tag.key.is_empty(), reader.body.attribute("keep_tag")) {
        let label = "`keep`, or `keep=yes`".to_owned();
        reader.wrong(&attribute.value, "`keep_tag` has no key".to_owned(), label);
        return None;
    }
    Some(Some(tag))
}
