//! Named parameters (SSM), secrets of Secrets Manager among them
//! (`/aws/reference/secretsmanager/NAME`); sessions with machines.

mod session;

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::{ParameterStore, ParameterValue, RemoteError};
use goldsmith_core::secret::Secret;
use serde_json::json;

use super::Aws;
use super::api::ssm as api;
use super::call::Request;
use super::node::Node;

pub(crate) use self::session::{Session, Stream};

impl ParameterStore for Aws {
    fn parameter(&self, cx: &Cx, name: &str) -> Result<ParameterValue, RemoteError> {
        let inputs = [("Name", json!(name)), ("WithDecryption", json!(true))];
        let subject = format!("the parameter `{name}`");
        let request = Request::json(&api::GET_PARAMETER, subject, &inputs);
        self.call(cx, &request, |answer| answer.read(cx, &request, value))
    }
}

impl Aws {
    /// Has a parameter hold the id of an image, which the service checks.
    pub(crate) fn put_image_parameter(
        &self,
        cx: &Cx,
        name: &str,
        image: &str,
    ) -> Result<(), RemoteError> {
        let inputs = [
            ("Name", json!(name)),
            ("Value", json!(image)),
            ("Type", json!("String")),
            ("DataType", json!("aws:ec2:image")),
            ("Overwrite", json!(true)),
        ];
        let subject = format!("the parameter `{name}`");
        let request = Request::json(&api::PUT_PARAMETER, subject, &inputs);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// Takes a parameter away; one that is not there is.
    pub(crate) fn delete_parameter(&self, cx: &Cx, name: &str) -> Result<(), RemoteError> {
        let subject = format!("the parameter `{name}`");
        let request = Request::json(&api::DELETE_PARAMETER, subject, &[("Name", json!(name))]);
        match self.call(cx, &request, |answer| answer.text(cx).map(drop)) {
            Err(error) if request.is_missing(&error) => Ok(()),
            other => other,
        }
    }
}

fn value(answer: Node<'_>) -> Option<ParameterValue> {
    let value = answer.texts("Parameter/Value").pop()?;
    Some(match answer.text("Parameter/Type")?.as_str() {
        "String" => ParameterValue::Text(value),
        "StringList" => ParameterValue::List(value.split(',').map(str::to_owned).collect()),
        // A type that is not known yet may be a secret.
        _ => ParameterValue::Secret(Secret::new(value)),
    })
}
