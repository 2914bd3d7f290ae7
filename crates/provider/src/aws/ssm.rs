//! Named parameters (SSM), secrets of Secrets Manager among them
//! (`/aws/reference/secretsmanager/NAME`).

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::{ParameterStore, ParameterValue, RemoteError};
use goldsmith_core::secret::Secret;
use serde_json::{Value, json};

use super::Aws;
use super::api;
use super::call::Request;

/// What the service calls itself in a request.
const TARGET: &str = "AmazonSSM";

impl ParameterStore for Aws {
    fn parameter(&self, cx: &Cx, name: &str) -> Result<ParameterValue, RemoteError> {
        let inputs = [("Name", json!(name)), ("WithDecryption", json!(true))];
        let subject = format!("the parameter `{name}`");
        let request = Request::json(&api::GET_PARAMETER, subject, TARGET, &inputs);
        let text = self.call(cx, &request, |answer| answer.text(cx))?;
        value(&text).ok_or_else(|| request.senseless("the answer holds no parameter"))
    }
}

fn value(text: &str) -> Option<ParameterValue> {
    let answer: Value = serde_json::from_str(text).ok()?;
    let parameter = answer.get("Parameter")?;
    let value = parameter.get("Value")?.as_str()?.to_owned();
    Some(match parameter.get("Type")?.as_str()? {
        "String" => ParameterValue::Text(value),
        "StringList" => ParameterValue::List(value.split(',').map(str::to_owned).collect()),
        // A type that is not known yet may be a secret.
        _ => ParameterValue::Secret(Secret::new(value)),
    })
}
