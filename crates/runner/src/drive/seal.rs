//! Has a machine sealed: sanitized, verified, with nothing of ours left on it.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_inspect::sanitize::Settings;

use super::machine::Machine;
use super::{DriveError, Reach, ReachError, SHORT, persist};
use crate::format::seal::{Order, Sealed};
use crate::format::{Frames, Said};

/// How long it may take: a large disk on a small machine.
const LIMIT: Duration = Duration::from_hours(2);

/// Seals a machine, with the bytes of `program` as the runner; `id` names the directory that it
/// has there until then. Nobody can be sure to log in to the machine afterwards.
///
/// Unlike [`run`](super::run) this needs its one connection: when that breaks, it has failed.
pub fn seal(
    cx: &Cx,
    reach: &dyn Reach,
    program: &[u8],
    id: &str,
    settings: &Settings,
) -> Result<Sealed, DriveError> {
    let mut machine = Machine::look(cx, reach)?;
    persist(cx, SHORT, || machine.put(cx, program, id))?;
    let order = serde_json::to_vec(&Order::of(settings)).expect("an order is texts");
    let mut frames = Frames::default();
    let mut sealed = None;
    let limit = Some(LIMIT);
    let answer = machine.runner(cx, "seal {}", &order, limit, &mut |frame| {
        // What else is printed there, by a login script, is no frame.
        if let Ok(Some(line)) = frames.push(frame)
            && let Said::Sealed(said) = line.said
        {
            sealed = Some(*said);
        }
    });
    let outcome = match (answer, sealed) {
        (Ok(answer), Some(sealed)) if answer.code == 0 => return Ok(sealed),
        (Ok(answer), _) => Err(DriveError::Refused {
            why: answer.complaint,
        }),
        (Err(DriveError::Reach(ReachError::Cancelled(cancelled))), _) => Err(cancelled.into()),
        (Err(error), _) => Err(error),
    };
    // It may have been taken away, or may be out of reach: the machine is of no use any more.
    drop(machine.remove(&cx.uncancelled()));
    outcome
}
