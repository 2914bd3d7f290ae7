//! What is done with the images of a recipe.

use super::notify::NOTIFY;
use super::scan::{SCAN, SEVERITIES};
use super::step::STEP;
use super::test::TEST;
use super::{BlockSpec, Form, optional, required};

/// Of `cron` and `rate` one is needed, which is seen to when the block is read.
static SCHEDULE: BlockSpec = BlockSpec {
    name: "schedule",
    labels: &[],
    optional_labels: 0,
    summary: "When a run starts by itself (`goldsmith serve --scheduler`).",
    attributes: &[
        optional(
            "cron",
            Form::Text,
            "",
            "Six fields as AWS has them: `cron(0 3 * * ? *)`",
        ),
        optional(
            "rate",
            Form::Text,
            "",
            "Equal distances, instead of `cron`: `rate(12 hours)`",
        ),
        optional(
            "timezone",
            Form::Text,
            "\"UTC\"",
            "What the fields of `cron` mean: `Europe/Helsinki`",
        ),
        optional(
            "start_condition",
            Form::Choice(&["always", "dependency-updates", "new-parent", "new-finding"]),
            "\"dependency-updates\"",
            "What must be so besides the time: nothing, the lock would change, the image it starts from has a newer one, a published image has a new finding",
        ),
        optional(
            "severity",
            Form::Choice(SEVERITIES),
            "\"high\"",
            "For `new-finding`: the least that counts",
        ),
        optional(
            "auto_disable",
            Form::Number,
            "5",
            "After how many failures in a row it is switched off; 0: never",
        ),
    ],
    blocks: &[],
    is_repeated: false,
    types: &[],
};

static APPROVAL: BlockSpec = BlockSpec {
    name: "approval",
    labels: &[],
    optional_labels: 0,
    summary: "Who has to agree before an image goes out. Who started the run, wrote the change or built may not.",
    attributes: &[
        optional(
            "required",
            Form::Number,
            "1",
            "How many of the approvers have to agree",
        ),
        required(
            "approvers",
            Form::Texts,
            "Who may: `[\"security@example.com\"]`",
        ),
        optional(
            "expires",
            Form::Time,
            "never",
            "How long an approval counts: `30d`",
        ),
        optional(
            "auto",
            Form::Choice(&["no-new-findings"]),
            "",
            "What needs no person: an image without a finding that its approved predecessor had not",
        ),
    ],
    blocks: &[],
    is_repeated: false,
    types: &[],
};

static AUDIT: BlockSpec = BlockSpec {
    name: "audit",
    labels: &[],
    optional_labels: 0,
    summary: "What runs on images that are not approved is looked at by a schedule (`goldsmith serve --scheduler`), and what was not refused before is told: the event `audit-refused`.",
    attributes: &[
        required(
            "target",
            Form::Text,
            "A target in AWS of the pipeline's distribution: `aws/eu`",
        ),
        optional(
            "cron",
            Form::Text,
            "",
            "When: six fields as AWS has them: `cron(0 6 * * ? *)`",
        ),
        optional(
            "rate",
            Form::Text,
            "",
            "Equal distances, instead of `cron`: `rate(1 day)`",
        ),
        optional(
            "timezone",
            Form::Text,
            "\"UTC\"",
            "What the fields of `cron` mean: `Europe/Helsinki`",
        ),
        optional(
            "max_age",
            Form::Time,
            "",
            "The most that an image may have been made ago: `90d`",
        ),
        optional(
            "channel",
            Form::Text,
            "",
            "The channel whose images should run",
        ),
        optional(
            "allow",
            Form::Texts,
            "[]",
            "Images of others that may run: `[\"ami-0123456789abcdef0\"]`",
        ),
        optional(
            "roles",
            Form::Texts,
            "[]",
            "ARNs of roles, in whose accounts it is looked, too",
        ),
        optional(
            "public_access",
            Form::Flag,
            "false",
            "Whether it is refused, too, that images or snapshots may be made public",
        ),
    ],
    blocks: &[],
    is_repeated: false,
    types: &[],
};

pub(super) static PIPELINE: BlockSpec = BlockSpec {
    name: "pipeline",
    labels: &["name"],
    optional_labels: 0,
    summary: "What is done with the images of a recipe.",
    attributes: &[
        required("recipe", Form::Reference("recipe"), "`recipe.<name>`"),
        optional(
            "distribution",
            Form::Reference("distribution"),
            "",
            "Where they go: `distribution.<name>`",
        ),
        optional(
            "lifecycle",
            Form::Reference("lifecycle"),
            "",
            "When they go: `lifecycle.<name>`",
        ),
    ],
    blocks: &[&SCHEDULE, &TEST, &SCAN, &STEP, &APPROVAL, &AUDIT, &NOTIFY],
    is_repeated: true,
    types: &[],
};
