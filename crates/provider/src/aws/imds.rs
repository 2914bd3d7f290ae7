//! What an instance knows of itself (IMDS, version 2 only: with a token).

use std::sync::{Mutex, PoisonError};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;
use goldsmith_core::remote::{InstanceMetadata, RemoteError};
use goldsmith_core::secret::Secret;
use reqwest::{Method, StatusCode};

use super::Aws;
use super::local_wire::{LocalWire, WireError};

/// How long a token is good for, in seconds: as long as there are.
const TOKEN_SECONDS: &str = "21600";

/// The service beside an instance.
#[derive(Debug)]
pub(super) struct Imds {
    /// `None` when it must not be asked.
    endpoint: Option<String>,
    wire: LocalWire,
    token: Mutex<Option<String>>,
}

/// Why it says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImdsError {
    #[error("the instance metadata does not have it")]
    NotFound,
    #[error("the instance metadata must not be asked (AWS_EC2_METADATA_DISABLED)")]
    Disabled,
    #[error("the instance metadata does not answer ({0})")]
    Silent(String),
    #[error("the instance metadata is of no use: {0}")]
    Refused(String),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<WireError> for ImdsError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Silent(text) => Self::Silent(text),
            WireError::Cancelled(cancelled) => Self::Cancelled(cancelled),
        }
    }
}

impl Imds {
    pub(super) fn new(endpoint: Option<&str>) -> Self {
        Self {
            endpoint: endpoint.map(|url| url.trim_end_matches('/').to_owned()),
            wire: LocalWire::default(),
            token: Mutex::default(),
        }
    }

    pub(super) const fn wire(&self) -> &LocalWire {
        &self.wire
    }

    /// The text at a path under `meta-data/`.
    pub(super) fn get(&self, cx: &Cx, path: &str) -> Result<String, ImdsError> {
        let endpoint = self.endpoint.as_ref().ok_or(ImdsError::Disabled)?;
        let url = format!("{endpoint}/latest/meta-data/{path}");
        let mut has_renewed = false;
        loop {
            let token = self.token(cx, endpoint)?;
            let headers = [("X-aws-ec2-metadata-token", token.as_str())];
            let (status, text) = self.wire.ask(cx, &Method::GET, &url, &headers)?;
            match status {
                StatusCode::OK => return Ok(text),
                StatusCode::NOT_FOUND => return Err(ImdsError::NotFound),
                StatusCode::UNAUTHORIZED if !has_renewed => {
                    has_renewed = true;
                    *self.slot() = None;
                }
                status => return Err(ImdsError::Refused(format!("it answered {status}"))),
            }
        }
    }

    fn token(&self, cx: &Cx, endpoint: &str) -> Result<String, ImdsError> {
        if let Some(token) = &*self.slot() {
            return Ok(token.clone());
        }
        let url = format!("{endpoint}/latest/api/token");
        let headers = [("X-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS)];
        let (status, token) = self.wire.ask(cx, &Method::PUT, &url, &headers)?;
        if status != StatusCode::OK || token.is_empty() {
            let why = format!("it gives no token, but {status}");
            return Err(ImdsError::Refused(why));
        }
        cx.redactor.add(&Secret::new(token.clone()));
        Ok(self.slot().insert(token).clone())
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the document of a role holds that nobody may see.
const SECRET_FIELDS: [&str; 2] = ["SecretAccessKey", "Token"];

impl InstanceMetadata for Aws {
    fn metadata(&self, cx: &Cx, path: &str) -> Result<String, RemoteError> {
        let path = path.trim().trim_start_matches('/');
        let what = || format!("the instance metadata `{path}`");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+".contains(c);
        if path.is_empty()
            || path.split('/').any(|part| part == "..")
            || !path.chars().all(is_plain)
        {
            return Err(RemoteError::NotFound { what: what() });
        }
        let text = self.imds().get(cx, path).map_err(|error| match error {
            ImdsError::NotFound => RemoteError::NotFound { what: what() },
            ImdsError::Cancelled(cancelled) => cancelled.into(),
            ImdsError::Disabled => RemoteError::NotConfigured {
                what: what(),
                detail: error.to_string(),
            },
            ImdsError::Silent(_) | ImdsError::Refused(_) => RemoteError::Failed {
                what: what(),
                detail: error.to_string(),
            },
        })?;
        // Keys of the instance's role: a document may ask for them, a log may not.
        if let Ok(document) = serde_json::from_str::<serde_json::Value>(&text) {
            for field in SECRET_FIELDS {
                if let Some(secret) = document.get(field).and_then(|value| value.as_str()) {
                    cx.redactor.add(&Secret::new(secret.to_owned()));
                }
            }
        }
        Ok(text)
    }
}
