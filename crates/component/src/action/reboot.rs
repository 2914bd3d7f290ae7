//! `Reboot`: the machine is rebooted from outside, and the run goes on with the next step.

use std::time::Duration;

use super::{Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, optional};
use crate::run::stop::Reboot;

pub(super) static ACTION: Action = Action {
    name: "Reboot",
    summary: "reboots the machine and goes on",
    platforms: EVERYWHERE,
    shape: Shape::Map,
    inputs: &[optional(
        "delaySeconds",
        Kind::Number,
        "to wait before; default 0",
    )],
    outputs: &[],
    check: None,
    run,
};

fn run(_: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    Err(ActionError::Reboot(Reboot {
        again: false,
        delay: Duration::from_secs(values.number("delaySeconds")?.unwrap_or(0)),
        nested: None,
    }))
}
