//! An answer that means no, in the form of each protocol.

use serde_json::json;

use super::model::{Protocol, Service};

/// What AWS says no with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    /// Further word of EBS: which of the causes of a `ValidationException` it is.
    pub(crate) reason: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            reason: None,
        }
    }

    /// A request of EBS that makes no sense, with the word for it.
    pub(crate) fn ebs(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason: Some(reason),
            ..Self::new("ValidationException", message)
        }
    }

    /// A value that may not stand where it stands.
    pub(crate) fn value(parameter: &str, value: &str, why: &str) -> Self {
        let message = format!("Value ({value}) for parameter {parameter} is invalid. {why}");
        Self::new("InvalidParameterValue", message)
    }

    /// Parameters that do not go together, or that make no sense here.
    pub(crate) fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", message)
    }

    /// A request from one that may not.
    pub(crate) fn not_authorized(kind: &str, id: &str) -> Self {
        Self::new("AuthFailure", format!("Not authorized for {kind}:{id}"))
    }

    /// Its status at a service.
    pub(crate) fn status(&self, service: Service) -> u16 {
        match self.code.as_str() {
            "RequestLimitExceeded" | "Unavailable" | "ServiceUnavailable" => 503,
            "InternalError" | "InternalFailure" => 500,
            "DryRunOperation" => 412,
            "AccessDenied" | "UnauthorizedOperation" | "ExpiredToken" | "InvalidClientTokenId" => {
                403
            }
            code => service.model().error_status(code).unwrap_or(400),
        }
    }

    /// Its body at a service.
    pub(crate) fn body(&self, service: Service, request_id: &str) -> String {
        let code = super::encode::escaped(&self.code);
        let message = super::encode::escaped(&self.message);
        match service.model().protocol {
            Protocol::Ec2 => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            ),
            Protocol::Query => format!(
                "<ErrorResponse xmlns=\"{}\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                service.model().namespace
            ),
            Protocol::Json => json!({ "__type": self.code, "message": self.message }).to_string(),
            Protocol::RestJson => {
                json!({ "Message": self.message, "Reason": self.reason }).to_string()
            }
        }
    }
}
