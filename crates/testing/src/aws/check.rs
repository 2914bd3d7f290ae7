//! Holds a request to the shape that the service model has for it: names, what must be there,
//! kinds, lengths, patterns, values of enumerations.
//!
//! A breach is a mistake of the client, never a state of the world: the fake answers as AWS
//! does and remembers it, so that the test fails also when the client takes the answer for an
//! ordinary no.

use serde_json::Value;

use super::model::{Protocol, Shape};
use super::refusal::Refusal;

/// Everything that is wrong with an input.
pub(super) fn check(protocol: Protocol, shape: Shape<'_>, input: &Value) -> Vec<Refusal> {
    let mut checker = Checker {
        protocol,
        problems: Vec::new(),
    };
    checker.any(shape, input, "");
    checker.problems
}

struct Checker {
    protocol: Protocol,
    problems: Vec<Refusal>,
}

impl Checker {
    /// A problem by the codes of the protocol.
    fn problem(&mut self, ec2: &str, message: String) {
        let code = match self.protocol {
            Protocol::Ec2 => ec2,
            Protocol::Query => "ValidationError",
            Protocol::Json | Protocol::RestJson => "ValidationException",
        };
        let mut refusal = Refusal::new(code, message);
        if self.protocol == Protocol::RestJson {
            refusal.reason = Some("INVALID_PARAMETER_VALUE");
        }
        self.problems.push(refusal);
    }

    fn any(&mut self, shape: Shape<'_>, value: &Value, path: &str) {
        match (shape.kind(), value) {
            ("structure", Value::Object(map)) => {
                for (name, value) in map {
                    let path = joined(path, name);
                    match shape.member(name) {
                        Some(member) => self.any(member.shape, value, &path),
                        None => self.unknown(&path),
                    }
                }
                for name in shape.required() {
                    if !map.contains_key(name) {
                        let path = joined(path, name);
                        let message = format!("The request must contain the parameter {path}");
                        self.problem("MissingParameter", message);
                    }
                }
            }
            ("list", Value::Array(items)) => {
                self.bounds(shape, items.len(), path, "items");
                for (at, item) in items.iter().enumerate() {
                    self.any(shape.item().shape, item, &format!("{path}.{}", at + 1));
                }
            }
            ("map", Value::Object(map)) => {
                for (name, value) in map {
                    self.any(shape.item().shape, value, &joined(path, name));
                }
            }
            ("string", Value::String(text)) => self.string(shape, text, path),
            ("integer" | "long", Value::Number(number)) if number.is_i64() => {
                let number = number.as_i64().unwrap_or_default();
                let (least, most) = shape.bounds();
                if least.is_some_and(|least| number < least)
                    || most.is_some_and(|most| number > most)
                {
                    let bounds = format!("must be between {least:?} and {most:?}");
                    self.wrong(path, &number.to_string(), &bounds);
                }
            }
            ("boolean", Value::Bool(_))
            | ("double" | "float" | "timestamp", Value::Number(_))
            | ("blob", _) => {}
            (kind, value) => self.wrong(path, &value.to_string(), &format!("must be a {kind}")),
        }
    }

    fn string(&mut self, shape: Shape<'_>, text: &str, path: &str) {
        self.bounds(shape, text.chars().count(), path, "characters");
        if !shape.admits(text) {
            self.wrong(path, text, "is none of the values of the enumeration");
        }
        // Patterns in the dialect of another engine: the few that this one cannot read say
        // nothing about what is sent here.
        let pattern = shape.pattern().map(|pattern| format!("^(?:{pattern})$"));
        let pattern = pattern.and_then(|pattern| regex::Regex::new(&pattern).ok());
        if pattern.is_some_and(|pattern| !pattern.is_match(text)) {
            self.wrong(path, text, "does not match the pattern");
        }
    }

    fn bounds(&mut self, shape: Shape<'_>, length: usize, path: &str, unit: &str) {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let (least, most) = shape.bounds();
        if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
            let bounds = format!("must have between {least:?} and {most:?} {unit}");
            self.wrong(path, &length.to_string(), &bounds);
        }
    }

    fn wrong(&mut self, path: &str, value: &str, why: &str) {
        let message = format!("Value ({value}) for parameter {path} is invalid: it {why}");
        self.problem("InvalidParameterValue", message);
    }

    fn unknown(&mut self, path: &str) {
        let message = format!("The parameter {path} is not recognized");
        self.problem("UnknownParameter", message);
    }
}

fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::model::Service;
    use super::*;

    fn codes(service: Service, operation: &str, input: &Value) -> Vec<String> {
        let model = service.model();
        let shape = model.operation(operation).unwrap().input().unwrap();
        let problems = check(model.protocol, shape, input);
        problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.code, problem.message))
            .collect()
    }

    #[test]
    fn a_request_is_held_to_the_model() {
        let good = json!({ "Name": "web", "BootMode": "uefi-preferred", "EnaSupport": true });
        assert!(codes(Service::Ec2, "RegisterImage", &good).is_empty());

        let bad = json!({ "BootMode": "efi", "EnaSupport": "yes", "Colour": "red" });
        let problems = codes(Service::Ec2, "RegisterImage", &bad);
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(
            problems[0].starts_with("InvalidParameterValue: Value (efi) for parameter BootMode")
        );
        assert!(problems[2].starts_with("UnknownParameter: The parameter Colour"));
        assert!(
            problems[3]
                .starts_with("MissingParameter: The request must contain the parameter Name")
        );

        let short = json!({ "Name": "w" });
        assert_eq!(codes(Service::Ec2, "RegisterImage", &short).len(), 1);
        let index = json!({ "SnapshotId": "snap-0a", "BlockIndex": -1, "BlockToken": "AA==" });
        assert_eq!(codes(Service::Ebs, "GetSnapshotBlock", &index).len(), 1);
        let id = json!({ "SnapshotId": "snap-XY", "BlockIndex": 1, "BlockToken": "AA==" });
        assert_eq!(codes(Service::Ebs, "GetSnapshotBlock", &id).len(), 1);
    }
}
