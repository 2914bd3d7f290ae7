//! Requests to services beside this host (the instance's, the container's): never through a
//! proxy, with little patience, small answers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;
use reqwest::{Method, StatusCode};

use crate::http::attempt::Attempt;
use crate::http::client::{Client, Kind};
use crate::retry::{Tries, wait};

/// What is beside us answers at once or is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const STALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Tries in a row.
const TRIES: u32 = 3;
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A client for them, made at first use.
#[derive(Debug, Default)]
pub(super) struct LocalWire(Mutex<Option<Client>>);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum WireError {
    Silent(String),
    Cancelled(Cancelled),
}

impl WireError {
    /// The reason in words, but for a stop.
    pub(super) fn text(self) -> Result<String, Cancelled> {
        match self {
            Self::Silent(text) => Ok(text),
            Self::Cancelled(cancelled) => Err(cancelled),
        }
    }
}

impl LocalWire {
    /// One request, repeated when nothing sensible comes; any status under 500 is an answer.
    pub(super) fn ask(
        &self,
        cx: &Cx,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<(StatusCode, String), WireError> {
        let client = self.client().map_err(WireError::Silent)?;
        let mut tries = Tries::at_most(TRIES);
        loop {
            let detail = match once(&client, cx, method, url, headers) {
                Ok((status, text)) if !status.is_server_error() => return Ok((status, text)),
                Ok((status, _)) => format!("the server answered {status}"),
                Err(Attempt::Cancelled(cancelled)) => return Err(WireError::Cancelled(cancelled)),
                Err(Attempt::Broken { detail, .. }) => detail,
                Err(Attempt::Refused(detail)) => return Err(WireError::Silent(detail)),
                Err(_) => return Err(WireError::Silent("the answer is too long".to_owned())),
            };
            match tries.after_failure(false, None) {
                Some(time) => wait(cx, time).map_err(WireError::Cancelled)?,
                None => return Err(WireError::Silent(cx.redactor.redact(&detail))),
            }
        }
    }

    fn client(&self) -> Result<Client, String> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let settings = crate::Settings {
            connect_timeout: CONNECT_TIMEOUT,
            stall_timeout: STALL_TIMEOUT,
            ..crate::Settings::default()
        };
        Ok(slot.insert(Client::new(&settings, Kind::Service)?).clone())
    }
}

fn once(
    client: &Client,
    cx: &Cx,
    method: &Method,
    url: &str,
    headers: &[(&str, &str)],
) -> Result<(StatusCode, String), Attempt> {
    client.run(async {
        let mut request = client.method(method.clone(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = client.watched(cx, request.send()).await?;
        let status = response.status();
        let bytes = client.whole(cx, response, ANSWER_BYTES_MAX).await?;
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    })
}
