//! One call: addressed, signed, sent, tried again, and its failure in words.

mod refusal;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Cancelled;
use goldsmith_core::remote::{ObjectPath, RemoteError};
use reqwest::{Method, Response};

pub(super) use self::refusal::Refusal;
use super::Aws;
use super::address::Target;
use super::api::{Operation, Place};
use super::sign::Signer;
use crate::http::attempt::Attempt;
use crate::http::client::Client;
use crate::http::upload::Upload;
use crate::retry::{Tries, wait};

/// Most bytes of an answer that is no object: a list of 1,000 keys of 1 KiB, each byte of them
/// an entity, fits.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// How often a call may learn that its bucket is in another region.
const MOVES: u32 = 2;

/// A call as it is to be made.
#[derive(Debug, Clone)]
pub(super) struct Request {
    operation: &'static Operation,
    /// What it is about: "the object `s3://...`".
    subject: String,
    object: Option<ObjectPath>,
    headers: Vec<(String, String)>,
    query: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Request {
    /// A call about a bucket or an object.
    pub(super) fn object(
        operation: &'static Operation,
        object: &ObjectPath,
        owner: Option<&str>,
    ) -> Self {
        Self {
            operation,
            subject: format!("the object `{object}`"),
            object: Some(object.clone()),
            headers: Vec::new(),
            query: Vec::new(),
            body: Bytes::new(),
        }
        .maybe("ExpectedBucketOwner", owner)
    }

    /// Whether an error says that what this is about is not there, and not the bucket around it.
    pub(super) fn is_missing(&self, error: &RemoteError) -> bool {
        matches!(error, RemoteError::NotFound { what } if *what == self.subject)
    }

    /// A call in JSON.
    pub(super) fn json(
        operation: &'static Operation,
        subject: String,
        target: &str,
        inputs: &[(&'static str, serde_json::Value)],
    ) -> Self {
        let mut map = serde_json::Map::new();
        for (name, value) in inputs {
            debug_assert_eq!(operation.place(name), Place::Body);
            map.insert((*name).to_owned(), value.clone());
        }
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            operation,
            subject,
            object: None,
            headers: vec![
                header("Content-Type", "application/x-amz-json-1.1"),
                header("X-Amz-Target", &format!("{target}.{}", operation.name)),
            ],
            query: Vec::new(),
            body: serde_json::Value::Object(map).to_string().into(),
        }
    }

    /// With an input by the name of the model.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        match self.operation.place(name) {
            Place::Header(header) => self.headers.push((header.to_owned(), value.into())),
            Place::Query(query) => self.query.push((query, value.into())),
            Place::Path | Place::Body | Place::Whole => {}
        }
        self
    }

    fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a body.
    pub(super) fn carrying(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// Such as `S3 GetObject of the object ...`.
    pub(super) fn title(&self) -> String {
        let Operation { service, name, .. } = self.operation;
        format!("{service} {name} of {}", self.subject)
    }

    /// An answer that makes no sense.
    pub(super) fn senseless(&self, detail: impl Into<String>) -> RemoteError {
        RemoteError::Failed {
            what: self.title(),
            detail: detail.into(),
        }
    }
}

/// An answer that means yes.
pub(super) struct Answer {
    client: Client,
    response: Response,
}

impl Answer {
    pub(super) const fn response(&self) -> &Response {
        &self.response
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next bytes of the body.
    pub(super) fn chunk(&mut self, cx: &Cx) -> Result<Option<Bytes>, Trouble> {
        let chunk = self
            .client
            .run(async { self.client.watched(cx, self.response.chunk()).await });
        Ok(chunk?)
    }

    /// The body of an answer that is no object.
    pub(super) fn text(self, cx: &Cx) -> Result<String, Trouble> {
        text(&self.client, cx, self.response)
    }
}

fn text(client: &Client, cx: &Cx, response: Response) -> Result<String, Trouble> {
    let bytes = client.run(client.whole(cx, response, ANSWER_BYTES_MAX))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Why a try gave nothing.
pub(super) enum Trouble {
    Cancelled(Cancelled),
    /// Trying again would not help, and the words are found.
    Final(RemoteError),
    /// The service says no.
    Refused(Refusal),
    /// Trying again may help.
    Broken(String),
    /// Trying again would not help.
    Hopeless(String),
}

impl Trouble {
    /// A no that came with a status of success.
    pub(super) fn late(status: u16, body: &str) -> Self {
        let refusal = Refusal::of_body(status, body);
        if refusal.code.is_empty() {
            return Self::Broken("the answer makes no sense".to_owned());
        }
        Self::Refused(refusal)
    }
}

impl From<Attempt> for Trouble {
    fn from(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Cancelled(cancelled) => Self::Cancelled(cancelled),
            Attempt::Broken { detail, .. } => Self::Broken(detail),
            Attempt::Refused(detail) | Attempt::Mismatch(detail) => Self::Hopeless(detail),
            Attempt::TooLarge { limit } => {
                Self::Hopeless(format!("the answer is longer than {limit} bytes"))
            }
            Attempt::NotFound => Self::Hopeless("there is nothing there".to_owned()),
            Attempt::Own(error) => Self::Hopeless(error.to_string()),
        }
    }
}

impl From<RemoteError> for Trouble {
    fn from(error: RemoteError) -> Self {
        Self::Final(error)
    }
}

impl Aws {
    /// One try.
    pub(super) fn open(&self, cx: &Cx, request: &Request) -> Result<Answer, Trouble> {
        cx.cancel.check().map_err(Trouble::Cancelled)?;
        let (client, built) = self.build(cx, request)?;
        let moved = Arc::new(AtomicU64::new(0));
        let body = Upload::new(request.body.clone(), Arc::clone(&moved));
        let sent = if request.body.is_empty() {
            built
        } else {
            built.body(reqwest::Body::wrap(body))
        };
        let response = client.run(async {
            let sending = client.watched_while(cx, sent.send(), &moved);
            sending.await
        })?;
        if response.status().is_success() {
            return Ok(Answer { client, response });
        }
        let refusal = Refusal::of_head(&response);
        let body = text(&client, cx, response)?;
        Err(Trouble::Refused(refusal.with_body(&body)))
    }

    /// The request, signed.
    fn build(
        &self,
        cx: &Cx,
        request: &Request,
    ) -> Result<(Client, reqwest::RequestBuilder), RemoteError> {
        let what = request.title();
        let wrong = |detail: String| RemoteError::NotConfigured {
            what: what.clone(),
            detail,
        };
        let operation = request.operation;
        let endpoint = self.endpoint(operation.service).map_err(wrong)?;
        let bucket = request.object.as_ref().map(|object| object.bucket.as_str());
        let region = match bucket.and_then(|bucket| self.bucket_region(bucket)) {
            Some(region) => region,
            None => self.region(cx, &what, endpoint.is_some())?,
        };
        let object = request.object.as_ref();
        let url = Target {
            operation,
            endpoint: endpoint.as_deref(),
            region: &region,
            object: object.map(|object| (object.bucket.as_str(), object.key.as_str())),
            query: &request.query,
        }
        .url()
        .map_err(wrong)?;
        let keys = self.keys(cx, &what)?;
        let signer = Signer {
            keys: &keys,
            region: &region,
            service: operation.service,
            now: cx.clock().unix_seconds(),
        };
        let body = Sha256::of(&request.body);
        let signed = signer
            .headers(operation.method, &url, &request.headers, &body)
            .map_err(wrong)?;
        let client = self.client(cx).map_err(wrong)?;
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap_or_default();
        let mut built = client.method(method, &url);
        for (name, value) in request.headers.iter().chain(&signed) {
            built = built.header(name, value);
        }
        Ok((client, built))
    }

    /// A call whose answer is read at once.
    pub(super) fn call<T>(
        &self,
        cx: &Cx,
        request: &Request,
        mut read: impl FnMut(Answer) -> Result<T, Trouble>,
    ) -> Result<T, RemoteError> {
        let mut retry = Retry::new(self, cx);
        loop {
            match self.open(cx, request).and_then(&mut read) {
                Ok(value) => return Ok(value),
                Err(trouble) => retry.after(request, trouble, false)?,
            }
        }
    }
}

/// Decides what follows a failed try.
pub(super) struct Retry<'a> {
    aws: &'a Aws,
    cx: &'a Cx,
    tries: Tries,
    moves: u32,
    has_renewed: bool,
}

impl<'a> Retry<'a> {
    pub(super) fn new(aws: &'a Aws, cx: &'a Cx) -> Self {
        Self {
            aws,
            cx,
            tries: Tries::jittered(),
            moves: 0,
            has_renewed: false,
        }
    }

    /// Waits before the next try, or gives the error to give up with.
    pub(super) fn after(
        &mut self,
        request: &Request,
        trouble: Trouble,
        has_progressed: bool,
    ) -> Result<(), RemoteError> {
        let (detail, asked) = match &trouble {
            Trouble::Cancelled(cancelled) => return Err((*cancelled).into()),
            Trouble::Final(_) | Trouble::Hopeless(_) => return Err(self.words(request, trouble)),
            Trouble::Broken(detail) => (detail.clone(), None),
            Trouble::Refused(refusal) => {
                if refusal.is_old_keys() && !self.has_renewed {
                    self.has_renewed = true;
                    self.aws.forget_keys();
                    return Ok(());
                }
                if let (Some(object), Some(region)) = (&request.object, refusal.elsewhere())
                    && self.moves < MOVES
                {
                    self.moves += 1;
                    self.aws.set_bucket_region(&object.bucket, region);
                    return Ok(());
                }
                if !refusal.is_passing() {
                    return Err(self.words(request, trouble));
                }
                (refusal.to_string(), refusal.asked)
            }
        };
        if let Some(time) = self.tries.after_failure(has_progressed, asked) {
            return Ok(wait(self.cx, time)?);
        }
        let detail = format!("{detail} ({} tries)", self.tries.count());
        Err(request.senseless(self.cx.redactor.redact(&detail)))
    }

    /// The error of a try that is the last.
    fn words(&self, request: &Request, trouble: Trouble) -> RemoteError {
        let redacted = |text: String| self.cx.redactor.redact(&text);
        match trouble {
            Trouble::Cancelled(cancelled) => cancelled.into(),
            Trouble::Final(error) => error,
            Trouble::Broken(detail) | Trouble::Hopeless(detail) => {
                request.senseless(redacted(detail))
            }
            Trouble::Refused(refusal) if refusal.is_no_bucket() => {
                let bucket = request.object.as_ref().map(|object| object.bucket.as_str());
                RemoteError::NotFound {
                    what: format!("the bucket `{}`", bucket.unwrap_or_default()),
                }
            }
            Trouble::Refused(refusal) if refusal.is_not_found() => RemoteError::NotFound {
                what: request.subject.clone(),
            },
            Trouble::Refused(refusal) if refusal.is_denial() => RemoteError::Denied {
                what: request.title(),
                detail: redacted(refusal.to_string()),
            },
            Trouble::Refused(refusal) => request.senseless(redacted(refusal.to_string())),
        }
    }
}
