//! One call: addressed, signed, sent, tried again, and its failure in words.

mod once;
mod refusal;
mod request;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Cancelled;
use goldsmith_core::remote::RemoteError;
use reqwest::{Method, Response};

pub(crate) use self::once::Untaken;
pub(super) use self::refusal::Refusal;
pub(super) use self::request::Request;
use super::Aws;
use super::address::Target;
use super::api::{Member, Place};
use super::json;
use super::node::Node;
use super::sign::Signer;
use super::xml;
use crate::http::attempt::Attempt;
use crate::http::client::Client;
use crate::http::upload::Upload;
use crate::retry::{Tries, wait};

/// Most bytes of an answer that is no object: a list of 1,000 keys of 1 KiB, each byte of them
/// an entity, fits.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// How often a call may learn that its bucket is in another region.
const MOVES: u32 = 2;

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

    /// The body of an answer in XML or JSON, handed on by the names of the table.
    pub(super) fn read<T>(
        self,
        cx: &Cx,
        request: &Request,
        read: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Result<T, Trouble> {
        let text = self.text(cx)?;
        let element = if text.starts_with('{') {
            json::parse(&text)
        } else {
            xml::parse(&text)
        };
        let value = element.and_then(|element| read(Node::whole(request.operation, &element)));
        value.ok_or_else(Trouble::senseless)
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
    /// An answer that is none.
    pub(super) fn senseless() -> Self {
        Self::Broken("the answer makes no sense".to_owned())
    }

    /// A no that came with a status of success.
    pub(super) fn late(status: u16, body: &str) -> Self {
        let refusal = Refusal::of_body(status, body);
        if refusal.code.is_empty() {
            return Self::senseless();
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
        let region = self.region_of(cx, request)?;
        let rate = self.rate(request.operation.service, &region);
        wait(cx, rate.reserve(cx.clock().monotonic())).map_err(Trouble::Cancelled)?;
        let (client, built) = self.build(cx, request, &region)?;
        let sent_at = cx.clock().monotonic();
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
            rate.taken();
            return Ok(Answer { client, response });
        }
        let refusal = Refusal::of_head(&response);
        let body = text(&client, cx, response)?;
        let refusal = refusal.with_body(&body);
        if refusal.is_too_fast() {
            rate.too_fast(sent_at, cx.clock().monotonic());
        }
        Err(Trouble::Refused(refusal))
    }

    /// The region that a call goes to.
    fn region_of(&self, cx: &Cx, request: &Request) -> Result<String, RemoteError> {
        let bucket = request.object.as_ref().map(|object| object.bucket.as_str());
        if let Some(region) = bucket.and_then(|bucket| self.bucket_region(bucket)) {
            return Ok(region);
        }
        let what = request.title();
        let endpoint = self.endpoint(request.operation.service);
        let endpoint = endpoint.map_err(|detail| RemoteError::NotConfigured {
            what: what.clone(),
            detail,
        })?;
        self.region(cx, &what, endpoint.is_some())
    }

    /// The request, signed.
    fn build(
        &self,
        cx: &Cx,
        request: &Request,
        region: &str,
    ) -> Result<(Client, reqwest::RequestBuilder), RemoteError> {
        let what = request.title();
        let wrong = |detail: String| RemoteError::NotConfigured {
            what: what.clone(),
            detail,
        };
        let operation = request.operation;
        let endpoint = self.endpoint(operation.service).map_err(wrong)?;
        let object = request.object.as_ref();
        let url = Target {
            operation,
            endpoint: endpoint.as_deref(),
            region,
            object: object.map(|object| (object.bucket.as_str(), object.key.as_str())),
            path: &request.path,
            query: &request.query,
        }
        .url()
        .map_err(wrong)?;
        let keys = self.keys(cx, &what)?;
        let signer = Signer {
            keys: &keys,
            region,
            service: operation.service.name(),
            now: cx.clock().unix_seconds(),
        };
        let is_signed = |input: &Member| input.place != Place::WholeUnsigned;
        let body = operation.inputs.iter().all(is_signed);
        let body = body.then(|| Sha256::of(&request.body));
        let signed = signer
            .headers(operation.method, &url, &request.headers, body.as_ref())
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
        read: impl FnMut(Answer) -> Result<T, Trouble>,
    ) -> Result<T, RemoteError> {
        match self.call_or(cx, request, &[], read)? {
            Ok(value) => Ok(value),
            Err(refusal) => Err(request.senseless(refusal.to_string())),
        }
    }

    /// As [`Aws::call`], where a no with one of these codes is an answer, too.
    pub(super) fn call_or<T>(
        &self,
        cx: &Cx,
        request: &Request,
        codes: &[&str],
        mut read: impl FnMut(Answer) -> Result<T, Trouble>,
    ) -> Result<Result<T, Refusal>, RemoteError> {
        let mut retry = Retry::new(self, cx);
        loop {
            match self.open(cx, request).and_then(&mut read) {
                Ok(value) => return Ok(Ok(value)),
                Err(Trouble::Refused(refusal)) if codes.contains(&&*refusal.code) => {
                    return Ok(Err(refusal));
                }
                Err(trouble) => retry.after(request, trouble, false)?,
            }
        }
    }

    /// Every page of a list, in turn.
    pub(super) fn pages(
        &self,
        cx: &Cx,
        request: impl Fn(Option<&str>) -> Request,
        each: impl FnMut(Node<'_>),
    ) -> Result<(), RemoteError> {
        self.pages_at(cx, request, "nextToken", each)
    }

    /// The same where the answer has the token of the next page elsewhere.
    pub(super) fn pages_at(
        &self,
        cx: &Cx,
        request: impl Fn(Option<&str>) -> Request,
        place: &str,
        mut each: impl FnMut(Node<'_>),
    ) -> Result<(), RemoteError> {
        let mut token: Option<String> = None;
        loop {
            let asked = request(token.as_deref());
            let next = self.call(cx, &asked, |answer| {
                answer.read(cx, &asked, |page| {
                    each(page);
                    Some(page.text(place))
                })
            })?;
            match next {
                None => return Ok(()),
                // A service that gives the same page for ever.
                next if next == token => return Err(asked.senseless("the list has no end")),
                next => token = next,
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
                let is_unseen = request.is_new && refusal.is_not_found();
                if is_unseen {
                    self.tries.be_patient();
                } else if !refusal.is_passing() {
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
