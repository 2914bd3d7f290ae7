//! The table of `target "aws"`.

use super::super::{BlockSpec, Form, optional, required};

pub(super) static AWS: BlockSpec = BlockSpec {
    name: "aws",
    labels: &["name"],
    optional_labels: 0,
    summary: "Images of Amazon EC2. Keys come from where AWS's own tools find them. `docs/aws.md` has what is made and what it needs.",
    attributes: &[
        required(
            "regions",
            Form::Texts,
            "Where the images are: `[\"eu-north-1\"]`. The snapshot is made in the first and copied to the others",
        ),
        optional(
            "accounts",
            Form::Texts,
            "[]",
            "Accounts that may start the images: 12 digits each",
        ),
        optional(
            "organizations",
            Form::Texts,
            "[]",
            "ARNs of organizations whose accounts may",
        ),
        optional(
            "organizational_units",
            Form::Texts,
            "[]",
            "ARNs of organizational units whose accounts may",
        ),
        optional(
            "public",
            Form::Flag,
            "false",
            "Whether everybody may start the images. Where a region blocks that, nothing is sent",
        ),
        optional(
            "watermark",
            Form::Text,
            "",
            "The watermark that images get, and with them whatever is made of them",
        ),
        optional(
            "role",
            Form::Text,
            "",
            "ARN of a role to assume in the account that owns the images",
        ),
        optional(
            "deprecate_after",
            Form::Time,
            "never",
            "How long after it was made an image is deprecated: `180d`",
        ),
        optional(
            "parameters",
            Form::Text,
            "",
            "Path of SSM parameters: `/golden` has `/golden/<family>/<channel>` name the image of each channel, in each region",
        ),
        optional(
            "endpoint",
            Form::Text,
            "AWS's",
            "Base URL of what speaks like AWS: `https://...`",
        ),
    ],
    blocks: &[&ENCRYPT, &FAST_RESTORE, &LAUNCH_TEMPLATE],
    is_repeated: true,
    types: &[],
};

static ENCRYPT: BlockSpec = BlockSpec {
    name: "encrypt",
    labels: &[],
    optional_labels: 0,
    summary: "Encrypts the disks. A key is the name of an alias, an identifier or an ARN. Without one it is the account's key for EBS, whose images cannot be shared.",
    attributes: &[
        optional(
            "kms_key",
            Form::Text,
            "",
            "The key of every region: an alias (`alias/golden`), or a key that is in all of them",
        ),
        optional(
            "kms_keys",
            Form::Map,
            "{}",
            "Keys of single regions: `{ eu-north-1 = \"alias/golden\" }`",
        ),
    ],
    blocks: &[],
    is_repeated: false,
    types: &[],
};

static FAST_RESTORE: BlockSpec = BlockSpec {
    name: "fast_restore",
    labels: &[],
    optional_labels: 0,
    summary: "Zones in which machines of the images are fast from their start. AWS takes money for it by the hour, for each image in each zone (0.75 USD in `us-east-1` in 2025), until the image is disabled or deleted.",
    attributes: &[required(
        "zones",
        Form::Texts,
        "`[\"eu-north-1a\", \"eu-north-1b\"]`: each in one of the target's regions",
    )],
    blocks: &[],
    is_repeated: false,
    types: &[],
};

static LAUNCH_TEMPLATE: BlockSpec = BlockSpec {
    name: "launch_template",
    labels: &[],
    optional_labels: 0,
    summary: "A launch template that gets a version with the image.",
    attributes: &[
        required("id", Form::Text, "`lt-0123456789abcdef0`"),
        optional(
            "region",
            Form::Text,
            "the first",
            "Where it is: one of the target's regions",
        ),
        optional(
            "default",
            Form::Flag,
            "true",
            "Whether the new version becomes the default one",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};
