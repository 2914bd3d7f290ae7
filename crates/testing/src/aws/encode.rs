//! What an operation gives, by the names of the model, made into an answer of the protocol.
//!
//! ```text
//! { "Snapshots": [{ "SnapshotId": "snap-1", "State": "pending" }] }
//!   <snapshotSet><item><snapshotId>snap-1</snapshotId><status>pending</status></item></snapshotSet>
//! ```
//!
//! A name or a value that the model does not have is a mistake of the fake, and said so.

use serde_json::{Map, Value};

use super::model::{Member, Operation, Protocol, Service, Shape};
use super::time;

/// An answer on its way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What an operation gives, as an answer.
///
/// # Errors
///
/// In words, when it is not of the form that the model draws.
pub(super) fn encode(
    service: Service,
    operation: Operation<'_>,
    value: &Value,
    payload: Vec<u8>,
    request_id: &str,
) -> Result<Answer, String> {
    let model = service.model();
    let name = operation.name;
    let namespace = &model.namespace;
    let mut writer = Writer {
        protocol: model.protocol,
        text: String::new(),
    };
    let mut answer = Answer {
        status: operation.status(),
        ..Answer::default()
    };
    match model.protocol {
        Protocol::Ec2 => {
            writer.members(operation.output(), value)?;
            let text = writer.text;
            answer.body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name}Response xmlns=\"{namespace}/\"><requestId>{request_id}</requestId>{text}</{name}Response>"
            )
            .into_bytes();
            answer.header("Content-Type", "text/xml;charset=UTF-8");
        }
        Protocol::Query => {
            writer.members(operation.output(), value)?;
            let (open, close) = operation
                .wrapper()
                .map_or_else(Default::default, |wrapper| {
                    (format!("<{wrapper}>"), format!("</{wrapper}>"))
                });
            let text = writer.text;
            answer.body = format!(
                "<{name}Response xmlns=\"{namespace}\">{open}{text}{close}<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
            )
            .into_bytes();
            answer.header("Content-Type", "text/xml");
        }
        Protocol::Json | Protocol::RestJson => {
            let shape = operation.output();
            let mut body = Map::new();
            for (name, value) in value.as_object().into_iter().flatten() {
                let Some(shape) = shape.filter(|_| !value.is_null()) else {
                    continue;
                };
                let member = shape
                    .member(name)
                    .ok_or_else(|| format!("no member `{name}`"))?;
                let written = writer.json(member.shape, value)?;
                match member.location() {
                    Some("header") => {
                        let text = written
                            .as_str()
                            .map_or_else(|| written.to_string(), str::to_owned);
                        answer.header(member.wire(), &text);
                    }
                    _ => drop(body.insert(member.wire().to_owned(), written)),
                }
            }
            if shape.is_some_and(|shape| shape.payload().is_some()) {
                answer.body = payload;
                answer.header("Content-Type", "application/octet-stream");
            } else {
                answer.body = Value::Object(body).to_string().into_bytes();
                let kind = match model.protocol {
                    Protocol::Json => "application/x-amz-json-1.1",
                    _ => "application/json",
                };
                answer.header("Content-Type", kind);
            }
        }
    }
    answer.header("x-amzn-RequestId", request_id);
    Ok(answer)
}

impl Answer {
    pub(super) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }
}

struct Writer {
    protocol: Protocol,
    text: String,
}

impl Writer {
    /// The members of a structure as elements.
    fn members(&mut self, shape: Option<Shape<'_>>, value: &Value) -> Result<(), String> {
        for (name, value) in value.as_object().into_iter().flatten() {
            if value.is_null() {
                continue;
            }
            let member = shape.and_then(|shape| shape.member(name));
            let member = member.ok_or_else(|| format!("no member `{name}`"))?;
            self.element(member, member.wire(), value)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(())
    }

    fn element(&mut self, member: Member<'_>, name: &str, value: &Value) -> Result<(), String> {
        let shape = member.shape;
        match (shape.kind(), value) {
            ("structure", Value::Object(_)) => {
                self.text.push_str(&format!("<{name}>"));
                self.members(Some(shape), value)?;
                self.text.push_str(&format!("</{name}>"));
            }
            ("list", Value::Array(items)) => {
                let item = shape.item();
                if shape.is_flat() {
                    let name = item.location_name().unwrap_or(name);
                    for value in items {
                        self.element(item, name, value)?;
                    }
                    return Ok(());
                }
                self.text.push_str(&format!("<{name}>"));
                for value in items {
                    self.element(item, item.wire(), value)?;
                }
                self.text.push_str(&format!("</{name}>"));
            }
            _ => {
                let written = self.scalar(shape, value)?;
                let text = written
                    .as_str()
                    .map_or_else(|| written.to_string(), escaped);
                self.text.push_str(&format!("<{name}>{text}</{name}>"));
            }
        }
        Ok(())
    }

    fn json(&self, shape: Shape<'_>, value: &Value) -> Result<Value, String> {
        match (shape.kind(), value) {
            ("structure", Value::Object(map)) => {
                let mut written = Map::new();
                for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                    let member = shape
                        .member(name)
                        .ok_or_else(|| format!("no member `{name}`"))?;
                    written.insert(member.wire().to_owned(), self.json(member.shape, value)?);
                }
                Ok(Value::Object(written))
            }
            ("list", Value::Array(items)) => {
                let items = items.iter().map(|item| self.json(shape.item().shape, item));
                items.collect()
            }
            _ => self.scalar(shape, value),
        }
    }

    /// A value that is no structure and no list.
    fn scalar(&self, shape: Shape<'_>, value: &Value) -> Result<Value, String> {
        let kind = shape.kind();
        let wrong = || format!("`{value}` is no {kind} of the model");
        match (kind, value) {
            ("string", Value::String(text)) if shape.admits(text) => Ok(value.clone()),
            ("boolean", Value::Bool(_)) => Ok(value.clone()),
            ("integer" | "long", Value::Number(number)) if number.is_i64() => Ok(value.clone()),
            ("double" | "float", Value::Number(_)) => Ok(value.clone()),
            ("timestamp", Value::Number(number)) => match self.protocol {
                Protocol::Json | Protocol::RestJson => Ok(value.clone()),
                Protocol::Ec2 | Protocol::Query => {
                    Ok(time::written(number.as_i64().ok_or_else(wrong)?).into())
                }
            },
            ("blob", _) => Ok(value.clone()),
            _ => Err(wrong()),
        }
    }
}

/// Text that may stand in XML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(service: Service, operation: &str, value: &Value) -> Result<String, String> {
        let operation = service.model().operation(operation).unwrap();
        let answer = encode(service, operation, value, Vec::new(), "r-1")?;
        Ok(String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn answers_have_the_names_of_the_wire() {
        let value = json!({ "Snapshots": [
            { "SnapshotId": "snap-1", "State": "pending", "StartTime": 0, "KmsKeyId": null },
        ], "NextToken": "a<b" });
        assert_eq!(
            answer(Service::Ec2, "DescribeSnapshots", &value).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeSnapshotsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r-1</requestId><snapshotSet><item><snapshotId>snap-1</snapshotId><status>pending</status><startTime>1970-01-01T00:00:00.000Z</startTime></item></snapshotSet><nextToken>a&lt;b</nextToken></DescribeSnapshotsResponse>"
        );
        let value = json!({ "Account": "111122223333" });
        assert_eq!(
            answer(Service::Sts, "GetCallerIdentity", &value).unwrap(),
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        );
        let value = json!({ "Status": "pending" });
        let body = answer(Service::Ebs, "CompleteSnapshot", &value).unwrap();
        assert_eq!(body, "{\"Status\":\"pending\"}");
    }

    #[test]
    fn what_the_model_does_not_have_is_said() {
        let value = json!({ "Snapshots": [{ "Colour": "red" }] });
        let error = answer(Service::Ec2, "DescribeSnapshots", &value).unwrap_err();
        assert_eq!(error, "Snapshots: no member `Colour`");
        let value = json!({ "Status": "done" });
        let error = answer(Service::Ebs, "CompleteSnapshot", &value).unwrap_err();
        assert_eq!(error, "`\"done\"` is no string of the model");
    }
}
