//! What `provisioner "shell"` does: commands, or a script of the project.
//!
//! Commands end at their first failure, as Packer's do. A script for another interpreter
//! than bash is a file of the machine while it runs.

use super::{Action, ActionError, Call, Kind, Outputs, Shape, UNIX, Values, optional};
use crate::machine::{Attributes, Program, Script, Status};

/// Not in the list of actions: documents have `ExecuteBash`.
pub(super) static ACTION: Action = Action {
    name: "shell",
    summary: "runs commands or a script of the project",
    platforms: UNIX,
    shape: Shape::Map,
    inputs: &[
        optional("commands", Kind::List, "lines of a script"),
        optional("script", Kind::Text, "path of the project"),
        optional("environment", Kind::Pairs, "for the script"),
        optional("user", Kind::Text, "who runs it"),
        optional("exitCodes", Kind::List, "that are a success"),
    ],
    outputs: &["stdout"],
    check: None,
    run,
};

/// Where a script lies that bash does not run. Nothing else runs meanwhile.
const PLACE: &str = "/var/tmp/goldsmith-script";

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let mut is_placed = false;
    let program = match values.text("script") {
        None => {
            let lines = values.list("commands").join("\n");
            Program::Bash(format!("set -e\n{lines}\n"))
        }
        Some(path) => {
            let bytes = call.project_file(path)?;
            if is_for_bash(&bytes) {
                let text = String::from_utf8(bytes)
                    .map_err(|_| ActionError::Refused(format!("`{path}` is not UTF-8")))?;
                Program::Bash(text)
            } else {
                let attributes = Attributes {
                    mode: Some(0o755),
                    ..Attributes::default()
                };
                call.machine.write(call.cx, PLACE, &bytes, &attributes)?;
                is_placed = true;
                Program::Argv(vec![PLACE.to_owned()])
            }
        }
    };
    let mut env = call.services.env.clone();
    env.extend(
        values
            .pairs("environment")
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let script = Script {
        env,
        user: values.text("user").map(str::to_owned),
        timeout: call.timeout,
        ..Script::new(program)
    };
    let done = call.execute_script(&script);
    if is_placed {
        call.machine.remove(call.cx, PLACE)?;
    }
    let is_fine = |code: i32| values.list("exitCodes").contains(&code.to_string());
    let stdout = match done {
        Err(ActionError::Exit(Status::Code(code))) if is_fine(code) => String::new(),
        Ok(stdout) if values.list("exitCodes").is_empty() || is_fine(0) => stdout,
        Ok(_) => return Err(ActionError::Exit(Status::Code(0))),
        Err(error) => return Err(error),
    };
    Ok(Outputs::from([("stdout", stdout)]))
}

/// Whether the first line asks for bash, or for nothing.
fn is_for_bash(script: &[u8]) -> bool {
    let first = script
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let Some(line) = first.strip_prefix(b"#!") else {
        return true;
    };
    let line = String::from_utf8_lossy(line);
    matches!(
        line.trim(),
        "/bin/bash" | "/usr/bin/bash" | "/usr/bin/env bash"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters() {
        for (text, expected) in [
            ("echo", true),
            ("#!/bin/bash\necho", true),
            ("#! /usr/bin/env bash\n", true),
            ("#!/bin/bash -eu\n", false),
            ("#!/bin/sh\n", false),
            ("#!/usr/bin/env python3\n", false),
            ("", true),
        ] {
            assert_eq!(is_for_bash(text.as_bytes()), expected, "{text}");
        }
    }
}
