//! Sessions with the agent of a machine: whether there can be one, begun, gone on with, ended.

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;
use goldsmith_core::secret::Secret;
use serde_json::json;

use super::super::Aws;
use super::super::api::ssm as api;
use super::super::call::Request;
use super::super::node::Node;

/// What AWS has for a session that leads to `sshd`.
const DOCUMENT: &str = "AWS-StartSSHSession";
/// The port that `sshd` has there.
const PORT: &str = "22";
/// Shown in the list of sessions.
const REASON: &str = "goldsmith makes an image";
/// Refused with this: the agent is not there now.
const NOT_CONNECTED: [&str; 1] = ["TargetNotConnected"];

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) stream: Stream,
}

/// Where what a session carries goes: for one connection.
#[derive(Debug)]
pub(crate) struct Stream {
    /// `wss://...`
    pub(crate) url: String,
    pub(crate) token: Secret<String>,
}

fn with(instance: &str) -> String {
    format!("a session with `{instance}`")
}

impl Aws {
    /// Whether the agent of a machine is heard of.
    pub(crate) fn has_agent(&self, cx: &Cx, instance: &str) -> Result<bool, RemoteError> {
        let filters = json!([{ "Key": "InstanceIds", "Values": [instance] }]);
        let subject = format!("the agent of `{instance}`");
        let operation = &api::DESCRIBE_INSTANCE_INFORMATION;
        let request = Request::json(operation, subject, &[("Filters", filters)]);
        self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let states = whole.texts("InstanceInformationList/PingStatus");
                Some(states.iter().any(|state| state == "Online"))
            })
        })
    }

    /// Begins a session with the `sshd` of a machine; `None`: its agent is not there now.
    pub(crate) fn start_session(
        &self,
        cx: &Cx,
        instance: &str,
    ) -> Result<Option<Session>, RemoteError> {
        let inputs = [
            ("Target", json!(instance)),
            ("DocumentName", json!(DOCUMENT)),
            ("Reason", json!(REASON)),
            ("Parameters", json!({ "portNumber": [PORT] })),
        ];
        let request = Request::json(&api::START_SESSION, with(instance), &inputs);
        // Whoever wants to stop has to know of it, to end it.
        let calm = &cx.uncancelled();
        let begun = self.call_or(calm, &request, &NOT_CONNECTED, |answer| {
            answer.read(calm, &request, |whole| read(cx, whole))
        })?;
        Ok(begun.ok())
    }

    /// Another connection of a session whose last one broke.
    pub(crate) fn resume_session(&self, cx: &Cx, id: &str) -> Result<Stream, RemoteError> {
        let inputs = [("SessionId", json!(id))];
        let request = Request::json(&api::RESUME_SESSION, format!("the session `{id}`"), &inputs);
        let session = self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| read(cx, whole))
        })?;
        Ok(session.stream)
    }

    /// Ends a session.
    pub(crate) fn terminate_session(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let inputs = [("SessionId", json!(id))];
        let subject = format!("the session `{id}`");
        let request = Request::json(&api::TERMINATE_SESSION, subject, &inputs);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }
}

fn read(cx: &Cx, whole: Node<'_>) -> Option<Session> {
    let token = Secret::new(whole.text("TokenValue")?);
    cx.redactor.add(&token);
    Some(Session {
        id: whole.text("SessionId")?,
        stream: Stream {
            url: whole.text("StreamUrl")?,
            token,
        },
    })
}
