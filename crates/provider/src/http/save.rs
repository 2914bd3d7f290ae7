//! Downloads of what nobody pinned: the server's word is all there is.
//!
//! Only an answer of status 200 is the file. What broke off is taken up where the server says
//! (by a strong `ETag`) that it still has the same bytes; else it begins anew. Whoever has the file
//! already asks with what the server said of it then, and may hear that nothing is new.

use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::FetchError;
use goldsmith_core::remote::{Download, Unpinned, Validators};
use reqwest::StatusCode;
use reqwest::header::{
    ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};

use super::attempt::{Attempt, check_status, content_range, strong_etag};
use super::client::{Client, Kind};
use super::{HttpFetch, next_step};
use crate::mask::{mask_url, register};
use crate::part::Part;
use crate::retry::Tries;

/// What the answer under way said of the file.
#[derive(Debug, Default)]
struct Known {
    etag: Option<String>,
    /// Size of the whole in bytes.
    total: Option<u64>,
    /// What to ask with another time.
    validators: Validators,
    /// There is nothing newer than what the caller has.
    is_same: bool,
}

impl Download for HttpFetch {
    fn save(&self, cx: &Cx, url: &str, how: Unpinned, to: &Path) -> Result<(), FetchError> {
        self.renew(cx, url, how, &Validators::default(), to)?;
        Ok(())
    }

    fn renew(
        &self,
        cx: &Cx,
        url: &str,
        how: Unpinned,
        had: &Validators,
        to: &Path,
    ) -> Result<Option<Validators>, FetchError> {
        cx.cancel.check()?;
        register(cx, url);
        let has_scheme = |scheme: &str| {
            let start = url.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if !has_scheme("http://") && !has_scheme("https://") {
            return Err(FetchError::Failed {
                url: mask_url(url),
                tries: 0,
                detail: "only `http` and `https` URLs are downloaded".to_owned(),
            });
        }
        let kind = if how.ignore_certificate_errors {
            Kind::AnyCertificate
        } else {
            Kind::Web
        };
        let client = self.client(cx, url, kind)?;
        let mut part = Part::fresh(cx, to)?;
        match save(&client, cx, url, how.limit, had, &mut part) {
            Ok(known) if known.is_same => {
                part.remove();
                Ok(None)
            }
            Ok(known) => {
                part.finish(to)?;
                Ok(Some(known.validators))
            }
            Err(error) => {
                part.remove();
                Err(error)
            }
        }
    }
}

/// Tries until the whole is there.
fn save(
    client: &Client,
    cx: &Cx,
    url: &str,
    limit: u64,
    had: &Validators,
    part: &mut Part,
) -> Result<Known, FetchError> {
    let mut tries = Tries::default();
    let mut known = Known::default();
    loop {
        let before = part.len();
        match client.save(cx, url, limit, had, part, &mut known) {
            Ok(()) => return Ok(known),
            Err(attempt) => next_step(cx, url, &mut tries, part.len() > before, attempt)?,
        }
    }
}

impl Client {
    /// What is missing of a file, appended to `part`.
    fn save(
        &self,
        cx: &Cx,
        url: &str,
        limit: u64,
        had: &Validators,
        part: &mut Part,
        known: &mut Known,
    ) -> Result<(), Attempt> {
        self.run(async {
            let mut request = self.request(url);
            if let Some(etag) = known.etag.as_ref().filter(|_| part.len() > 0) {
                request = request
                    .header(RANGE, format!("bytes={}-", part.len()))
                    .header(IF_RANGE, etag);
            } else {
                for (name, value) in [
                    (IF_NONE_MATCH, &had.etag),
                    (IF_MODIFIED_SINCE, &had.last_modified),
                ] {
                    if let Some(value) = value {
                        request = request.header(name, value);
                    }
                }
            }
            let mut response = self.watched(cx, request.send()).await?;
            if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
                *known = Known::default();
                return Err(Attempt::broken("the file has become shorter".to_owned()));
            }
            let is_conditional = had.etag.is_some() || had.last_modified.is_some();
            if response.status() == StatusCode::NOT_MODIFIED && is_conditional {
                known.is_same = true;
                return Ok(());
            }
            check_status(&response)?;
            let length = response.content_length();
            let etag = strong_etag(response.headers());
            match response.status() {
                StatusCode::OK => {
                    part.discard().map_err(Attempt::Own)?;
                    *known = Known {
                        etag,
                        total: length,
                        validators: validators(response.headers()),
                        is_same: false,
                    };
                }
                StatusCode::PARTIAL_CONTENT => {
                    let fits = content_range(response.headers()).is_some_and(|(start, total)| {
                        let is_same = known.total.is_none() || total == known.total;
                        let was_asked = part.len() > 0 && known.etag.is_some();
                        was_asked && start == part.len() && is_same && etag == known.etag
                    });
                    if !fits {
                        *known = Known::default();
                        let detail = "a part that was not asked for".to_owned();
                        return Err(Attempt::broken(detail));
                    }
                }
                status => return Err(Attempt::Refused(format!("the server answered {status}"))),
            }
            let too_large = || Attempt::TooLarge { limit };
            if known.total.is_some_and(|total| total > limit) {
                return Err(too_large());
            }
            while let Some(chunk) = self.watched(cx, response.chunk()).await? {
                if part.len() + chunk.len() as u64 > limit {
                    return Err(too_large());
                }
                part.append(&chunk).map_err(Attempt::Own)?;
            }
            match known.total {
                Some(total) if total != part.len() => Err(Attempt::broken(format!(
                    "the connection ended after {} of {total} bytes",
                    part.len()
                ))),
                _ => Ok(()),
            }
        })
    }
}

/// What the server says of the state of a file, to ask with another time.
fn validators(headers: &HeaderMap) -> Validators {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Validators {
        etag: text(ETAG),
        last_modified: text(LAST_MODIFIED),
    }
}
