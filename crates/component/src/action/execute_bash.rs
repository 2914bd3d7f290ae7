//! `ExecuteBash`: commands as one script.
//!
//! As AWSTOE does, without `set -e`: the exit code of the script is that of its last
//! command.

use super::{Action, ActionError, Call, Kind, Outputs, Shape, UNIX, Values, required};
use crate::machine::Program;

pub(super) static ACTION: Action = Action {
    name: "ExecuteBash",
    summary: "runs commands as one bash script",
    platforms: UNIX,
    shape: Shape::Map,
    inputs: &[required("commands", Kind::List, "lines of the script")],
    outputs: &["stdout"],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let mut script = values.list("commands").join("\n");
    script.push('\n');
    let stdout = call.execute(Program::Bash(script))?;
    Ok(Outputs::from([("stdout", stdout)]))
}
