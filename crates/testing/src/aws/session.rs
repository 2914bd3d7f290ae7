//! Sessions of Systems Manager with instances that are real machines: begun, gone on with, ended. What
//! goes through them is beside: the messages, the agent, the connection.

mod agent;
mod frame;
pub(super) mod wire;

use serde_json::{Value, json};

use self::agent::Agent;
use super::command::has_agent;
use super::dispatch::Actions;
use super::input::Input;
use super::instance;
use super::refusal::Refusal;
use super::world::{Caller, World};

pub(super) const ACTIONS: Actions = &[
    ("ResumeSession", resume),
    ("StartSession", start),
    ("TerminateSession", terminate),
];

/// What goes wrong on connections of sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wire {
    /// Of a thousand messages of an agent, so many come twice, and so many after the next one.
    pub per_mille: u64,
    /// About how many messages of an agent a connection lasts; `None`: for ever.
    pub lasts: Option<u64>,
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) instance: String,
    account: String,
    region: String,
    /// What the next connection must say.
    token: Option<String>,
    /// Which connection is the one.
    connection: u64,
    /// Whether it was ended, by either side.
    pub(super) is_over: bool,
    /// The agent, while there is no connection.
    agent: Option<Agent>,
}

impl Session {
    /// Whether it goes on.
    pub(super) fn is_open(&self, world: &World) -> bool {
        let place = world.place_of(&self.account, &self.region);
        let instance = place.and_then(|place| place.instances.get(&self.instance));
        let is_running = instance.is_some_and(|instance| instance.state(world.now()) == "running");
        is_running && !self.is_over
    }
}

fn not_connected(target: &str) -> Refusal {
    Refusal::new("TargetNotConnected", format!("{target} is not connected."))
}

fn start(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let target = input.required("Target");
    let document = input
        .text("DocumentName")
        .unwrap_or("SSM-SessionManagerRunShell");
    if document != "AWS-StartSSHSession" {
        let message = format!("Document with name {document} does not exist.");
        return Err(Refusal::new("InvalidDocument", message));
    }
    let ports = input.part("Parameters").texts("portNumber");
    let port: u16 = match ports[..] {
        [] => 22,
        [port] if port.parse::<u16>().is_ok() => port.parse().unwrap_or_default(),
        _ => return Err(Refusal::new("InvalidParameters", format!("{ports:?}"))),
    };
    if !has_agent(caller, target) {
        return Err(not_connected(target));
    }
    let address = instance::own(caller, target)?.host_address();
    // An agent is there as long as its machine is, as far as Systems Manager has heard of it.
    let is_there = agent::dial(&address, port).is_ok();
    let lot = caller.lot();
    if !is_there && lot.is_multiple_of(2) {
        return Err(not_connected(target));
    }
    let id = format!("golden-0{lot:016x}");
    let session = Session {
        instance: target.to_owned(),
        account: caller.account.clone(),
        region: caller.region.clone(),
        token: None,
        connection: 0,
        is_over: false,
        agent: Some(Agent::new(
            &id,
            &address,
            port,
            lot,
            caller.world.options.wire,
        )),
    };
    caller.world.tunnels.insert(id.clone(), session);
    connect(caller, &id)
}

/// Another connection of a session.
fn connect(caller: &mut Caller<'_>, id: &str) -> Result<Value, Refusal> {
    let token = format!("token-{:016x}{:016x}", caller.lot(), caller.lot());
    let address = caller.world.address;
    let session = caller.world.tunnels.get_mut(id);
    let session = session.ok_or_else(|| missing(id))?;
    session.token = Some(token.clone());
    session.connection += 1;
    let url = address.map(|at| format!("ws://{at}/v1/data-channel/{id}?role=publish_subscribe"));
    Ok(json!({ "SessionId": id, "TokenValue": token, "StreamUrl": url }))
}

fn missing(id: &str) -> Refusal {
    Refusal::new("DoesNotExistException", format!("There is no session {id}"))
}

fn resume(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("SessionId");
    let session = caller.world.tunnels.get(id);
    if session.is_none_or(|session| !session.is_open(caller.world)) {
        return Err(missing(id));
    }
    connect(caller, id)
}

fn terminate(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("SessionId");
    let session = caller.world.tunnels.get_mut(id);
    let session = session.ok_or_else(|| missing(id))?;
    session.is_over = true;
    session.agent = None;
    Ok(json!({ "SessionId": id }))
}
