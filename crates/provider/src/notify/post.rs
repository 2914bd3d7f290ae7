//! One request with a body to an address that is a secret, and what its answer means.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::notify::NotifyError;
use goldsmith_core::secret::Secret;
use reqwest::{Method, StatusCode};

use crate::http::attempt::{Attempt, retry_after};
use crate::http::client::{Client, Kind};
use crate::http::upload::Upload;
use crate::http::{Proxies, Settings};
use crate::mask::register;

/// Most bytes of an answer that are read: a few words of why.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Most characters of it that are shown.
const ANSWER_CHARS_MAX: usize = 200;

/// A part of an address that is as long is a secret by itself; a shorter one is a word.
const TOKEN_BYTES_MIN: usize = 16;

/// An address and the connections to it.
pub(super) struct Post {
    /// Kind and name of the notifier.
    pub(super) notifier: String,
    url: Secret<String>,
    settings: Settings,
    client: Mutex<Option<Client>>,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.notifier)
    }
}

impl Post {
    pub(super) fn new(notifier: String, url: Secret<String>, settings: Settings) -> Self {
        Self {
            notifier,
            url,
            settings,
            client: Mutex::default(),
        }
    }

    /// One try.
    pub(super) fn send(
        &self,
        cx: &Cx,
        headers: &[(&str, String)],
        body: Bytes,
    ) -> Result<(), NotifyError> {
        cx.cancel.check()?;
        self.hide(cx);
        let later = |detail: String, asked: Option<Duration>| NotifyError::Later {
            notifier: self.notifier.clone(),
            detail: cx.redactor.redact(&detail),
            asked,
        };
        let url = self.url.expose();
        if !url.starts_with("https://") && !url.starts_with("http://") {
            let detail = if url.is_empty() {
                "nothing is set as its URL"
            } else {
                "its URL begins neither with `https://` nor with `http://`"
            };
            return Err(later(detail.to_owned(), None));
        }
        let client = self.client().map_err(|detail| later(detail, None))?;
        let moved = Arc::new(AtomicU64::new(0));
        let upload = Upload::new(body, Arc::clone(&moved));
        let mut request = client
            .method(Method::POST, url)
            .body(reqwest::Body::wrap(upload));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answered = client.run(async {
            let response = client.watched_while(cx, request.send(), &moved).await?;
            let (status, asked) = (response.status(), retry_after(response.headers()));
            // That it was taken is said by the status: what follows may break off.
            let words = if status.is_success() {
                Vec::new()
            } else {
                let whole = client.whole(cx, response, ANSWER_BYTES_MAX);
                whole.await.unwrap_or_default()
            };
            Ok((status, asked, words))
        });
        let (status, asked, words) = match answered {
            Ok(answer) => answer,
            Err(Attempt::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(Attempt::Broken { detail, .. } | Attempt::Refused(detail)) => {
                return Err(later(detail, None));
            }
            Err(_) => return Err(later("no proper answer".to_owned(), None)),
        };
        if status.is_success() {
            return Ok(());
        }
        let detail = cx.redactor.redact(&said(status, &words));
        if is_final(status) {
            return Err(NotifyError::Never {
                notifier: self.notifier.clone(),
                detail,
            });
        }
        Err(later(detail, asked))
    }

    /// Makes the address known to the context, whole and what makes it a secret.
    fn hide(&self, cx: &Cx) {
        let url = self.url.expose();
        let Proxies { http, https, .. } = &self.settings.proxies;
        for shown in [Some(url), http.as_ref(), https.as_ref()] {
            register(cx, shown.map_or("", String::as_str));
        }
        cx.redactor.add(&self.url);
        // A server that says no may quote the part by which it knows us.
        let parts = url.split(['/', '?', '&', '=']).skip(3);
        for part in parts.filter(|part| part.len() >= TOKEN_BYTES_MIN) {
            cx.redactor.add(&Secret::new(part.to_owned()));
        }
    }

    fn client(&self) -> Result<Client, String> {
        let mut slot = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let client = Client::new(&self.settings, Kind::Service)?;
        Ok(slot.insert(client).clone())
    }
}

/// Whether the message as it is will never be taken: it is wrong, too large, of a kind that is
/// not known there, or nobody listens any more and says so.
fn is_final(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 410 | 413 | 415 | 422)
}

/// An answer in words.
fn said(status: StatusCode, words: &[u8]) -> String {
    if status.is_redirection() {
        return format!("the server answered {status}: name the address that it sends us on to");
    }
    let words = String::from_utf8_lossy(words);
    let words: Vec<&str> = words.split_whitespace().collect();
    let words = words.join(" ");
    let is_page = words.starts_with('<');
    if words.is_empty() || is_page {
        return format!("the server answered {status}");
    }
    let shown = words.chars().filter(|c| !c.is_control());
    let shown: String = shown.take(ANSWER_CHARS_MAX).collect();
    format!("the server answered {status}: {shown}")
}
