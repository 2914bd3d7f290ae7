//! One try: a request, its answer, and what the answer means.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;
use goldsmith_core::fetch::{Expected, FetchError};
use reqwest::header::{
    CACHE_CONTROL, CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, RANGE, RETRY_AFTER,
};
use reqwest::{Response, StatusCode};

use super::client::Client;
use crate::part::Part;

/// Why a try gave no bytes, or not all.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Somebody asked to stop.
    Cancelled(Cancelled),
    /// Something on our side, such as a full disk.
    Own(FetchError),
    /// There is no such thing.
    NotFound,
    /// More bytes than the caller wants.
    TooLarge { limit: u64 },
    /// The bytes cannot be the promised ones.
    Mismatch(String),
    /// Trying again would not help.
    Refused(String),
    /// Trying again may help; `asked` is how long the server wants us to wait.
    Broken {
        detail: String,
        asked: Option<Duration>,
    },
}

impl Attempt {
    pub(crate) const fn broken(detail: String) -> Self {
        Self::Broken {
            detail,
            asked: None,
        }
    }
}

/// What later tries of a download know from earlier ones.
#[derive(Debug, Default)]
pub(super) struct Resume {
    /// The strong validator of the bytes at hand, when the server gave one.
    etag: Option<String>,
    /// Whether caches on the way are asked to step aside.
    pub(super) is_past_caches: bool,
}

impl Resume {
    /// For the try after wrong bytes.
    pub(super) const fn past_caches() -> Self {
        Self {
            etag: None,
            is_past_caches: true,
        }
    }
}

impl Client {
    /// A whole document into memory.
    pub(super) fn get(&self, cx: &Cx, url: &str, limit: u64) -> Result<Vec<u8>, Attempt> {
        self.run(async {
            let mut response = self.watched(cx, self.request(url).send()).await?;
            check_status(&response)?;
            let too_large = || Attempt::TooLarge { limit };
            if response.content_length().is_some_and(|len| len > limit) {
                return Err(too_large());
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = self.watched(cx, response.chunk()).await? {
                if (bytes.len() + chunk.len()) as u64 > limit {
                    return Err(too_large());
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(bytes)
        })
    }

    /// What is missing of a file, appended to `part`, then checked as a whole.
    pub(super) fn download(
        &self,
        cx: &Cx,
        url: &str,
        expected: Expected,
        part: &mut Part,
        resume: &mut Resume,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), Attempt> {
        self.run(async {
            let mut request = self.request(url);
            if resume.is_past_caches {
                request = request.header(CACHE_CONTROL, "no-cache");
            }
            if part.len() > 0 {
                request = request.header(RANGE, format!("bytes={}-", part.len()));
                if let Some(etag) = &resume.etag {
                    request = request.header(IF_RANGE, etag);
                }
            }
            let mut response = self.watched(cx, request.send()).await?;
            if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
                return Err(Attempt::Mismatch(format!(
                    "expected {} bytes, but there is nothing after byte {}",
                    expected.size,
                    part.len()
                )));
            }
            check_status(&response)?;
            accept_answer(&response, expected, part)?;
            resume.etag = strong_etag(response.headers());
            while let Some(chunk) = self.watched(cx, response.chunk()).await? {
                if part.len() + chunk.len() as u64 > expected.size {
                    return Err(Attempt::Mismatch(format!(
                        "expected {} bytes, got more",
                        expected.size
                    )));
                }
                part.append(&chunk).map_err(Attempt::Own)?;
                progress(chunk.len() as u64);
            }
            if part.len() < expected.size {
                return Err(Attempt::broken(format!(
                    "the connection ended after {} of {} bytes",
                    part.len(),
                    expected.size
                )));
            }
            part.check(expected).map_err(Attempt::Mismatch)
        })
    }
}

/// Makes `part` fit the answer: it continues where we asked, or it starts anew.
fn accept_answer(response: &Response, expected: Expected, part: &mut Part) -> Result<(), Attempt> {
    let starts_at = if response.status() == StatusCode::PARTIAL_CONTENT {
        let (start, total) = content_range(response.headers())
            .ok_or_else(|| Attempt::Mismatch("a part without its place".to_owned()))?;
        if start != part.len() {
            return Err(Attempt::Mismatch(format!(
                "asked for bytes from {}, got them from {start}",
                part.len()
            )));
        }
        if total.is_some_and(|total| total != expected.size) {
            return Err(wrong_size(expected, total));
        }
        start
    } else {
        // The whole again: the server knows no ranges, or the file has changed.
        part.discard().map_err(Attempt::Own)?;
        0
    };
    match response.content_length() {
        Some(len) if starts_at + len != expected.size => {
            Err(wrong_size(expected, Some(starts_at + len)))
        }
        _ => Ok(()),
    }
}

fn wrong_size(expected: Expected, found: Option<u64>) -> Attempt {
    Attempt::Mismatch(format!(
        "expected {} bytes, the server says {}",
        expected.size,
        found.unwrap_or_default()
    ))
}

pub(super) fn check_status(response: &Response) -> Result<(), Attempt> {
    let status = response.status();
    let detail = || format!("the server answered {status}");
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Attempt::NotFound),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY => {
            Err(Attempt::Broken {
                detail: detail(),
                asked: retry_after(response.headers()),
            })
        }
        _ if status.is_server_error() => Err(Attempt::Broken {
            detail: detail(),
            asked: retry_after(response.headers()),
        }),
        _ => Err(Attempt::Refused(detail())),
    }
}

/// `Retry-After` in seconds. Its other form, a date, would need a clock that agrees
/// with the server's; the schedule is used instead.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

pub(crate) fn strong_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    (!etag.starts_with("W/")).then(|| etag.to_owned())
}

/// First byte and size of the whole of `Content-Range: bytes 5-9/10`.
pub(crate) fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.parse().ok()?;
    match total {
        "*" => Some((start, None)),
        total => Some((start, Some(total.parse().ok()?))),
    }
}
