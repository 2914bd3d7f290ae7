//! Names and values of a form, as EC2 and the older services take them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::model::{Member, Operation, Protocol, Shape};
use super::super::refusal::Refusal;
use super::super::time;
use super::Call;

/// The fields of a form or of a query.
pub(super) fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unquoted(name), unquoted(value))
        })
        .collect()
}

/// Text whose bytes may stand as `%41`, and blanks as `+`.
pub(super) fn unquoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let quoted = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, quoted) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes the fields members; what is left over is not of the model.
pub(super) fn decode(
    call: &mut Call,
    operation: Operation<'_>,
    mut fields: BTreeMap<String, String>,
) {
    fields.remove("Action");
    fields.remove("Version");
    let mut form = Form {
        is_ec2: call.service.model().protocol == Protocol::Ec2,
        fields,
        problems: Vec::new(),
    };
    if let Some(shape) = operation.input() {
        call.input = form.structure(shape, "");
    }
    call.problems.append(&mut form.problems);
    for name in form.fields.keys() {
        let message = format!("The parameter {name} is not recognized");
        call.problems
            .push(Refusal::new("UnknownParameter", message));
    }
}

struct Form {
    is_ec2: bool,
    fields: BTreeMap<String, String>,
    problems: Vec<Refusal>,
}

impl Form {
    /// Whether there is a field of this name or below it.
    fn has(&self, name: &str) -> bool {
        let below = format!("{name}.");
        let next = self.fields.range(below.clone()..).next();
        self.fields.contains_key(name) || next.is_some_and(|(name, _)| name.starts_with(&below))
    }

    fn structure(&mut self, shape: Shape<'_>, prefix: &str) -> Value {
        let mut map = Map::new();
        for member in shape.members() {
            let name = if self.is_ec2 {
                member.ec2()
            } else {
                member.wire().to_owned()
            };
            let name = format!("{prefix}{name}");
            if self.has(&name) {
                let value = self.any(member, &name);
                map.insert(member.name.to_owned(), value);
            }
        }
        Value::Object(map)
    }

    fn any(&mut self, member: Member<'_>, name: &str) -> Value {
        match member.shape.kind() {
            "structure" => self.structure(member.shape, &format!("{name}.")),
            "list" => {
                let item = member.shape.item();
                let prefix = if self.is_ec2 || member.shape.is_flat() {
                    name.to_owned()
                } else {
                    format!("{name}.{}", item.wire())
                };
                let mut items = Vec::new();
                loop {
                    let name = format!("{prefix}.{}", items.len() + 1);
                    if !self.has(&name) {
                        return Value::Array(items);
                    }
                    items.push(self.any(item, &name));
                }
            }
            kind => {
                let text = self.fields.remove(name).unwrap_or_default();
                scalar(kind, &text).unwrap_or_else(|| {
                    self.problems
                        .push(Refusal::value(name, &text, &format!("It is no {kind}")));
                    Value::String(text)
                })
            }
        }
    }
}

/// A value of a kind, from its text.
pub(super) fn scalar(kind: &str, text: &str) -> Option<Value> {
    Some(match kind {
        "integer" | "long" => json!(text.parse::<i64>().ok()?),
        "double" | "float" => json!(text.parse::<f64>().ok()?),
        "boolean" => json!(text.parse::<bool>().ok()?),
        "timestamp" => json!(time::read(text)?),
        _ => json!(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_taken_apart() {
        let fields = fields("Name=a%20b+c%2B&Empty=&X%2EY=%C3%BC");
        let expected = [("Empty", ""), ("Name", "a b c+"), ("X.Y", "\u{fc}")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields, BTreeMap::from(expected));
    }
}
