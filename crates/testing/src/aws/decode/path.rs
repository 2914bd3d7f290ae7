//! Operations by method and path, with members in the path, the query, the headers and the body.

use std::collections::BTreeMap;

use super::super::model::{Operation, Shape};
use super::super::refusal::Refusal;
use super::form::{scalar, unquoted};
use super::{Call, Payload};
use crate::front::Seen;

/// Finds the operation and its members.
pub(super) fn decode(
    call: &mut Call,
    (method, path): (&str, &str),
    mut query: BTreeMap<String, String>,
    seen: &Seen,
    body: Vec<u8>,
) {
    let operations = call.service.model().operations();
    let found = operations
        .filter(|operation| operation.method() == method)
        .find_map(|operation| Some((operation, matched(operation, path)?)));
    let Some((operation, in_path)) = found else {
        call.operation = format!("{method} {path}");
        // Says that there is none.
        call.found();
        return;
    };
    operation.name.clone_into(&mut call.operation);
    let Some(shape) = operation.input() else {
        return;
    };
    if shape.payload().is_some() {
        call.payload = Some(Payload::new(body));
        call.input[shape.payload().unwrap_or_default()] = "".into();
    } else {
        call.json_body(&body);
        body_names(call, shape);
    }
    for member in shape.members() {
        let text = match member.location() {
            Some("uri") => in_path.get(member.wire()).cloned(),
            Some("querystring") => query.remove(member.wire()),
            Some("header") => seen
                .headers
                .get(&member.wire().to_ascii_lowercase())
                .cloned(),
            _ => continue,
        };
        let Some(text) = text else { continue };
        if let Some(value) = scalar(member.shape.kind(), &text) {
            call.input[member.name] = value;
        } else {
            let why = format!("It is no {}", member.shape.kind());
            call.problems.push(Refusal::value(member.name, &text, &why));
        }
    }
    for name in query.keys() {
        let message = format!("The parameter {name} is not recognized");
        call.problems
            .push(Refusal::new("UnknownParameter", message));
    }
    let known = |name: &str| {
        let mut members = shape.members();
        members.any(|member| {
            member.location() == Some("header") && member.wire().eq_ignore_ascii_case(name)
        })
    };
    for name in seen.headers.keys() {
        // What belongs to the signature or to the client library.
        let is_about_us = name.starts_with("x-amz-")
            && ![
                "x-amz-date",
                "x-amz-content-sha256",
                "x-amz-security-token",
                "x-amz-user-agent",
            ]
            .contains(&name.as_str());
        if is_about_us && !known(name) {
            let message = format!("The header {name} is not recognized");
            call.problems
                .push(Refusal::new("UnknownParameter", message));
        }
    }
}

/// The names of members as they are in the body, made those of the model.
fn body_names(call: &mut Call, shape: Shape<'_>) {
    for member in shape.members() {
        if member.location().is_none()
            && member.wire() != member.name
            && let Some(map) = call.input.as_object_mut()
            && let Some(value) = map.remove(member.wire())
        {
            map.insert(member.name.to_owned(), value);
        }
    }
}

/// The members in a path, where it is one of this operation.
fn matched(operation: Operation<'_>, path: &str) -> Option<BTreeMap<String, String>> {
    let pattern = operation.uri().split('/');
    let parts: Vec<_> = path.split('/').collect();
    if pattern.clone().count() != parts.len() {
        return None;
    }
    let mut members = BTreeMap::new();
    for (pattern, part) in pattern.zip(parts) {
        let name = pattern
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match name {
            Some(name) => drop(members.insert(name.to_owned(), unquoted(part))),
            None if pattern == part => {}
            None => return None,
        }
    }
    Some(members)
}
