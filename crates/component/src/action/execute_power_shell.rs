//! `ExecutePowerShell`: a script for PowerShell. On Windows only.

use super::{Action, Given, Kind, Shape, WINDOWS, Wrong, optional, windows};

pub(super) static ACTION: Action = Action {
    name: "ExecutePowerShell",
    summary: "runs a PowerShell script",
    platforms: WINDOWS,
    shape: Shape::Map,
    inputs: &[
        optional("commands", Kind::List, "lines of the script"),
        optional(
            "file",
            Kind::Text,
            "path of the script, in the place of `commands`",
        ),
    ],
    outputs: &["stdout"],
    check: Some(check),
    run: windows::run,
};

fn check(given: &Given<'_>) -> Option<Wrong> {
    let message = match (given.has("commands"), given.has("file")) {
        (true, false) | (false, true) => return None,
        (true, true) => "`ExecutePowerShell` takes `commands` or `file`, not both",
        (false, false) => "`ExecutePowerShell` has neither `commands` nor `file`",
    };
    Some(Wrong {
        input: "file",
        message: message.to_owned(),
        label: "one of the two".to_owned(),
    })
}
