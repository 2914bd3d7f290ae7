//! Where images go: a table for each kind of target.

mod aws;

use super::{AttributeSpec, BlockSpec, Form, optional, required};

/// The names of `goldsmith export --format`.
const FORMATS: AttributeSpec = optional(
    "formats",
    Form::Choices(&[
        "raw",
        "raw.zst",
        "qcow2",
        "qcow2-zlib",
        "vmdk",
        "ova",
        "vhd",
        "vhd-dynamic",
        "vhdx",
        "gce",
    ]),
    "[\"qcow2\"]",
    "What the disk is handed over as",
);

pub(super) static DISTRIBUTION: BlockSpec = BlockSpec {
    name: "distribution",
    labels: &["name"],
    optional_labels: 0,
    summary: "Where images go, and what their copies are called.",
    attributes: &[
        optional(
            "name",
            Form::Text,
            "\"{purpose}-{os}-{version}-{date}\"",
            "What copies are called: of `{purpose}`, `{os}`, `{version}`, `{date}`, `{name}`, `{build}`, `{arch}`, `{team}`, `{environment}`, `{compliance}`",
        ),
        required(
            "tags",
            Form::Map,
            "What every copy is tagged with: at least `team`, `environment` and `compliance`; `purpose`, `os`, `version` and `date` are filled in",
        ),
    ],
    blocks: &[&TARGET],
    is_repeated: true,
    types: &[],
};

static TARGET: BlockSpec = BlockSpec {
    name: "target",
    labels: &["type", "name"],
    optional_labels: 0,
    summary: "One place that images go to. Each copy is a unit of its own: what succeeded stays, what failed is tried again.",
    attributes: &[],
    blocks: &[],
    is_repeated: true,
    types: &[&LOCAL, &S3, &aws::AWS],
};

static LOCAL: BlockSpec = BlockSpec {
    name: "local",
    labels: &["name"],
    optional_labels: 0,
    summary: "A folder.",
    attributes: &[
        required(
            "directory",
            Form::Text,
            "Path of the folder, relative to the project",
        ),
        FORMATS,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static S3: BlockSpec = BlockSpec {
    name: "s3",
    labels: &["name"],
    optional_labels: 0,
    summary: "A bucket of an object store that speaks S3. Keys come from where AWS's own tools find them.",
    attributes: &[
        required("bucket", Form::Text, "Name of the bucket"),
        optional(
            "prefix",
            Form::Text,
            "",
            "What the names of objects begin with",
        ),
        optional("region", Form::Text, "\"us-east-1\"", "Its region"),
        optional(
            "endpoint",
            Form::Text,
            "AWS's",
            "Base URL of a store of others: `https://...`",
        ),
        FORMATS,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};
