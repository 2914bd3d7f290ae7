//! Commands that Systems Manager runs on instances, through their agents. What they do is up to the
//! test: without its word no instance has an agent, but for those that are real machines.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::instance;
use super::list;
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[
    ("DescribeInstanceInformation", information),
    ("GetCommandInvocation", invocation),
    ("SendCommand", send),
];

/// What a command has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code.
    pub code: i64,
    /// What it has printed.
    pub output: String,
    /// What it has complained of.
    pub error: String,
}

/// What runs the lines of a script on an instance.
type Run = dyn Fn(&str, &[String]) -> Ran + Send;

/// The agents of all instances.
pub(super) struct Agent(pub(super) Box<Run>);

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Agent")
    }
}

/// A command on an instance.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    command: String,
    instance: String,
    document: String,
    ran: Ran,
    /// When it has ended.
    ends: i64,
}

/// Whether the agent of an instance is heard of: it runs and has a profile.
pub(super) fn has_agent(caller: &mut Caller<'_>, id: &str) -> bool {
    let now = caller.now();
    let has_word = caller.world.agent.is_some() || caller.world.boot.is_some();
    instance::own(caller, id).is_ok_and(|instance| {
        has_word && instance.state(now) == "running" && instance.has_profile()
    })
}

fn send(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let document = input.required("DocumentName");
    if document != "AWS-RunShellScript" {
        let message = format!("Document with name {document} does not exist.");
        return Err(Refusal::new("InvalidDocument", message));
    }
    let ids = input.texts("InstanceIds");
    if ids.is_empty() || input.has("Targets") {
        let message = "The fake takes instances by their identifiers only";
        return Err(Refusal::new("InvalidTarget", message));
    }
    for id in &ids {
        if !has_agent(caller, id) {
            let message = format!(
                "Instances [[{id}]] not in a valid state for account {}",
                caller.account
            );
            return Err(Refusal::new("InvalidInstanceId", message));
        }
    }
    let lines = input.part("Parameters").texts("commands");
    let lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    let (number, ends) = (caller.lot(), caller.settled());
    let command = format!(
        "{:08x}-0000-4000-8000-{:012x}",
        number >> 32,
        number & 0xffff_ffff
    );
    for id in &ids {
        let Some(Agent(run)) = &caller.world.agent else {
            continue;
        };
        let done = Invocation {
            command: command.clone(),
            instance: (*id).to_owned(),
            document: document.to_owned(),
            ran: run(id, &lines),
            ends,
        };
        caller.place().invocations.push(done);
    }
    Ok(json!({ "Command": {
        "CommandId": command,
        "DocumentName": document,
        "InstanceIds": ids,
        "RequestedDateTime": caller.now(),
        "Status": "Pending",
        "StatusDetails": "Pending",
        "TargetCount": ids.len(),
    } }))
}

fn invocation(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (command, instance) = (input.required("CommandId"), input.required("InstanceId"));
    let now = caller.now();
    let mut invocations = caller.place().invocations.iter();
    let found = invocations
        .find(|invocation| invocation.command == command && invocation.instance == instance);
    let found = found.ok_or_else(|| Refusal::new("InvocationDoesNotExist", ""))?;
    let has_ended = found.ends <= now;
    let status = match (has_ended, found.ran.code) {
        (false, _) => "InProgress",
        (true, 0) => "Success",
        (true, _) => "Failed",
    };
    // As much of it as Systems Manager keeps.
    let kept = |text: &str, most: usize| -> String { text.chars().take(most).collect() };
    let shown = |text: &str, most: usize| {
        if has_ended {
            kept(text, most)
        } else {
            String::new()
        }
    };
    Ok(json!({
        "CommandId": command,
        "InstanceId": instance,
        "DocumentName": found.document,
        "PluginName": "aws:runShellScript",
        "ResponseCode": if has_ended { found.ran.code } else { -1 },
        "Status": status,
        "StatusDetails": status,
        "StandardOutputContent": shown(&found.ran.output, 24_000),
        "StandardErrorContent": shown(&found.ran.error, 8_000),
    }))
}

fn information(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let now = caller.now();
    let all: Vec<String> = caller.place().instances.keys().cloned().collect();
    let mut items = Vec::new();
    for id in all.into_iter().filter(|id| has_agent(caller, id)) {
        let mut is_wanted = true;
        for filter in input.parts("Filters") {
            let values = filter.texts("Values");
            is_wanted &= match filter.required("Key") {
                "InstanceIds" => values.contains(&id.as_str()),
                "PingStatus" => values.contains(&"Online"),
                key => return Err(Refusal::new("InvalidInstanceInformationFilterValue", key)),
            };
        }
        if is_wanted {
            items.push(json!({
                "InstanceId": id,
                "PingStatus": "Online",
                "LastPingDateTime": now,
                "AgentVersion": "3.3.0.0",
                "PlatformType": "Linux",
                "ResourceType": "EC2Instance",
            }));
        }
    }
    let (items, next) = list::page(caller, input, items, 5..=50)?;
    Ok(json!({ "InstanceInformationList": items, "NextToken": next }))
}
