//! The connection of a session: a WebSocket by the client, the proxy and the certificates that every
//! other request has, signed as the Session Manager plugin of AWS signs it.

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::remote::RemoteError;
use reqwest::{Method, StatusCode, Upgraded, Version};
use serde_json::json;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::handshake::CLIENT_VERSION;
use super::message::fresh_id;
use crate::aws::Aws;
use crate::aws::api::Service;
use crate::aws::sign::Signer;
use crate::aws::ssm::Stream;
use crate::http::attempt::Attempt;
use crate::http::client::Client;

/// What the service of the connections is called in signatures.
const SERVICE: &str = "ssmmessages";
/// More than any message of an agent has, in bytes.
const MESSAGE_MAX: usize = 32 << 10;

/// A connection.
pub(super) type Socket = WebSocketStream<Upgraded>;

/// A connection that is to be made.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) client: Client,
    url: String,
    headers: Vec<(String, String)>,
    /// The first thing that is said.
    pub(super) greeting: String,
}

impl Aws {
    /// How the connection of a session is made.
    pub(super) fn opening(&self, cx: &Cx, stream: &Stream) -> Result<Opening, RemoteError> {
        let what = "the connection of a session".to_owned();
        let wrong = |detail: String| RemoteError::NotConfigured {
            what: what.clone(),
            detail,
        };
        let endpoint = self.endpoint(Service::Ssm).map_err(wrong)?;
        let url = http_url(&stream.url, endpoint.is_some()).map_err(wrong)?;
        let headers = if url.contains("X-Amz-Signature=") {
            Vec::new()
        } else {
            let region = self.region(cx, &what, endpoint.is_some())?;
            let signer = Signer {
                keys: &self.keys(cx, &what)?,
                region: &region,
                service: SERVICE,
                now: cx.clock().unix_seconds(),
            };
            let signed = signer.headers("GET", &url, &[], Some(&Sha256::of(b"")));
            signed.map_err(wrong)?
        };
        let greeting = json!({
            "MessageSchemaVersion": "1.0",
            "RequestId": fresh_id().to_string(),
            "TokenValue": stream.token.expose(),
            "ClientId": fresh_id().to_string(),
            "ClientVersion": CLIENT_VERSION,
        });
        Ok(Opening {
            client: self.client(cx).map_err(wrong)?,
            url,
            headers,
            greeting: greeting.to_string(),
        })
    }
}

impl Opening {
    /// Makes it.
    pub(super) async fn open(&self, cx: &Cx) -> Result<Socket, Attempt> {
        let key = generate_key();
        let mut request = self
            .client
            .method(Method::GET, &self.url)
            .version(Version::HTTP_11)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", &key);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = self.client.watched(cx, request.send()).await?;
        let status = response.status();
        if status != StatusCode::SWITCHING_PROTOCOLS {
            let detail = format!("no WebSocket: the status is {}", status.as_u16());
            return Err(if status.is_client_error() {
                Attempt::Refused(detail)
            } else {
                Attempt::broken(detail)
            });
        }
        let accept = response.headers().get("Sec-WebSocket-Accept");
        if accept.is_none_or(|accept| *accept != *derive_accept_key(key.as_bytes())) {
            return Err(Attempt::broken(
                "whoever answers speaks no WebSocket".to_owned(),
            ));
        }
        let upgraded = self.client.watched(cx, response.upgrade()).await?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_MAX))
            .max_frame_size(Some(MESSAGE_MAX));
        Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(limits)).await)
    }
}

/// The URL of a WebSocket as one of HTTP, which it begins as. Without TLS only where services are
/// somebody's own.
fn http_url(url: &str, is_plain_good: bool) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let scheme = match scheme {
        "wss" => "https",
        "ws" if is_plain_good => "http",
        _ => return Err("the service names no `wss` URL".to_owned()),
    };
    Ok(format!("{scheme}://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::http_url;

    #[test]
    fn urls() {
        let secure = "wss://ssmmessages.eu-north-1.amazonaws.com/v1/data-channel/x?role=a";
        let expected = "https://ssmmessages.eu-north-1.amazonaws.com/v1/data-channel/x?role=a";
        assert_eq!(http_url(secure, false).as_deref(), Ok(expected));
        assert_eq!(http_url("ws://h/x", true).as_deref(), Ok("http://h/x"));
        for (url, is_plain_good) in [("ws://h/x", false), ("https://h", true), ("", true)] {
            assert!(http_url(url, is_plain_good).is_err(), "{url}");
        }
    }
}
