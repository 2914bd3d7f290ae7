//! When images go.

use super::{BlockSpec, Form, optional};

pub(super) static LIFECYCLE: BlockSpec = BlockSpec {
    name: "lifecycle",
    labels: &["name"],
    optional_labels: 0,
    summary: "When images go. Each `keep` rule keeps on its own, and only images that were approved count; what is in use, named by a channel or the parent of a kept image always stays.",
    attributes: &[
        optional(
            "keep_last",
            Form::Keep,
            "",
            "The newest images: `3`, or `\"all\"`",
        ),
        optional(
            "keep_monthly",
            Form::Keep,
            "",
            "The newest image of each of the last months that have one",
        ),
        optional(
            "keep_quarterly",
            Form::Keep,
            "",
            "The newest image of each of the last quarters that have one",
        ),
        optional(
            "keep_within",
            Form::Time,
            "",
            "Images that are not older than this: `1y`",
        ),
        optional(
            "deprecate_after",
            Form::Time,
            "0s",
            "How long an image that nothing keeps is announced before it is deprecated",
        ),
        optional(
            "disable_after",
            Form::Time,
            "14d",
            "How long it is deprecated before it is disabled",
        ),
        optional(
            "delete_after",
            Form::Time,
            "30d",
            "How long it is disabled before it is deleted",
        ),
        optional(
            "failed_after",
            Form::Time,
            "never",
            "The age at which what failed, was cancelled or rejected is deleted",
        ),
        optional(
            "revoked_after",
            Form::Time,
            "never",
            "The age at which an image that was revoked or quarantined begins to go; until then it is evidence",
        ),
        optional(
            "min_age",
            Form::Time,
            "1d",
            "Younger images are not touched",
        ),
        optional(
            "launched_within",
            Form::Time,
            "30d",
            "Images that a machine was started from within this time are not touched",
        ),
        optional(
            "max_per_run",
            Form::Number,
            "50",
            "The most images that one run acts on",
        ),
        optional(
            "keep_tag",
            Form::Text,
            "",
            "Images with this tag are not touched: `keep`, or `keep=yes`",
        ),
        optional(
            "roles",
            Form::Texts,
            "[]",
            "ARNs of roles in further accounts of AWS, where it is looked for what uses the images, too. An image that is shared with an account where nobody looks is not touched",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};
