//! A service's no: its code, its words, and what they mean for us.

use std::fmt;
use std::time::Duration;

use reqwest::Response;

use super::super::xml;
use crate::http::attempt::retry_after;

/// Most characters of a message that are shown.
const MESSAGE_CHARS_MAX: usize = 300;

/// Codes that mean: not now.
const PASSING: [&str; 10] = [
    "IDPCommunicationError",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "LimitExceededException",
    "OperationAborted",
    "PriorRequestNotComplete",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
];
/// Codes that mean: not so fast.
const TOO_FAST: [&str; 12] = [
    "BandwidthLimitExceeded",
    "ConcurrentLimitExceededException",
    "EC2ThrottledException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
];
/// Codes that mean: these keys were good once.
const OLD_KEYS: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];
const NOT_FOUND: [&str; 15] = [
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidGroup.NotFound",
    "InvalidInstanceID.NotFound",
    "InvalidKeyPair.NotFound",
    "InvalidLaunchTemplateId.NotFound",
    "InvalidSnapshot.NotFound",
    "InvalidSubnetID.NotFound",
    "ResourceNotFoundException",
    "NoSuchConfigRuleException",
    "NoSuchKey",
    "NotFound",
    "ParameterNotFound",
    "ParameterVersionNotFound",
    "NoSuchVersion",
];
/// Codes that go with other statuses than 401 and 403 in some services.
const DENIED: [&str; 9] = [
    "AuthFailure",
    "UnauthorizedOperation",
    "AccessDeniedException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];

/// A service's no.
#[derive(Debug, Default, Clone)]
pub(in super::super) struct Refusal {
    status: u16,
    pub(in super::super) code: String,
    message: String,
    /// Where the bucket is.
    region: Option<String>,
    /// How long to wait.
    pub(super) asked: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.code.is_empty() {
            write!(f, "{}: ", self.code)?;
        }
        if !self.message.is_empty() {
            write!(f, "{} ", self.message)?;
        }
        write!(f, "(status {})", self.status)
    }
}

impl Refusal {
    /// What the head of an answer says.
    pub(super) fn of_head(response: &Response) -> Self {
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let status = response.status();
        Self {
            status: status.as_u16(),
            code: header("x-amzn-errortype").map(short).unwrap_or_default(),
            message: String::new(),
            region: header("x-amz-bucket-region").map(str::to_owned),
            asked: retry_after(response.headers()),
        }
    }

    /// What an answer in XML says, whatever its status.
    pub(in super::super) fn of_body(status: u16, body: &str) -> Self {
        Self {
            status,
            ..Self::default()
        }
        .with_body(body)
    }

    /// And what its body says, in XML or JSON.
    pub(super) fn with_body(mut self, body: &str) -> Self {
        if let Some(texts) = xml::texts(body) {
            for (path, text) in texts {
                match path.rsplit('/').next() {
                    Some("Code") => self.code = short(&text),
                    Some("Message") => self.message = shown(&text),
                    Some("Region") => self.region = Some(text),
                    _ => {}
                }
            }
        } else if let Ok(value) = serde_json::from_str::<serde_json::Value>(body) {
            let text = |names: [&str; 2]| {
                let found = names.into_iter().find_map(|name| value.get(name)?.as_str());
                found.map(str::to_owned)
            };
            if let Some(code) = text(["__type", "code"]) {
                self.code = short(&code);
            }
            if let Some(message) = text(["message", "Message"]) {
                self.message = shown(&message);
            }
        }
        self
    }

    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 425 | 500..=599)
            || PASSING.contains(&&*self.code)
            || self.is_too_fast()
    }

    /// Whether the same would be taken, but not so soon.
    pub(in super::super) fn is_too_fast(&self) -> bool {
        self.status == 429 || TOO_FAST.contains(&&*self.code)
    }

    /// Whether the object is not the one that a part is wanted of.
    pub(in super::super) fn is_another(&self) -> bool {
        matches!(self.status, 412 | 416)
    }

    pub(super) fn is_old_keys(&self) -> bool {
        OLD_KEYS.contains(&&*self.code)
    }

    pub(super) fn is_no_bucket(&self) -> bool {
        self.code == "NoSuchBucket"
    }

    pub(super) fn is_not_found(&self) -> bool {
        NOT_FOUND.contains(&&*self.code) || (self.status == 404 && self.code.is_empty())
    }

    pub(super) fn is_denial(&self) -> bool {
        matches!(self.status, 401 | 403) || DENIED.contains(&&*self.code) || self.is_old_keys()
    }

    /// The region that the call should have gone to.
    pub(super) fn elsewhere(&self) -> Option<&str> {
        let region = self.region.as_deref()?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_move = matches!(self.status, 301 | 307 | 400);
        (is_move && !region.is_empty() && region.chars().all(is_plain)).then_some(region)
    }
}

/// A code without the name space before it and the address after it.
fn short(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    shown(code)
}

/// One line of moderate length.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = words.join(" ");
    plain
        .chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        for (status, body, text) in [
            (
                403,
                "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>No\n  way</Message><RequestId>x</RequestId></Error>",
                "AccessDenied: No way (status 403)",
            ),
            (
                400,
                r#"{"__type":"com.amazonaws.ssm#ParameterNotFound","message":"gone"}"#,
                "ParameterNotFound: gone (status 400)",
            ),
            (400, r#"{"__type":"X","Message":"y"}"#, "X: y (status 400)"),
            (502, "<html><body>Bad gateway", "(status 502)"),
            (404, "", "(status 404)"),
        ] {
            assert_eq!(Refusal::of_body(status, body).to_string(), text);
        }
    }

    #[test]
    fn what_they_mean() {
        let refusal = |status, code: &str| Refusal {
            status,
            code: code.to_owned(),
            ..Refusal::default()
        };
        assert!(refusal(400, "ThrottlingException").is_passing());
        assert!(refusal(503, "").is_passing() && refusal(429, "").is_passing());
        assert!(refusal(503, "RequestLimitExceeded").is_too_fast());
        assert!(!refusal(503, "InternalError").is_too_fast());
        assert!(!refusal(400, "ValidationException").is_passing());
        assert!(refusal(400, "ParameterNotFound").is_not_found());
        assert!(refusal(404, "").is_not_found() && !refusal(404, "NoSuchUpload").is_not_found());
        assert!(refusal(400, "UnrecognizedClientException").is_denial());
        assert!(refusal(400, "ExpiredToken").is_old_keys());
        assert_eq!(short("Denied:http://aws/x"), "Denied");
    }

    #[test]
    fn elsewhere() {
        let body =
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>";
        assert_eq!(Refusal::of_body(400, body).elsewhere(), Some("eu-north-1"));
        assert_eq!(Refusal::of_body(403, body).elsewhere(), None);
        let bad = body.replace("eu-north-1", "evil.test/");
        assert_eq!(Refusal::of_body(301, &bad).elsewhere(), None);
    }
}
