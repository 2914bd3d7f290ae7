//! What an agent asks for before a session begins, and the answer (`handshakemessage.go`).
//!
//! ```text
//! {"AgentVersion": "3.3.0.0", "RequestedClientActions": [
//!     {"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port", ...}}]}
//! {"ClientVersion": "1.2.0.0", "ProcessedClientActions": [
//!     {"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": null, "Error": ""}], "Errors": []}
//! ```

use serde_json::{Value, json};

/// The plugin of AWS whose way of speaking this is.
pub(super) const CLIENT_VERSION: &str = "1.2.0.0";

/// What an action came to.
const DONE: u32 = 1;

/// The answer; `Err` says in words what cannot be done of what is asked.
pub(super) fn answer(asked: &[u8]) -> Result<String, String> {
    let asked: Value = serde_json::from_slice(asked)
        .map_err(|_| "the handshake of the agent is no JSON".to_owned())?;
    let actions = asked["RequestedClientActions"].as_array();
    let mut done = Vec::new();
    for action in actions.into_iter().flatten() {
        let kind = action["ActionType"].as_str().unwrap_or_default();
        act(kind, &action["ActionParameters"])?;
        done.push(json!({
            "ActionType": kind,
            "ActionStatus": DONE,
            "ActionResult": null,
            "Error": "",
        }));
    }
    let answer = json!({
        "ClientVersion": CLIENT_VERSION,
        "ProcessedClientActions": done,
        "Errors": [],
    });
    Ok(answer.to_string())
}

fn act(kind: &str, parameters: &Value) -> Result<(), String> {
    match kind {
        "SessionType" if parameters["SessionType"] == "Port" => Ok(()),
        "SessionType" => Err(format!(
            "the agent wants a session of the type {}, and not one with a port",
            parameters["SessionType"]
        )),
        "KMSEncryption" => Err(
            "the preferences of Session Manager ask for sessions that are encrypted by a key of KMS, \
             which is not possible here; SSH encrypts them anyhow"
                .to_owned(),
        ),
        kind => Err(format!("the agent asks for `{kind}`, which is not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: &str, parameters: &Value) -> Result<String, String> {
        let action = json!({ "ActionType": kind, "ActionParameters": parameters });
        let asked = json!({ "AgentVersion": "3.3.0.0", "RequestedClientActions": [action] });
        answer(asked.to_string().as_bytes())
    }

    #[test]
    fn a_port_is_what_is_wanted() {
        let port = json!({ "SessionType": "Port", "Properties": { "portNumber": "22" } });
        let expected = r#"{"ClientVersion":"1.2.0.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""}],"Errors":[]}"#;
        assert_eq!(asked("SessionType", &port).as_deref(), Ok(expected));
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        for (kind, parameters, why) in [
            (
                "SessionType",
                json!({ "SessionType": "Standard_Stream" }),
                "Standard_Stream",
            ),
            (
                "KMSEncryption",
                json!({ "KMSKeyId": "arn" }),
                "a key of KMS",
            ),
            ("Dance", json!(null), "`Dance`"),
        ] {
            let error = asked(kind, &parameters).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(answer(b"{").unwrap_err().contains("no JSON"));
    }
}
