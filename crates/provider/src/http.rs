//! The HTTP client behind [`Fetch`] and [`Download`](goldsmith_core::remote::Download).
//!
//! Blocking for its callers; inside, a private runtime drives the connections so that
//! every wait can end when somebody asks to stop. Bytes are taken as they are on the
//! wire (no content coding), since what we fetch is named by digest or a file of somebody's.

pub(crate) mod attempt;
pub(crate) mod client;
mod save;
pub(crate) mod upload;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::{Expected, Fetch, FetchError};

use self::attempt::Attempt;
use self::client::{Client, Kind};
use crate::file;
use crate::mask::{mask_url, register};
use crate::part::Part;
use crate::retry::{Tries, wait};

/// Proxies, as the environment gives them. Empty values are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `http` URLs: the value of `http_proxy`.
    pub http: Option<String>,
    /// For `https` URLs: the value of `https_proxy`.
    pub https: Option<String>,
    /// Hosts that are asked directly: the value of `no_proxy`.
    pub none: Option<String>,
}

impl Proxies {
    /// What the variables of an environment say, by either spelling, small letters first, as curl
    /// does. An empty value is none.
    pub fn from_env(variables: &BTreeMap<String, String>) -> Self {
        let said = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        let proxy = |name: &str| said(name).or_else(|| said(&name.to_uppercase())).cloned();
        Self {
            http: proxy("http_proxy"),
            https: proxy("https_proxy"),
            none: proxy("no_proxy"),
        }
    }
}

/// How connections are made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which proxies to use; the environment is not looked at.
    pub proxies: Proxies,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long a connection may bring nothing.
    pub stall_timeout: Duration,
    /// Whether names are resolved without the C library, which a static program cannot use for
    /// it; then `/etc/hosts` and `/etc/resolv.conf` count, but no other source of names.
    pub own_resolver: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proxies: Proxies::default(),
            connect_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(30),
            own_resolver: false,
        }
    }
}

/// Fetches over HTTP and from `file` URLs. Share one: it keeps connections open.
#[derive(Debug)]
pub struct HttpFetch {
    settings: Settings,
    client: Mutex<Option<Client>>,
    /// Takes any certificate.
    trusting: Mutex<Option<Client>>,
}

impl HttpFetch {
    /// A fetcher. Connects to nothing and loads no certificates until it is used.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            client: Mutex::new(None),
            trusting: Mutex::new(None),
        }
    }

    /// The client, made at first use.
    fn client(&self, cx: &Cx, url: &str, kind: Kind) -> Result<Client, FetchError> {
        let slot = match kind {
            Kind::AnyCertificate => &self.trusting,
            Kind::Web | Kind::Service => &self.client,
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        for proxy in [&self.settings.proxies.http, &self.settings.proxies.https] {
            register(cx, proxy.as_deref().unwrap_or_default());
        }
        let client = Client::new(&self.settings, kind).map_err(|detail| FetchError::Failed {
            url: mask_url(url),
            tries: 0,
            detail: cx.redactor.redact(&detail),
        })?;
        Ok(slot.insert(client).clone())
    }
}

/// What became of a failed try: what to do next, or the error to give up with.
fn next_step(
    cx: &Cx,
    url: &str,
    tries: &mut Tries,
    has_progressed: bool,
    attempt: Attempt,
) -> Result<(), FetchError> {
    let url = mask_url(url);
    let failed = |tries: &Tries, detail: &dyn Display| FetchError::Failed {
        url: url.clone(),
        tries: tries.count(),
        detail: cx.redactor.redact(&detail.to_string()),
    };
    match attempt {
        Attempt::Cancelled(cancelled) => Err(cancelled.into()),
        Attempt::Own(error) => Err(error),
        Attempt::NotFound => Err(FetchError::NotFound { url }),
        Attempt::TooLarge { limit } => Err(FetchError::TooLarge { url, limit }),
        Attempt::Mismatch(detail) => Err(FetchError::Mismatch { url, detail }),
        Attempt::Refused(detail) => {
            tries.after_failure(false, None);
            Err(failed(tries, &detail))
        }
        Attempt::Broken { detail, asked } => {
            let Some(time) = tries.after_failure(has_progressed, asked) else {
                return Err(failed(tries, &detail));
            };
            wait(cx, time)?;
            Ok(())
        }
    }
}

impl Fetch for HttpFetch {
    fn get(&self, cx: &Cx, url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        cx.cancel.check()?;
        register(cx, url);
        if let Some(path) = file::path_of(url) {
            return file::get(&path, &mask_url(url), limit);
        }
        let client = self.client(cx, url, Kind::Web)?;
        let mut tries = Tries::default();
        loop {
            match client.get(cx, url, limit) {
                Ok(bytes) => return Ok(bytes),
                Err(attempt) => next_step(cx, url, &mut tries, false, attempt)?,
            }
        }
    }

    fn download(
        &self,
        cx: &Cx,
        url: &str,
        expected: Expected,
        path: &Path,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), FetchError> {
        cx.cancel.check()?;
        register(cx, url);
        if let Some(source) = file::path_of(url) {
            return file::download(cx, &source, &mask_url(url), expected, path, progress);
        }
        let client = self.client(cx, url, Kind::Web)?;
        let Some(mut part) = Part::open(cx, path)? else {
            return Ok(());
        };
        let mut tries = Tries::default();
        let mut resume = attempt::Resume::default();
        loop {
            let before = part.len();
            let outcome = if part.len() >= expected.size {
                part.check(expected).map_err(Attempt::Mismatch)
            } else {
                client.download(cx, url, expected, &mut part, &mut resume, progress)
            };
            match outcome {
                Ok(()) => return part.finish(path),
                // The bytes may be wrong because of what an earlier run left, or because
                // of a cache on the way: one fresh try, past caches, decides.
                Err(Attempt::Mismatch(_)) if !resume.is_past_caches => {
                    part.discard()?;
                    resume = attempt::Resume::past_caches();
                }
                Err(attempt) => {
                    if matches!(attempt, Attempt::Mismatch(_)) {
                        part.discard()?;
                    }
                    next_step(cx, url, &mut tries, part.len() > before, attempt)?;
                }
            }
        }
    }
}
