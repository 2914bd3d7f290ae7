//! The client and the runtime that drives it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use reqwest::{Method, redirect};

use super::attempt::Attempt;
use super::{Proxies, Settings};

/// More redirects than any mirror needs.
const MAX_REDIRECTS: usize = 10;
/// How often a wait looks whether somebody asked to stop.
const TICK: Duration = Duration::from_millis(100);

/// Whom a client talks to, and how far it trusts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Servers with a certificate that holds.
    Web,
    /// Servers with any certificate; so a redirect to `http` is no loss either.
    AnyCertificate,
    /// A service with an interface: it redirects nobody.
    Service,
}

/// A connection pool with its runtime. Clones share both.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    stall_timeout: Duration,
    /// Whether the host has any to check a server's against.
    has_certificates: bool,
}

impl Client {
    /// Loads the host's certificates; the error is in words.
    pub(crate) fn new(settings: &Settings, kind: Kind) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fetch")
            .enable_all()
            .build()
            .map_err(|error| format!("cannot start the network thread: {error}"))?;
        // A host without any certificate can still use an `http` mirror: what we fetch
        // is verified by signature and digest. `https` then fails in the handshake.
        let with_host = builder(settings, kind)?.build();
        let has_certificates = with_host.is_ok();
        let http = match with_host {
            Ok(http) => http,
            Err(_) => builder(settings, kind)?
                .tls_certs_only([])
                .build()
                .map_err(|error| explain(&error))?,
        };
        Ok(Self(Arc::new(Inner {
            http,
            runtime,
            stall_timeout: settings.stall_timeout,
            has_certificates,
        })))
    }

    /// A request for the bytes of a URL as they are.
    pub(super) fn request(&self, url: &str) -> reqwest::RequestBuilder {
        self.0
            .http
            .get(url)
            .header(reqwest::header::ACCEPT_ENCODING, "identity")
    }

    /// A request of any method.
    pub(crate) fn method(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        self.0.http.request(method, url)
    }

    /// Runs one try on the calling thread.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.runtime.block_on(work)
    }

    /// The bytes of a small answer.
    pub(crate) async fn whole(
        &self,
        cx: &Cx,
        mut response: reqwest::Response,
        limit: usize,
    ) -> Result<Vec<u8>, Attempt> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.watched(cx, response.chunk()).await? {
            if bytes.len() + chunk.len() > limit {
                return Err(Attempt::TooLarge {
                    limit: limit as u64,
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Waits for `work` until it is done, stalls, or somebody asks to stop.
    pub(crate) async fn watched<T>(
        &self,
        cx: &Cx,
        work: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, Attempt> {
        self.watched_while(cx, work, &AtomicU64::new(0)).await
    }

    /// As [`Client::watched`], for work that counts what it has moved: it stalls when nothing
    /// comes and the count stands still.
    pub(crate) async fn watched_while<T>(
        &self,
        cx: &Cx,
        work: impl Future<Output = reqwest::Result<T>>,
        moved: &AtomicU64,
    ) -> Result<T, Attempt> {
        let mut work = std::pin::pin!(work);
        let mut waited = Duration::ZERO;
        let mut so_far = 0;
        loop {
            cx.cancel.check().map_err(Attempt::Cancelled)?;
            match tokio::time::timeout(TICK, &mut work).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) if error.is_redirect() || error.is_builder() => {
                    return Err(Attempt::Refused(explain(&error)));
                }
                Ok(Err(error)) => {
                    let detail = explain(&error);
                    // The type of the cause is rustls', which we do not see.
                    if !detail.contains("invalid peer certificate") {
                        return Err(Attempt::broken(detail));
                    }
                    let advice = if self.0.has_certificates {
                        ""
                    } else {
                        " (this host has no certificates: install ca-certificates)"
                    };
                    return Err(Attempt::Refused(detail + advice));
                }
                Err(_) => waited += TICK,
            }
            let now = moved.load(Ordering::Relaxed);
            if now != so_far {
                so_far = now;
                waited = Duration::ZERO;
            }
            if waited >= self.0.stall_timeout {
                return Err(Attempt::broken(format!(
                    "nothing came for {} s",
                    self.0.stall_timeout.as_secs_f32()
                )));
            }
        }
    }
}

fn builder(settings: &Settings, kind: Kind) -> Result<reqwest::ClientBuilder, String> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("goldsmith/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .referer(false)
        .redirect(match kind {
            Kind::Service => redirect::Policy::none(),
            kind => redirect::Policy::custom(move |attempt| redirect_policy(kind, attempt)),
        })
        .tls_danger_accept_invalid_certs(kind == Kind::AnyCertificate)
        // Else reqwest reads the environment.
        .no_proxy();
    builder = builder.hickory_dns(settings.own_resolver);
    let Proxies { http, https, none } = &settings.proxies;
    let direct = none.as_deref().and_then(reqwest::NoProxy::from_string);
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    if let Some(url) = given(http) {
        let proxy = reqwest::Proxy::http(url).map_err(|_| bad_proxy("http_proxy"))?;
        builder = builder.proxy(proxy.no_proxy(direct.clone()));
    }
    if let Some(url) = given(https) {
        let proxy = reqwest::Proxy::https(url).map_err(|_| bad_proxy("https_proxy"))?;
        builder = builder.proxy(proxy.no_proxy(direct));
    }
    Ok(builder)
}

/// The value itself may hold a password.
fn bad_proxy(name: &str) -> String {
    format!("the value of `{name}` is not a URL of a proxy")
}

fn redirect_policy(kind: Kind, attempt: redirect::Attempt<'_>) -> redirect::Action {
    let from = attempt.previous().last().map_or("", |url| url.scheme());
    let (redirects, to) = (attempt.previous().len(), attempt.url().scheme());
    match refuse_redirect(kind, redirects, from, to) {
        Some(reason) => attempt.error(reason),
        None => attempt.follow(),
    }
}

/// Why a redirect is not followed.
fn refuse_redirect(kind: Kind, redirects: usize, from: &str, to: &str) -> Option<&'static str> {
    if redirects > MAX_REDIRECTS {
        return Some("too many redirects");
    }
    let is_loss = kind != Kind::AnyCertificate && from == "https" && to != "https";
    is_loss.then_some("redirected from https to http")
}

/// The innermost cause in words; the outer ones repeat the URL with its credentials.
fn explain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let what = if error.is_timeout() {
        "no connection in time"
    } else if error.is_connect() {
        "cannot connect"
    } else if error.is_redirect() {
        "bad redirect"
    } else if error.is_body() || error.is_decode() {
        "the connection broke"
    } else if error.is_builder() {
        "not a usable URL"
    } else {
        "no proper answer"
    };
    if std::ptr::addr_eq(std::ptr::from_ref(cause), std::ptr::from_ref(error)) {
        what.to_owned()
    } else {
        format!("{what}: {cause}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, refuse_redirect};

    #[test]
    fn redirects() {
        for (kind, count, from, to, is_followed) in [
            (Kind::Web, 1, "http", "http", true),
            (Kind::Web, 1, "http", "https", true),
            (Kind::Web, 10, "https", "https", true),
            (Kind::Web, 1, "https", "http", false),
            (Kind::AnyCertificate, 1, "https", "http", true),
            (Kind::AnyCertificate, 11, "https", "https", false),
        ] {
            let refused = refuse_redirect(kind, count, from, to);
            assert_eq!(refused.is_none(), is_followed, "{count} {from} {to}");
        }
    }
}
