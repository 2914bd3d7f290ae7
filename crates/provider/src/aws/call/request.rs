//! A call as it is to be made: what is asked, of whom, about what.

use bytes::Bytes;
use goldsmith_core::remote::{ObjectPath, RemoteError};

use super::super::api::{Operation, Place};
use super::super::form::Form;

/// A call as it is to be made.
#[derive(Debug, Clone)]
pub(in super::super) struct Request {
    pub(super) operation: &'static Operation,
    /// What it is about: "the object `s3://...`".
    pub(super) subject: String,
    pub(super) object: Option<ObjectPath>,
    pub(super) path: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    /// Whether what this is about may not be seen yet, because it was made a moment ago.
    pub(super) is_new: bool,
}

impl Request {
    /// A call about a bucket or an object.
    pub(in super::super) fn object(
        operation: &'static Operation,
        object: &ObjectPath,
        owner: Option<&str>,
    ) -> Self {
        Self {
            object: Some(object.clone()),
            ..Self::new(operation, format!("the object `{object}`"))
        }
        .maybe("ExpectedBucketOwner", owner)
    }

    /// A call about `subject`: "the snapshot `snap-...`".
    pub(in super::super) const fn new(operation: &'static Operation, subject: String) -> Self {
        Self {
            operation,
            subject,
            object: None,
            path: Vec::new(),
            headers: Vec::new(),
            query: Vec::new(),
            body: Bytes::new(),
            is_new: false,
        }
    }

    /// Whether an error says that what this is about is not there, and not the bucket around it.
    pub(in super::super) fn is_missing(&self, error: &RemoteError) -> bool {
        matches!(error, RemoteError::NotFound { what } if *what == self.subject)
    }

    /// A call in JSON.
    pub(in super::super) fn json(
        operation: &'static Operation,
        subject: String,
        inputs: &[(&'static str, serde_json::Value)],
    ) -> Self {
        let mut map = serde_json::Map::new();
        for (name, value) in inputs {
            debug_assert!(operation.has_value(name, value), "{name}: {value}");
            map.insert((*name).to_owned(), value.clone());
        }
        let this = Self::new(operation, subject);
        let this = match operation.service.target() {
            Some(target) => this
                .header("Content-Type", "application/x-amz-json-1.1")
                .header("X-Amz-Target", &format!("{target}.{}", operation.name)),
            None => this.header("Content-Type", "application/json"),
        };
        this.carrying(serde_json::Value::Object(map).to_string().into())
    }

    /// A call in a form.
    pub(in super::super) fn form(
        operation: &'static Operation,
        subject: String,
        form: &Form,
    ) -> Self {
        Self::new(operation, subject)
            .header(
                "Content-Type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .carrying(form.body(operation).into())
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// That what this is about is not found may be because it was made a moment ago.
    pub(in super::super) const fn of_something_new(mut self) -> Self {
        self.is_new = true;
        self
    }

    /// With an input by the name of the model.
    pub(in super::super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        match self.operation.place(name) {
            Place::Header(header) => self.headers.push((header.to_owned(), value.into())),
            Place::Query(query) => self.query.push((query, value.into())),
            // Those of S3 stand there by themselves.
            Place::Path(path) => self.path.push((path, value.into())),
            Place::Body | Place::Whole | Place::WholeUnsigned | Place::Form(_) | Place::Xml(_) => {}
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
    pub(in super::super) fn carrying(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// Such as `S3 GetObject of the object ...`.
    pub(in super::super) fn title(&self) -> String {
        let Operation { service, name, .. } = self.operation;
        format!("{service} {name} of {}", self.subject)
    }

    /// An answer that makes no sense.
    pub(in super::super) fn senseless(&self, detail: impl Into<String>) -> RemoteError {
        RemoteError::Failed {
            what: self.title(),
            detail: detail.into(),
        }
    }
}
