//! How images are tested.

use super::step::ON_FAILURE;
use super::{BlockSpec, FIRMWARES, Form, optional};

static BUDGET: BlockSpec = BlockSpec {
    name: "budget",
    labels: &[],
    optional_labels: 0,
    summary: "Limits that a boot test holds the image to.",
    attributes: &[
        optional(
            "boot_time",
            Form::Time,
            "",
            "From power-on to multi-user: `60s`",
        ),
        optional(
            "disk_usage",
            Form::Size,
            "",
            "Used bytes of the root file system: `1.5GiB`",
        ),
        optional(
            "memory",
            Form::Size,
            "",
            "Used bytes of memory after boot: `300MiB`",
        ),
        optional(
            "listening_ports",
            Form::Texts,
            "",
            "The only ports that may listen on other than loopback: `[\"22/tcp\"]`",
        ),
    ],
    blocks: &[],
    is_repeated: false,
    types: &[],
};

pub(super) static TEST: BlockSpec = BlockSpec {
    name: "test",
    labels: &["name"],
    optional_labels: 1,
    summary: "How the image is booted to test it. The block without a name is what `goldsmith test` does; more of them, each with a name, are further tests of a run.",
    attributes: &[
        optional(
            "boot",
            Form::Choices(FIRMWARES),
            "all of the disk",
            "Which firmwares to test",
        ),
        optional(
            "components",
            Form::Texts,
            "[]",
            "With a name: documents whose `test` phase is run in the guest, as `component` in a recipe names them",
        ),
        optional(
            "parallel_group",
            Form::Text,
            "",
            "With a name: tests of one group run at the same time",
        ),
        optional(
            "on_failure",
            Form::Choice(ON_FAILURE),
            "\"abort\"",
            "With a name: whether a run goes on when the test fails",
        ),
        optional(
            "skip",
            Form::Flag,
            "false",
            "With a name: whether it is left out",
        ),
    ],
    blocks: &[&BUDGET],
    is_repeated: true,
    types: &[],
};
