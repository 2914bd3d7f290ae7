//! Instances started, stopped and terminated.

use serde_json::{Value, json};

use super::super::input::Input;
use super::super::refusal::Refusal;
use super::super::world::Caller;
use super::{Goal, own, state_value};

/// Sends instances to a state, all of them or none; gives what was and what is.
fn send(
    caller: &mut Caller<'_>,
    input: Input<'_>,
    goal: Goal,
    from: &[&str],
) -> Result<Vec<Value>, Refusal> {
    let (now, arrives) = (caller.now(), caller.settled());
    let ids = input.texts("InstanceIds");
    for id in &ids {
        let state = own(caller, id)?.state(now);
        if !from.contains(&state) {
            let message = format!(
                "The instance '{id}' is not in a state from which it can be changed: {state}"
            );
            return Err(Refusal::new("IncorrectInstanceState", message));
        }
    }
    let mut changes = Vec::new();
    for id in ids {
        let instance = own(caller, id)?;
        let before = instance.state(now);
        if instance.goal != goal {
            instance.goal = goal;
            instance.arrives = arrives;
        }
        changes.push(json!({
            "InstanceId": id,
            "PreviousState": state_value(before),
            "CurrentState": state_value(instance.state(now)),
        }));
    }
    Ok(changes)
}

pub(super) fn start(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let changes = send(
        caller,
        input,
        Goal::Running,
        &["stopped", "running", "pending"],
    )?;
    Ok(json!({ "StartingInstances": changes }))
}

pub(super) fn stop(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    for id in input.texts("InstanceIds") {
        if own(caller, id)?.is_spot() {
            let message = format!(
                "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance request."
            );
            return Err(Refusal::new("UnsupportedOperation", message));
        }
    }
    let changes = send(
        caller,
        input,
        Goal::Stopped,
        &["running", "stopping", "stopped"],
    )?;
    Ok(json!({ "StoppingInstances": changes }))
}

pub(super) fn terminate(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let all = [
        "pending",
        "running",
        "stopping",
        "stopped",
        "shutting-down",
        "terminated",
    ];
    let changes = send(caller, input, Goal::Terminated, &all)?;
    Ok(json!({ "TerminatingInstances": changes }))
}

pub(super) fn reboot(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    send(caller, input, Goal::Running, &["running"])?;
    Ok(json!({}))
}

pub(super) fn metadata(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let instance = own(caller, input.required("InstanceId"))?;
    let names = [
        "HttpTokens",
        "HttpPutResponseHopLimit",
        "HttpEndpoint",
        "HttpProtocolIpv6",
        "InstanceMetadataTags",
    ];
    for name in names.into_iter().filter(|name| input.has(name)) {
        instance.facts["MetadataOptions"][name] = input.value[name].clone();
    }
    Ok(
        json!({ "InstanceId": instance.id, "InstanceMetadataOptions": instance.facts["MetadataOptions"] }),
    )
}
