//! Where images are made that cannot be made on this computer.

use super::{BlockSpec, Form, optional, required};

pub(super) static INFRASTRUCTURE: BlockSpec = BlockSpec {
    name: "infrastructure",
    labels: &["type", "name"],
    optional_labels: 0,
    summary: "Where an image is made and tried that cannot be made on this computer.",
    attributes: &[],
    blocks: &[],
    is_repeated: true,
    types: &[&AWS],
};

static AWS: BlockSpec = BlockSpec {
    name: "aws",
    labels: &["name"],
    optional_labels: 0,
    summary: "Instances of Amazon EC2. Keys come from where AWS's own tools find them. `docs/aws.md` has what is made and what it needs.",
    attributes: &[
        required("region", Form::Text, "Where they are: `eu-north-1`"),
        required(
            "types",
            Form::Texts,
            "Types in the order in which they are tried, the next one where there is no capacity: `[\"m7i.large\", \"m6i.large\"]`",
        ),
        required(
            "user",
            Form::Text,
            "Who is let in, which the image says: `admin` (Debian), `ec2-user`, `ubuntu`",
        ),
        optional(
            "role",
            Form::Text,
            "",
            "ARN of a role to assume for all of it",
        ),
        optional(
            "endpoint",
            Form::Text,
            "AWS's",
            "Base URL of what speaks like AWS: `https://...`",
        ),
        optional(
            "subnet",
            Form::Text,
            "one of the account's default network",
            "Id of the subnet: `subnet-0123456789abcdef0`",
        ),
        optional(
            "public_address",
            Form::Flag,
            "as the subnet says",
            "Whether they get an address that all the world can reach",
        ),
        optional(
            "reach",
            Form::Choice(&["ssh", "ssm"]),
            "\"ssh\"",
            "How they are reached: by SSH through a port that is open to one address, or within a session of Systems Manager with no port open",
        ),
        optional(
            "private",
            Form::Flag,
            "false",
            "ssh: whether by the address within their network",
        ),
        optional(
            "allow_from",
            Form::Text,
            "the one that AWS sees",
            "ssh: the IPv4 address that the port is open to",
        ),
        optional(
            "profile",
            Form::Text,
            "",
            "Name of the instance profile that they have; `reach = \"ssm\"` needs one",
        ),
        optional(
            "spot",
            Form::Flag,
            "false",
            "Whether they are bought by the moment",
        ),
        optional(
            "user_data",
            Form::Text,
            "",
            "What cloud-init is told, 16 KiB at most; whoever may look at the instance can read it",
        ),
        optional(
            "tags",
            Form::Map,
            "{}",
            "Written on everything that is made",
        ),
    ],
    blocks: &[&VOLUME],
    is_repeated: true,
    types: &[],
};

static VOLUME: BlockSpec = BlockSpec {
    name: "volume",
    labels: &[],
    optional_labels: 0,
    summary: "A disk of the instances. Those of the image that are not named here are as the image has them.",
    attributes: &[
        optional(
            "device",
            Form::Text,
            "the root, wherever the image has it",
            "`/dev/sdf`",
        ),
        optional(
            "size",
            Form::Size,
            "as the image has it",
            "Whole GiB: `20GiB`",
        ),
        optional(
            "type",
            Form::Choice(&["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"]),
            "as the image has it",
            "EBS's type",
        ),
        optional(
            "iops",
            Form::Number,
            "EBS's",
            "Operations a second: of `gp3`, `io1`, `io2`",
        ),
        optional(
            "throughput",
            Form::Number,
            "EBS's",
            "MiB a second: of `gp3`",
        ),
        optional(
            "encrypted",
            Form::Flag,
            "as the image has it",
            "Whether it is encrypted, without a `kms_key` by the account's key for EBS",
        ),
        optional(
            "kms_key",
            Form::Text,
            "",
            "The key it is encrypted by: an alias (`alias/golden`), an identifier or an ARN",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};
