//! The table.

mod distribution;
mod infrastructure;
mod lifecycle;
mod notify;
mod pipeline;
mod scan;
mod source;
mod step;
mod test;

use super::{AttributeSpec, BlockSpec, Form};
use distribution::DISTRIBUTION;
use infrastructure::INFRASTRUCTURE;
use lifecycle::LIFECYCLE;
use pipeline::PIPELINE;
use source::SOURCE;

const fn required(name: &'static str, form: Form, summary: &'static str) -> AttributeSpec {
    AttributeSpec {
        name,
        form,
        is_required: true,
        default: "",
        summary,
    }
}

const fn optional(
    name: &'static str,
    form: Form,
    default: &'static str,
    summary: &'static str,
) -> AttributeSpec {
    AttributeSpec {
        name,
        form,
        is_required: false,
        default,
        summary,
    }
}

const FIRMWARES: &[&str] = &["bios", "uefi"];

static VALIDATION: BlockSpec = BlockSpec {
    name: "validation",
    labels: &[],
    optional_labels: 0,
    summary: "A condition that the value must meet.",
    attributes: &[
        required(
            "condition",
            Form::Own,
            "An expression over `var.<name>` that must be true",
        ),
        required("error_message", Form::Own, "What is said when it is not"),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static VARIABLE: BlockSpec = BlockSpec {
    name: "variable",
    labels: &["name"],
    optional_labels: 0,
    summary: "A value given from outside: `-var name=value`, `-var-file`, `GOLDSMITH_VAR_name`, or its default.",
    attributes: &[
        optional(
            "type",
            Form::Own,
            "any",
            "string, number, bool, any, list(T), set(T), map(T), tuple([T]), object({ n = T })",
        ),
        optional(
            "default",
            Form::Own,
            "",
            "Its value when none is given; without one a value must be given",
        ),
        optional("description", Form::Text, "", "What it is for"),
        optional(
            "sensitive",
            Form::Flag,
            "false",
            "Whether its value must never be shown or stored",
        ),
    ],
    blocks: &[&VALIDATION],
    is_repeated: true,
    types: &[],
};

static LOCAL: BlockSpec = BlockSpec {
    name: "local",
    labels: &["name"],
    optional_labels: 0,
    summary: "One local value, read as `local.<name>`.",
    attributes: &[
        required("expression", Form::Own, "Its value"),
        optional(
            "sensitive",
            Form::Flag,
            "false",
            "Whether its value must never be shown or stored",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static LOCALS: BlockSpec = BlockSpec {
    name: "locals",
    labels: &[],
    optional_labels: 0,
    summary: "Local values: any names, read as `local.<name>`.",
    attributes: &[],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

/// Inside a recipe: the label is a document, a name in the library, or a top-level component.
static COMPONENT_USE: BlockSpec = BlockSpec {
    name: "component",
    labels: &["document"],
    optional_labels: 0,
    summary: "A component document to run: a path that begins with `./`, a name in the library, or the name of a top-level `component`.",
    attributes: &[optional(
        "parameters",
        Form::Map,
        "{}",
        "Values for the document's parameters",
    )],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

/// Packer's words. The two types share the block, so what each needs is seen to when it is read.
static PROVISIONER: BlockSpec = BlockSpec {
    name: "provisioner",
    labels: &["type"],
    optional_labels: 0,
    summary: "A step without a document: `\"shell\"` runs commands, `\"file\"` puts a file or directory of the project into the image. Runs in order with the components.",
    attributes: &[
        optional("name", Form::Text, "`shell 1`", "How it is shown"),
        optional(
            "inline",
            Form::Texts,
            "",
            "shell: lines of a bash script that ends at its first failure",
        ),
        optional("script", Form::Text, "", "shell: a script of the project"),
        optional(
            "scripts",
            Form::Texts,
            "",
            "shell: several scripts, one after the other",
        ),
        optional(
            "environment",
            Form::Map,
            "{}",
            "shell: variables of the environment",
        ),
        optional(
            "environment_vars",
            Form::Texts,
            "[]",
            "shell: the same as a list of `NAME=value`",
        ),
        optional("execute_as", Form::Text, "root", "shell: name of the user"),
        optional(
            "valid_exit_codes",
            Form::Texts,
            "[0]",
            "shell: exit codes that are a success",
        ),
        optional(
            "timeout",
            Form::Time,
            "2h",
            "shell: the longest a script may take",
        ),
        optional(
            "max_retries",
            Form::Text,
            "0",
            "shell: how often a script that fails is tried again",
        ),
        optional(
            "source",
            Form::Text,
            "",
            "file: a file or directory of the project; a directory that ends in `/` means what is in it",
        ),
        optional(
            "content",
            Form::Text,
            "",
            "file: its text, instead of a source",
        ),
        optional(
            "destination",
            Form::Text,
            "",
            "file: absolute path in the image; one that ends in `/` is a directory",
        ),
        optional("owner", Form::Text, "root", "file: user"),
        optional("group", Form::Text, "root", "file: group"),
        optional(
            "mode",
            Form::Text,
            "`0644`, `0755` for what is executable",
            "file: permissions in octal",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static COMPONENT: BlockSpec = BlockSpec {
    name: "component",
    labels: &["name"],
    optional_labels: 0,
    summary: "A component document with parameters, to be used by its name in recipes.",
    attributes: &[
        required(
            "document",
            Form::Text,
            "A path that begins with `./`, or a name in the library",
        ),
        optional(
            "parameters",
            Form::Map,
            "{}",
            "Values for the document's parameters; a recipe may override them",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

const DISK_ATTRIBUTES: &[AttributeSpec] = &[
    required("size", Form::Size, "Size of the disk: `8GiB`"),
    optional(
        "boot",
        Form::Choices(FIRMWARES),
        "[\"bios\", \"uefi\"]",
        "Which firmwares can start it",
    ),
    optional(
        "kernel_args",
        Form::Texts,
        "[]",
        "Words added to the kernel's command line",
    ),
];

static DISK_OF_RECIPE: BlockSpec = BlockSpec {
    name: "disk",
    labels: &[],
    optional_labels: 0,
    summary: "The disk to write; instead of it `disk = disk.<name>` uses a top-level one.",
    attributes: DISK_ATTRIBUTES,
    blocks: &[],
    is_repeated: false,
    types: &[],
};

static DISK: BlockSpec = BlockSpec {
    name: "disk",
    labels: &["name"],
    optional_labels: 0,
    summary: "A disk to be used by several recipes as `disk.<name>`.",
    attributes: DISK_ATTRIBUTES,
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static RECIPE: BlockSpec = BlockSpec {
    name: "recipe",
    labels: &["name"],
    optional_labels: 0,
    summary: "A versioned description of an image.",
    attributes: &[
        required(
            "version",
            Form::Version,
            "`1.4.0`, or `1.4.x`: counted up by Goldsmith",
        ),
        required(
            "source",
            Form::Reference("source"),
            "`source.debian.<name>`, `source.image.<name>`, `source.disk.<name>` or `source.aws-ami.<name>`",
        ),
        optional(
            "infrastructure",
            Form::Reference("infrastructure"),
            "",
            "`infrastructure.aws.<name>`: where it is made, with a source `aws-ami`",
        ),
        optional("purpose", Form::Text, "", "What the image is for"),
        optional(
            "disk",
            Form::Reference("disk"),
            "",
            "`disk.<name>`, instead of a `disk` block; none with a source `aws-ami`, which has its own",
        ),
    ],
    blocks: &[&COMPONENT_USE, &PROVISIONER, &DISK_OF_RECIPE],
    is_repeated: true,
    types: &[],
};

/// The blocks of a file.
pub(crate) fn top_level() -> [&'static BlockSpec; 11] {
    [
        &VARIABLE,
        &LOCALS,
        &LOCAL,
        &SOURCE,
        &INFRASTRUCTURE,
        &RECIPE,
        &COMPONENT,
        &DISK,
        &PIPELINE,
        &DISTRIBUTION,
        &LIFECYCLE,
    ]
}
