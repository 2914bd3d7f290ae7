//! A file as an object: at once, or in parts when it is large.
//!
//! Every request carries the digest of its body in its signature, so what a store takes is
//! what was sent. Parts that were sent in vain are taken away again; after `kill -9` they stay
//! until a rule of the bucket (`AbortIncompleteMultipartUpload`) or `abort_uploads` removes them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;
use goldsmith_core::remote::{ObjectPath, RemoteError};
use md5::{Digest as _, Md5};

use super::super::Aws;
use super::super::api::{Operation, s3 as api};
use super::super::call::{Answer, Request, Retry, Trouble};
use super::super::xml;

/// Files up to this size go in one request.
const SINGLE_BYTES_MAX: u64 = 64 << 20;
/// A part, and the step in which parts grow for files that would need too many.
const PART_BYTES: u64 = 16 << 20;
/// Most parts of an object.
const PARTS_MAX: u64 = 10_000;

pub(super) fn put(
    aws: &Aws,
    cx: &Cx,
    from: &Path,
    to: &ObjectPath,
    owner: Option<&str>,
) -> Result<(), RemoteError> {
    let mut source = Source::open(from)?;
    if source.left <= SINGLE_BYTES_MAX {
        let body = source.take(source.left)?;
        let request = Request::object(&api::PUT_OBJECT, to, owner).carrying(body);
        return aws.call(cx, &request, |answer| answer.text(cx).map(drop));
    }
    let upload = Upload::begin(aws, cx, to, owner)?;
    let sent = upload
        .parts(cx, &mut source)
        .and_then(|parts| upload.complete(cx, &parts));
    if sent.is_err() {
        upload.abort(cx);
    }
    sent
}

/// The file, read from its beginning.
struct Source<'a> {
    path: &'a Path,
    file: File,
    left: u64,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self, RemoteError> {
        let failed = |source| read_error(path, source);
        let file = File::open(path).map_err(failed)?;
        let left = file.metadata().map_err(failed)?.len();
        Ok(Self { path, file, left })
    }

    /// The next bytes, exactly so many.
    fn take(&mut self, length: u64) -> Result<Bytes, RemoteError> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.file
            .read_exact(&mut bytes)
            .map_err(|source| read_error(self.path, source))?;
        self.left -= length;
        Ok(bytes.into())
    }
}

fn read_error(path: &Path, source: std::io::Error) -> RemoteError {
    RemoteError::File {
        operation: "read",
        path: path.display().to_string(),
        source,
    }
}

/// An upload in parts.
struct Upload<'a> {
    aws: &'a Aws,
    to: &'a ObjectPath,
    owner: Option<&'a str>,
    id: String,
}

impl<'a> Upload<'a> {
    fn begin(
        aws: &'a Aws,
        cx: &Cx,
        to: &'a ObjectPath,
        owner: Option<&'a str>,
    ) -> Result<Self, RemoteError> {
        let request = Request::object(&api::CREATE_MULTIPART_UPLOAD, to, owner);
        let id = aws.call(cx, &request, |answer| {
            let text = answer.text(cx)?;
            let id = field(&text, "InitiateMultipartUploadResult/UploadId");
            id.ok_or_else(|| Trouble::Broken("the answer names no upload".to_owned()))
        })?;
        Ok(Self { aws, to, owner, id })
    }

    fn request(&self, operation: &'static Operation) -> Request {
        Request::object(operation, self.to, self.owner).with("UploadId", self.id.as_str())
    }

    /// Sends every part; their `ETag`s in order.
    fn parts(&self, cx: &Cx, source: &mut Source<'_>) -> Result<Vec<String>, RemoteError> {
        let size = part_size(source.left);
        let mut etags = Vec::new();
        while source.left > 0 {
            let body = source.take(source.left.min(size))?;
            let request = self
                .request(&api::UPLOAD_PART)
                .with("PartNumber", (etags.len() + 1).to_string())
                .carrying(body);
            let etag = self.aws.call(cx, &request, |answer| {
                let etag = etag_of(&answer);
                answer.text(cx)?;
                etag.ok_or_else(|| Trouble::Broken("the answer has no `ETag`".to_owned()))
            })?;
            etags.push(etag);
        }
        Ok(etags)
    }

    fn complete(&self, cx: &Cx, etags: &[String]) -> Result<(), RemoteError> {
        let mut body =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                .to_owned();
        for (number, etag) in (1..).zip(etags) {
            let etag = xml::escape(etag);
            body.push_str(&format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
            ));
        }
        body.push_str("</CompleteMultipartUpload>");
        let request = self
            .request(&api::COMPLETE_MULTIPART_UPLOAD)
            .carrying(body.into());
        let mut retry = Retry::new(self.aws, cx);
        let mut is_again = false;
        loop {
            let outcome = self.aws.open(cx, &request).and_then(|answer| {
                let status = answer.response().status().as_u16();
                let text = answer.text(cx)?;
                // It may say yes and change its mind while it works.
                match field(&text, "CompleteMultipartUploadResult/ETag") {
                    Some(_) => Ok(()),
                    None => Err(Trouble::late(status, &text)),
                }
            });
            match outcome {
                Ok(()) => return Ok(()),
                // The answer to an earlier try was lost: the object is there already.
                Err(Trouble::Refused(refusal))
                    if is_again
                        && refusal.code == "NoSuchUpload"
                        && self.is_there(cx, etags)? =>
                {
                    return Ok(());
                }
                Err(trouble) => retry.after(&request, trouble, false)?,
            }
            is_again = true;
        }
    }

    /// Whether the object is the one made of these parts.
    fn is_there(&self, cx: &Cx, etags: &[String]) -> Result<bool, RemoteError> {
        let request = Request::object(&api::HEAD_OBJECT, self.to, self.owner);
        let found = self.aws.call(cx, &request, |answer| Ok(etag_of(&answer)))?;
        Ok(found.is_some() && found == etag_of_parts(etags))
    }

    /// Takes the parts away, also when somebody has asked to stop.
    fn abort(&self, cx: &Cx) {
        let mut cx = cx.clone();
        cx.cancel = goldsmith_core::cx::Cancel::default();
        let request = self.request(&api::ABORT_MULTIPART_UPLOAD);
        match self
            .aws
            .call(&cx, &request, |answer| answer.text(&cx).map(drop))
        {
            Ok(()) | Err(RemoteError::NotFound { .. } | RemoteError::Cancelled(Cancelled)) => {}
            Err(error) => cx.warn(format!(
                "parts of `{}` may be left in its bucket (upload {}): {error}",
                self.to, self.id
            )),
        }
    }
}

fn etag_of(answer: &Answer) -> Option<String> {
    answer.header("ETag").map(str::to_owned)
}

/// The text of an element.
fn field(text: &str, path: &str) -> Option<String> {
    let texts = xml::texts(text)?;
    let found = texts.into_iter().find(|(found, _)| found == path);
    found.map(|(_, text)| text).filter(|text| !text.is_empty())
}

/// Bytes of a part of a file of this size.
fn part_size(file: u64) -> u64 {
    file.div_ceil(PARTS_MAX)
        .next_multiple_of(PART_BYTES)
        .max(PART_BYTES)
}

/// The `ETag` that S3 gives an object of parts whose own are MD5 digests: the digest of the
/// digests, and their number.
fn etag_of_parts(etags: &[String]) -> Option<String> {
    let mut hasher = Md5::new();
    for etag in etags {
        let digits = etag.trim_matches('"');
        if digits.len() != 32 {
            return None;
        }
        for at in (0..32).step_by(2) {
            hasher.update([u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?]);
        }
    }
    let hex: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(format!("\"{hex}-{}\"", etags.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_sizes() {
        const MIB: u64 = 1 << 20;
        for (file, part) in [
            (65 * MIB, 16 * MIB),
            (160_000 * MIB, 16 * MIB),
            (160_000 * MIB + 1, 32 * MIB),
            (5 << 40, 528 * MIB),
        ] {
            assert_eq!(part_size(file), part);
            assert!(file.div_ceil(part) <= PARTS_MAX);
        }
    }

    #[test]
    fn etags_of_parts() {
        let part = "\"d41d8cd98f00b204e9800998ecf8427e\"".to_owned();
        let whole = "\"59adb24ef3cdbe0297f05b395827453f-1\"".to_owned();
        assert_eq!(etag_of_parts(std::slice::from_ref(&part)), Some(whole));
        assert_eq!(etag_of_parts(&[part, "\"kms\"".to_owned()]), None);
    }
}
