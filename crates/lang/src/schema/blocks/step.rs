//! Steps that a pipeline adds: a table for each type.

use goldsmith_core::recipe::Stage;

use super::{AttributeSpec, BlockSpec, Form, optional, required};

pub(super) const ON_FAILURE: &[&str] = &["continue", "abort"];
const STAGES: &[&str] = &Stage::WORDS;

pub(super) static STEP: BlockSpec = BlockSpec {
    name: "step",
    labels: &["type", "name"],
    optional_labels: 0,
    summary: "A step of the pipeline's own, before or after a stage. Steps at one place run in the order they stand in.",
    attributes: &[],
    blocks: &[],
    is_repeated: true,
    types: &[&COMMAND, &WEBHOOK, &WAIT],
};

// Of `before` and `after` one is needed, which is seen to when the block is read.
const BEFORE: AttributeSpec = optional(
    "before",
    Form::Choice(STAGES),
    "",
    "The stage that it runs before",
);
const AFTER: AttributeSpec = optional(
    "after",
    Form::Choice(STAGES),
    "",
    "The stage that it runs after",
);
const IF: AttributeSpec = optional(
    "if",
    Form::Own,
    "true",
    "Whether it runs: a condition over `stage.<stage>.<output>` and `step.<name>.<output>` of what came before",
);
const FAILURE: AttributeSpec = optional(
    "on_failure",
    Form::Choice(ON_FAILURE),
    "\"abort\"",
    "Whether a run goes on when the step fails",
);
const SECRET: AttributeSpec = optional(
    "secret",
    Form::Text,
    "",
    "What the request is signed with (HMAC-SHA-256)",
);

static COMMAND: BlockSpec = BlockSpec {
    name: "command",
    labels: &["name"],
    optional_labels: 0,
    summary: "Runs a program on this computer, in the project's folder. Its environment has `GOLDSMITH_IMAGE` and `GOLDSMITH_DISK`, the path of the disk, once there is one. Lines `::output name=value` that it prints are its outputs.",
    attributes: &[
        BEFORE,
        AFTER,
        IF,
        required(
            "command",
            Form::Texts,
            "The program and its arguments, without a shell: `[\"./smoke.sh\", \"--quick\"]`",
        ),
        optional(
            "environment",
            Form::Map,
            "{}",
            "Variables of its environment",
        ),
        optional("timeout", Form::Time, "1h", "The longest it may take"),
        FAILURE,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static WEBHOOK: BlockSpec = BlockSpec {
    name: "webhook",
    labels: &["name"],
    optional_labels: 0,
    summary: "Sends a request that has to be answered with a status of 200 to 299. Outputs: `code`, `body`.",
    attributes: &[
        BEFORE,
        AFTER,
        IF,
        required(
            "url",
            Form::Text,
            "Where to: `https://...`; never stored or shown",
        ),
        SECRET,
        optional("payload", Form::Map, "{}", "Added to what is sent"),
        optional("timeout", Form::Time, "5m", "The longest it may take"),
        FAILURE,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static WAIT: BlockSpec = BlockSpec {
    name: "wait",
    labels: &["name"],
    optional_labels: 0,
    summary: "Waits for a person to say whether the run goes on; to stop is a failure of the step. Outputs: `decision` (`resume`, `stop`), `by`, `reason`.",
    attributes: &[
        BEFORE,
        AFTER,
        IF,
        required("message", Form::Text, "What is asked"),
        optional("timeout", Form::Time, "3d", "The longest it may take"),
        FAILURE,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};
