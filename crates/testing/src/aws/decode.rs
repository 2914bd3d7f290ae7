//! A request as it came over the wire, made into the input that the service model draws:
//!
//! ```text
//! POST /    Action=CreateTags&ResourceId.1=ami-1&Tag.1.Key=a&Tag.1.Value=b&Version=2016-11-15
//!   CreateTags { "Resources": ["ami-1"], "Tags": [{ "Key": "a", "Value": "b" }] }
//! ```

mod form;
mod path;

use std::sync::Arc;

use goldsmith_core::digest::Sha256;
use serde_json::{Map, Value};

use super::model::{Operation, Protocol, Service};
use super::refusal::Refusal;
use crate::front::Seen;

/// A body that is a member by itself.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) data: Arc<Vec<u8>>,
    pub(super) digest: Sha256,
}

impl Payload {
    /// Takes its digest now, while no other call waits for it.
    fn new(data: Vec<u8>) -> Self {
        let digest = Sha256::of(&data);
        Self {
            data: Arc::new(data),
            digest,
        }
    }
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) service: Service,
    /// The operation's name; that of the request where the model has none such.
    pub(super) operation: String,
    /// Who signed, and by which session.
    pub(super) signer: Option<String>,
    pub(super) session: Option<String>,
    pub(super) region: String,
    /// By the names of the model.
    pub(super) input: Value,
    pub(super) payload: Option<Payload>,
    /// What is wrong with the request already.
    pub(super) problems: Vec<Refusal>,
}

/// Reads a request, and takes its body.
pub(super) fn decode(seen: &mut Seen) -> Call {
    let body = std::mem::take(&mut seen.body);
    let seen = &*seen;
    let (method, target) = seen.line.split_once(' ').unwrap_or(("", "/"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let scope = Scope::of(seen);
    let fields = match method {
        "POST" if path == "/" => form::fields(&String::from_utf8_lossy(&body)),
        _ => form::fields(query),
    };
    let version = fields.get("Version").map(String::as_str);
    let target_header = seen.headers.get("x-amz-target").map(String::as_str);
    let service = scope.service(path, version, target_header);
    let mut call = Call {
        service,
        operation: String::new(),
        signer: scope.key.clone(),
        session: seen.headers.get("x-amz-security-token").cloned(),
        region: scope
            .region
            .clone()
            .unwrap_or_else(|| "us-east-1".to_owned()),
        input: Value::Object(Map::new()),
        payload: None,
        problems: Vec::new(),
    };
    let model = service.model();
    match model.protocol {
        Protocol::Ec2 | Protocol::Query => {
            call.operation = fields.get("Action").cloned().unwrap_or_default();
            if version != Some(service.version()) {
                let problem = format!("the version is {version:?} and not {}", service.version());
                call.problems.push(Refusal::new("NoSuchVersion", problem));
            }
            if let Some(operation) = call.found() {
                form::decode(&mut call, operation, fields);
            }
        }
        Protocol::Json => {
            let (_, name) = target_header
                .and_then(|target| target.split_once('.'))
                .unwrap_or_default();
            name.clone_into(&mut call.operation);
            if call.found().is_some() {
                call.json_body(&body);
            }
        }
        Protocol::RestJson => path::decode(&mut call, (method, path), fields, seen, body),
    }
    call
}

/// The service that a request is for, and what it asks of it, as far as that can be told without
/// the model: `RegisterImage`, `PUT /snapshots/*/blocks/*`.
pub(crate) fn glance(seen: &Seen) -> (Service, String) {
    let (method, target) = seen.line.split_once(' ').unwrap_or(("", "/"));
    let path = target.split('?').next().unwrap_or("/");
    let header = seen.headers.get("x-amz-target").map(String::as_str);
    let fields = match path {
        "/" if header.is_none() => form::fields(&String::from_utf8_lossy(&seen.body)),
        _ => std::collections::BTreeMap::new(),
    };
    let version = fields.get("Version").map(String::as_str);
    let service = Scope::of(seen).service(path, version, header);
    let name = fields.get("Action").cloned();
    let name = name.or_else(|| Some(header?.split_once('.')?.1.to_owned()));
    let name = name.unwrap_or_else(|| {
        let is_name = |part: &&str| part.chars().all(|letter| letter.is_ascii_lowercase());
        let parts = path
            .split('/')
            .map(|part| if is_name(&part) { part } else { "*" });
        format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
    });
    (service, name)
}

impl Call {
    /// The operation in the model; a problem where there is none.
    pub(super) fn found(&mut self) -> Option<Operation<'static>> {
        let operation = self.service.model().operation(&self.operation);
        if operation.is_none() {
            let code = match self.service.model().protocol {
                Protocol::Ec2 | Protocol::Query => "InvalidAction",
                Protocol::Json | Protocol::RestJson => "UnknownOperationException",
            };
            let message = format!(
                "The action {} is not valid for this web service",
                self.operation
            );
            self.problems.push(Refusal::new(code, message));
        }
        operation
    }

    /// The members in a body of JSON.
    fn json_body(&mut self, body: &[u8]) {
        if body.is_empty() {
            return;
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => {
                for (name, value) in map {
                    self.input[name.as_str()] = value;
                }
            }
            other => {
                let problem = format!("the body is no object of JSON: {other:?}");
                self.problems
                    .push(Refusal::new("SerializationException", problem));
            }
        }
    }
}

/// What the signature of a request is for.
#[derive(Debug, Default)]
struct Scope {
    key: Option<String>,
    region: Option<String>,
    service: Option<String>,
}

impl Scope {
    fn of(seen: &Seen) -> Self {
        let header = seen.headers.get("authorization");
        let credential = header.and_then(|header| header.split("Credential=").nth(1));
        let credential = credential.and_then(|rest| rest.split(',').next());
        // key/date/region/service/aws4_request
        let mut parts = credential.into_iter().flat_map(|scope| scope.split('/'));
        let key = parts.next().map(str::to_owned);
        let region = parts.nth(1).map(str::to_owned);
        let service = parts.next().map(str::to_owned);
        Self {
            key,
            region,
            service,
        }
    }

    /// The service: by the signature, else by what only that one has.
    fn service(&self, path: &str, version: Option<&str>, target: Option<&str>) -> Service {
        let all = Service::ALL.into_iter();
        if let Some(name) = &self.service
            && let Some(service) = all.clone().find(|service| service.name() == name)
        {
            return service;
        }
        if path.starts_with("/snapshots") {
            return Service::Ebs;
        }
        match target.and_then(|target| target.split_once('.')) {
            Some(("TrentService", _)) => return Service::Kms,
            Some(("StarlingDoveService", _)) => return Service::Config,
            Some(_) => return Service::Ssm,
            None => {}
        }
        let by_version = all
            .into_iter()
            .find(|service| version == Some(service.version()));
        by_version.unwrap_or(Service::Ec2)
    }
}
