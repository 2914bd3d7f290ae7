//! An object to a file: streamed, taken up where it broke off, checked.

use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::FetchError;
use goldsmith_core::remote::{ObjectPath, RemoteError};
use reqwest::StatusCode;

use super::super::Aws;
use super::super::api::s3 as api;
use super::super::call::{Answer, Request, Retry, Trouble};
use super::checksum::Checksum;
use crate::http::attempt::{content_range, strong_etag};
use crate::part::Part;

/// What the answers so far said of the object.
#[derive(Debug, Default)]
struct Known {
    etag: Option<String>,
    total: Option<u64>,
    checksum: Option<Checksum>,
}

pub(super) fn get(
    aws: &Aws,
    cx: &Cx,
    from: &ObjectPath,
    owner: Option<&str>,
    to: &Path,
) -> Result<(), RemoteError> {
    let mut part = Part::fresh(cx, to).map_err(own)?;
    match fill(aws, cx, from, owner, &mut part) {
        Ok(()) => part.finish(to).map_err(own),
        Err(error) => {
            part.remove();
            Err(error)
        }
    }
}

/// Tries until the whole is there.
fn fill(
    aws: &Aws,
    cx: &Cx,
    from: &ObjectPath,
    owner: Option<&str>,
    part: &mut Part,
) -> Result<(), RemoteError> {
    let mut known = Known::default();
    let mut retry = Retry::new(aws, cx);
    let whole = Request::object(&api::GET_OBJECT, from, owner).with("ChecksumMode", "ENABLED");
    let mut was_wrong = false;
    loop {
        let before = part.len();
        let request = match &known.etag {
            Some(etag) if before > 0 => whole
                .clone()
                .with("Range", format!("bytes={before}-"))
                .with("IfMatch", etag.as_str()),
            _ => whole.clone(),
        };
        let outcome = aws
            .open(cx, &request)
            .and_then(|answer| receive(cx, answer, part, &mut known));
        match outcome {
            Ok(()) => match wrong(part, &known)? {
                None => return Ok(()),
                Some(detail) if was_wrong => return Err(whole.senseless(detail)),
                // What came in several pieces, or through a bad cache, may be right at once.
                Some(_) => {
                    was_wrong = true;
                    known = Known::default();
                    part.discard().map_err(own)?;
                }
            },
            Err(Trouble::Refused(refusal)) if refusal.is_another() && before > 0 => {
                known = Known::default();
                let detail = "the object changed meanwhile".to_owned();
                retry.after(&whole, Trouble::Broken(detail), false)?;
            }
            Err(trouble) => retry.after(&whole, trouble, part.len() > before)?,
        }
    }
}

/// Appends what comes, or begins anew when it is the whole.
fn receive(cx: &Cx, mut answer: Answer, part: &mut Part, known: &mut Known) -> Result<(), Trouble> {
    let response = answer.response();
    if response.status() == StatusCode::PARTIAL_CONTENT {
        let fits = content_range(response.headers())
            .is_some_and(|(start, total)| start == part.len() && total == known.total);
        if !fits || part.len() == 0 {
            *known = Known::default();
            return Err(Trouble::Broken("a part that was not asked for".to_owned()));
        }
    } else {
        part.discard().map_err(own)?;
        *known = Known {
            etag: strong_etag(response.headers()),
            total: response.content_length(),
            checksum: Checksum::of(|name| answer.header(name).map(str::to_owned)),
        };
    }
    while let Some(chunk) = answer.chunk(cx)? {
        part.append(&chunk).map_err(own)?;
    }
    match known.total {
        Some(total) if total != part.len() => Err(Trouble::Broken(format!(
            "the connection ended after {} of {total} bytes",
            part.len()
        ))),
        _ => Ok(()),
    }
}

/// What is wrong with a file that is whole.
fn wrong(part: &Part, known: &Known) -> Result<Option<String>, RemoteError> {
    let Some(checksum) = &known.checksum else {
        return Ok(None);
    };
    checksum
        .differs(part.path())
        .map_err(|source| RemoteError::File {
            operation: "read",
            path: part.path().display().to_string(),
            source,
        })
}

/// A failure of this host's files.
fn own(error: FetchError) -> RemoteError {
    match error {
        FetchError::Write { path, source } => RemoteError::File {
            operation: "write",
            path,
            source,
        },
        FetchError::Cancelled(cancelled) => cancelled.into(),
        error => RemoteError::Failed {
            what: "keeping the object".to_owned(),
            detail: error.to_string(),
        },
    }
}
