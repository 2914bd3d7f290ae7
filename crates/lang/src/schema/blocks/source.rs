//! What builds start from: a table for each type.

use super::{AttributeSpec, BlockSpec, Form, optional, required};

const ARCH: AttributeSpec = optional(
    "arch",
    Form::Choice(&["amd64", "arm64"]),
    "\"amd64\"",
    "Debian's name of the architecture",
);

pub(super) static SOURCE: BlockSpec = BlockSpec {
    name: "source",
    labels: &["type", "name"],
    optional_labels: 0,
    summary: "What a build starts from: packages, another image, a disk that others made, or an image of AWS.",
    attributes: &[],
    blocks: &[],
    is_repeated: true,
    types: &[&SOURCE_DEBIAN, &SOURCE_IMAGE, &SOURCE_DISK, &SOURCE_AMI],
};

static SOURCE_DEBIAN: BlockSpec = BlockSpec {
    name: "debian",
    labels: &["name"],
    optional_labels: 0,
    summary: "The packages of a Debian suite.",
    attributes: &[
        required("suite", Form::Text, "`bookworm`"),
        optional(
            "mirror",
            Form::Text,
            "of the host's apt",
            "Base URL of the archive",
        ),
        optional(
            "security_mirror",
            Form::Text,
            "of the host's apt",
            "Base URL of the security archive",
        ),
        optional(
            "updates",
            Form::Flag,
            "true",
            "Whether `<suite>-updates` is used",
        ),
        optional(
            "security",
            Form::Flag,
            "true",
            "Whether `<suite>-security` is used",
        ),
        optional(
            "components",
            Form::Texts,
            "[\"main\"]",
            "Parts of the archive",
        ),
        ARCH,
        optional(
            "variant",
            Form::Choice(&["essential", "apt", "minbase"]),
            "\"minbase\"",
            "Which packages are there without being named",
        ),
        optional(
            "packages",
            Form::Texts,
            "[]",
            "Packages to install: `name`, `name:arch`, `name=version`",
        ),
        optional(
            "keyring",
            Form::Text,
            "Debian's archive keys",
            "File with the OpenPGP keys that may sign the archive, relative to the project",
        ),
        optional(
            "check_valid_until",
            Form::Flag,
            "true",
            "Whether a Release past its end is refused; waive it for a frozen mirror",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

/// Of `version` and `channel` one is needed, which is seen to when the block is read.
static SOURCE_IMAGE: BlockSpec = BlockSpec {
    name: "image",
    labels: &["name"],
    optional_labels: 0,
    summary: "Another image: what its disk holds. The lock pins one by its digest; a newer one is an update of the lock.",
    attributes: &[
        required(
            "name",
            Form::Text,
            "Name of the image, which is that of its recipe; in this project or another of this home",
        ),
        optional(
            "version",
            Form::Versions,
            "",
            "The newest image whose version begins like this: `1`, `1.4`, `1.4.0`",
        ),
        optional(
            "channel",
            Form::Text,
            "",
            "The image that a channel names, instead of a version",
        ),
        optional(
            "packages",
            Form::Texts,
            "[]",
            "Packages to add: `name`, `name:arch`, `name=version`",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

/// Of `file` and `url` one is needed, which is seen to when the block is read.
static SOURCE_DISK: BlockSpec = BlockSpec {
    name: "disk",
    labels: &["name"],
    optional_labels: 0,
    summary: "A disk that others made, raw or qcow2, or a tar of a root file system.",
    attributes: &[
        optional("file", Form::Text, "", "Path relative to the project"),
        optional(
            "url",
            Form::Text,
            "",
            "Where it is fetched from, instead of a file: `https://...`",
        ),
        required(
            "sha256",
            Form::Text,
            "SHA-256 of the file as it is there: what `sha256sum` says of it",
        ),
        ARCH,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

/// Of `id`, `owners` and `parameter` one is needed, which is seen to when the block is read.
static SOURCE_AMI: BlockSpec = BlockSpec {
    name: "aws-ami",
    labels: &["name"],
    optional_labels: 0,
    summary: "An image of AWS, which is changed on an instance: the recipe says on which `infrastructure`. The lock pins one by its id; a newer one is an update of the lock. `docs/aws.md` has how it is made.",
    attributes: &[
        optional("id", Form::Text, "", "This one: `ami-0123456789abcdef0`"),
        optional(
            "owners",
            Form::Texts,
            "",
            "Instead of an id the newest one of these: numbers of accounts, `amazon`, `aws-marketplace`, `self`",
        ),
        optional(
            "name",
            Form::Text,
            "",
            "With `owners`: what it is called, with `*` and `?` for what may be anything",
        ),
        optional(
            "filters",
            Form::Lists,
            "{}",
            "With `owners`: filters of EC2's `DescribeImages`, each with the values that will do: `{ root-device-type = [\"ebs\"] }`",
        ),
        optional(
            "parameter",
            Form::Text,
            "",
            "Instead of an id the one that a parameter of Systems Manager names: `/aws/service/debian/release/12/latest/amd64`",
        ),
        ARCH,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};
