//! A webhook: a `CloudEvent` in structured mode, signed as the Standard Webhooks specification
//! (version 1) says, which libraries in many languages check.
//!
//! ```text
//! POST <url>
//! Content-Type: application/cloudevents+json; charset=UTF-8
//! webhook-id: run-7-12                  the event's, the same when it is told twice
//! webhook-timestamp: 1795464000         of this try, seconds since 1970-01-01 UTC
//! webhook-signature: v1,<base64 of HMAC-SHA256(key, "<id>.<timestamp>.<body>")>
//!
//! {"specversion":"1.0",...}
//! ```
//!
//! The key is the bytes of the secret; of one that begins with `whsec_`, what the rest means in
//! base64. Whoever checks it refuses a timestamp that is off by more than some minutes, and so
//! what somebody has recorded.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::notify::{Message, Notifier, NotifyError};
use goldsmith_core::secret::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::post::Post;
use crate::http::Settings;

/// What a secret whose bytes are given in base64 begins with.
const ENCODED: &str = "whsec_";

/// An address that takes events.
#[derive(Debug)]
pub struct Webhook {
    post: Post,
    secret: Option<Secret<String>>,
}

impl Webhook {
    /// The notifier `webhook/<label>`. Without a secret nothing is signed.
    pub fn new(
        label: &str,
        url: Secret<String>,
        secret: Option<Secret<String>>,
        settings: Settings,
    ) -> Self {
        Self {
            post: Post::new(format!("webhook/{label}"), url, settings),
            secret,
        }
    }
}

impl Webhook {
    /// Sends a question that is no event, signed in the same way, once. Gives the status and what
    /// was answered, without secrets.
    pub fn ask(&self, cx: &Cx, id: &str, body: &str) -> Result<(u16, String), NotifyError> {
        let headers = self.headers(cx, "application/json", id, body)?;
        let body = Bytes::from(body.to_owned());
        let (status, _, words) = self.post.ask(cx, &headers, body)?;
        let words = cx.redactor.redact(&String::from_utf8_lossy(&words));
        Ok((status.as_u16(), words))
    }

    fn headers(
        &self,
        cx: &Cx,
        content_type: &str,
        id: &str,
        body: &str,
    ) -> Result<Vec<(&'static str, String)>, NotifyError> {
        let timestamp = cx.clock().unix_seconds();
        let mut headers = vec![
            ("content-type", content_type.to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
        ];
        if let Some(secret) = &self.secret {
            cx.redactor.add(secret);
            let key = key(secret).ok_or_else(|| NotifyError::Later {
                notifier: self.post.notifier.clone(),
                detail: format!("what follows `{ENCODED}` in its secret is no base64"),
                asked: None,
            })?;
            let signature = signature(&key, id, timestamp, body);
            headers.push(("webhook-signature", signature));
        }
        Ok(headers)
    }
}

impl Notifier for Webhook {
    fn name(&self) -> &str {
        &self.post.notifier
    }

    fn send(&self, cx: &Cx, message: &Message) -> Result<(), NotifyError> {
        let kind = "application/cloudevents+json; charset=UTF-8";
        let headers = self.headers(cx, kind, &message.id, &message.event)?;
        let body = Bytes::from(message.event.clone());
        self.post.send(cx, &headers, body)
    }
}

/// The bytes to sign with; `None`: they cannot be read.
fn key(secret: &Secret<String>) -> Option<Secret<Vec<u8>>> {
    let secret = secret.expose();
    let bytes = match secret.strip_prefix(ENCODED) {
        None => secret.clone().into_bytes(),
        Some(encoded) => STANDARD_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?,
    };
    Some(Secret::new(bytes))
}

fn signature(key: &Secret<Vec<u8>>, id: &str, timestamp: i64, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.expose()).expect("a key of HMAC has any length");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn signatures_of_the_standard() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let key = key(&secret).unwrap();
        let signature = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn keys() {
        for (secret, expected) in [
            ("plain", Some(&b"plain"[..])),
            ("whsec_aGk=", Some(b"hi")),
            ("whsec_aGk", Some(b"hi")),
            ("whsec_!", None),
        ] {
            let found = key(&Secret::new(secret.to_owned()));
            let found = found.as_ref().map(|key| key.expose().as_slice());
            assert_eq!(found, expected, "{secret}");
        }
    }
}
