//! Fast restores of snapshots: zones in which volumes of a snapshot are fast from the start.

#![expect(clippy::unnecessary_wraps, reason = "all handlers have one form")]

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::snapshot;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[
    ("DescribeFastSnapshotRestores", describe),
    ("DisableFastSnapshotRestores", disable),
    ("EnableFastSnapshotRestores", enable),
];

fn item(snapshot: &str, zone: &str, state: &str) -> Value {
    json!({ "SnapshotId": snapshot, "AvailabilityZone": zone, "State": state })
}

fn enable(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let done = caller.settled();
    let (mut successful, mut unsuccessful) = (Vec::new(), Vec::new());
    for id in input.texts("SourceSnapshotIds") {
        let is_own = snapshot::own(caller, id).map(drop);
        for zone in input.texts("AvailabilityZones") {
            match &is_own {
                Ok(()) => {
                    let key = (id.to_owned(), zone.to_owned());
                    caller.place().fast_restores.entry(key).or_insert(done);
                    successful.push(item(id, zone, "enabling"));
                }
                Err(Refusal { code, message, .. }) => unsuccessful.push(json!({
                    "SnapshotId": id,
                    "FastSnapshotRestoreStateErrors": [
                        { "AvailabilityZone": zone, "Error": { "Code": code, "Message": message } },
                    ],
                })),
            }
        }
    }
    Ok(json!({ "Successful": successful, "Unsuccessful": unsuccessful }))
}

fn disable(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let mut successful = Vec::new();
    for id in input.texts("SourceSnapshotIds") {
        for zone in input.texts("AvailabilityZones") {
            caller
                .place()
                .fast_restores
                .remove(&(id.to_owned(), zone.to_owned()));
            successful.push(item(id, zone, "disabling"));
        }
    }
    Ok(json!({ "Successful": successful, "Unsuccessful": [] }))
}

const FILTERS: &[Filter] = &[
    ("availability-zone", "AvailabilityZone"),
    ("snapshot-id", "SnapshotId"),
    ("state", "State"),
];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let now = caller.now();
    let restores = caller.place().fast_restores.iter();
    let items = restores.map(|((id, zone), done)| {
        item(id, zone, if *done <= now { "enabled" } else { "enabling" })
    });
    let items = list::filtered(items.collect(), input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 0..=200)?;
    Ok(json!({ "FastSnapshotRestores": items, "NextToken": next }))
}
