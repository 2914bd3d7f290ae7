//! Downloads of what nobody pinned: the server's word is all there is.
//!
//! Only an answer of status 200 is the file. What broke off is taken up where the server says
//! (by a strong `ETag`) that it still has the same bytes; else it begins anew.

use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::FetchError;
use goldsmith_core::remote::{Download, Unpinned};
use reqwest::StatusCode;
use reqwest::header::{IF_RANGE, RANGE};

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
}

impl Download for HttpFetch {
    fn save(&self, cx: &Cx, url: &str, how: Unpinned, to: &Path) -> Result<(), FetchError> {
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
        match save(&client, cx, url, how.limit, &mut part) {
            Ok(()) => part.finish(to),
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
    part: &mut Part,
) -> Result<(), FetchError> {
    let mut tries = Tries::default();
    let mut known = Known::default();
    loop {
        let before = part.len();
        match client.save(cx, url, limit, part, &mut known) {
            Ok(()) => return Ok(()),
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
        part: &mut Part,
        known: &mut Known,
    ) -> Result<(), Attempt> {
        self.run(async {
            let mut request = self.request(url);
            if let Some(etag) = known.etag.as_ref().filter(|_| part.len() > 0) {
                request = request
                    .header(RANGE, format!("bytes={}-", part.len()))
                    .header(IF_RANGE, etag);
            }
            let mut response = self.watched(cx, request.send()).await?;
            if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
                *known = Known::default();
                return Err(Attempt::broken("the file has become shorter".to_owned()));
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
