//! `ExecuteBinary`: a program with arguments, no shell in between.

use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, optional, required,
};
use crate::machine::Program;

pub(super) static ACTION: Action = Action {
    name: "ExecuteBinary",
    summary: "runs a program",
    platforms: EVERYWHERE,
    shape: Shape::Map,
    inputs: &[
        required(
            "path",
            Kind::Text,
            "of the program; a bare name is searched",
        ),
        optional("arguments", Kind::List, "one by one"),
    ],
    outputs: &["stdout"],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let mut argv = vec![values.required("path")?.to_owned()];
    argv.extend_from_slice(values.list("arguments"));
    let stdout = call.execute(Program::Argv(argv))?;
    Ok(Outputs::from([("stdout", stdout)]))
}
