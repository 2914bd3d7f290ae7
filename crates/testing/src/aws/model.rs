//! The service models of AWS, as `botocore` carries them: which operations there are, and the
//! shapes of what they take and give. The fake takes and gives nothing else.

use std::sync::OnceLock;

use serde_json::Value;

use crate::emulators;

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Names and values of a form, answers in XML: EC2's own way.
    Ec2,
    /// The same as the older services have it.
    Query,
    /// JSON, the operation in a header.
    Json,
    /// JSON, the operation in method and path.
    RestJson,
}

/// A service that the fake has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    AutoScaling,
    Config,
    Ebs,
    Ec2,
    Kms,
    Ssm,
    Sts,
}

impl Service {
    /// All of them.
    pub(super) const ALL: [Self; 7] = [
        Self::AutoScaling,
        Self::Config,
        Self::Ebs,
        Self::Ec2,
        Self::Kms,
        Self::Ssm,
        Self::Sts,
    ];

    /// As signatures and the directories of models call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AutoScaling => "autoscaling",
            Self::Config => "config",
            Self::Ebs => "ebs",
            Self::Ec2 => "ec2",
            Self::Kms => "kms",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }

    /// The version of its interface.
    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::AutoScaling => "2011-01-01",
            Self::Config => "2014-11-12",
            Self::Ebs => "2019-11-02",
            Self::Ec2 => "2016-11-15",
            Self::Kms => "2014-11-01",
            Self::Ssm => "2014-11-06",
            Self::Sts => "2011-06-15",
        }
    }

    /// Its model, read once.
    pub(super) fn model(self) -> &'static Model {
        static MODELS: [OnceLock<Model>; 7] = [const { OnceLock::new() }; 7];
        MODELS[self as usize].get_or_init(|| Model::read(self))
    }
}

/// The model of a service.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) protocol: Protocol,
    /// The namespace of answers in XML.
    pub(super) namespace: String,
    json: Value,
}

impl Model {
    fn read(service: Service) -> Self {
        let text = emulators::service_model(service.name(), service.version());
        let json: Value = serde_json::from_str(&text).expect("a model is JSON");
        let metadata = &json["metadata"];
        let protocol = match metadata["protocol"].as_str() {
            Some("ec2") => Protocol::Ec2,
            Some("query") => Protocol::Query,
            Some("json") => Protocol::Json,
            Some("rest-json") => Protocol::RestJson,
            other => panic!("{} speaks {other:?}", service.name()),
        };
        let namespace = metadata["xmlNamespace"].as_str().unwrap_or_default();
        Self {
            protocol,
            namespace: namespace.to_owned(),
            json,
        }
    }

    /// An operation by name.
    pub(super) fn operation(&self, name: &str) -> Option<Operation<'_>> {
        let (name, json) = self.json["operations"].as_object()?.get_key_value(name)?;
        Some(Operation {
            model: self,
            name,
            json,
        })
    }

    /// All operations.
    pub(super) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let map = self.json["operations"].as_object();
        map.into_iter().flatten().map(|(name, json)| Operation {
            model: self,
            name,
            json,
        })
    }

    /// The status of an error that the model knows.
    pub(super) fn error_status(&self, code: &str) -> Option<u16> {
        let status = self.json["shapes"][code]["error"]["httpStatusCode"].as_u64()?;
        u16::try_from(status).ok()
    }

    fn shape(&self, json: &Value) -> Shape<'_> {
        let name = json["shape"].as_str().unwrap_or_default();
        Shape {
            model: self,
            json: &self.json["shapes"][name],
        }
    }
}

/// An operation of a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation<'m> {
    model: &'m Model,
    pub(super) name: &'m str,
    json: &'m Value,
}

impl<'m> Operation<'m> {
    pub(super) fn method(self) -> &'m str {
        self.json["http"]["method"].as_str().unwrap_or("POST")
    }

    pub(super) fn uri(self) -> &'m str {
        self.json["http"]["requestUri"].as_str().unwrap_or("/")
    }

    /// The status of its answer.
    pub(super) fn status(self) -> u16 {
        let status = self.json["http"]["responseCode"].as_u64().unwrap_or(200);
        u16::try_from(status).unwrap_or(200)
    }

    pub(super) fn input(self) -> Option<Shape<'m>> {
        let json = self.json.get("input")?;
        Some(self.model.shape(json))
    }

    pub(super) fn output(self) -> Option<Shape<'m>> {
        let json = self.json.get("output")?;
        Some(self.model.shape(json))
    }

    /// The element around the answer, where there is one.
    pub(super) fn wrapper(self) -> Option<&'m str> {
        self.json["output"]["resultWrapper"].as_str()
    }
}

/// A shape: what a value is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'m> {
    model: &'m Model,
    json: &'m Value,
}

impl<'m> Shape<'m> {
    /// `structure`, `list`, `map`, `string`, `integer` ...
    pub(super) fn kind(self) -> &'m str {
        self.json["type"].as_str().unwrap_or_default()
    }

    pub(super) fn members(self) -> impl Iterator<Item = Member<'m>> {
        let map = self.json["members"].as_object();
        map.into_iter().flatten().map(move |(name, json)| Member {
            name,
            json,
            shape: self.model.shape(json),
        })
    }

    pub(super) fn member(self, name: &str) -> Option<Member<'m>> {
        let (name, json) = self.json["members"].as_object()?.get_key_value(name)?;
        Some(Member {
            name,
            json,
            shape: self.model.shape(json),
        })
    }

    /// The names of members that must be there.
    pub(super) fn required(self) -> impl Iterator<Item = &'m str> {
        let list = self.json["required"].as_array();
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The member of a list, or the value of a map.
    pub(super) fn item(self) -> Member<'m> {
        let json = match self.kind() {
            "map" => &self.json["value"],
            _ => &self.json["member"],
        };
        Member {
            name: "member",
            json,
            shape: self.model.shape(json),
        }
    }

    pub(super) fn is_flat(self) -> bool {
        self.json["flattened"].as_bool().unwrap_or(false)
    }

    /// The member that is the whole body.
    pub(super) fn payload(self) -> Option<&'m str> {
        self.json["payload"].as_str()
    }

    pub(super) fn pattern(self) -> Option<&'m str> {
        self.json["pattern"].as_str()
    }

    /// Least and most: of a number, of the characters of a string, of the items of a list.
    pub(super) fn bounds(self) -> (Option<i64>, Option<i64>) {
        (self.json["min"].as_i64(), self.json["max"].as_i64())
    }

    /// Whether a string is one of those that may stand here.
    pub(super) fn admits(self, text: &str) -> bool {
        let names = self.json["enum"].as_array();
        names.is_none_or(|names| names.iter().any(|name| name == text))
    }
}

/// A member of a structure or of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'m> {
    pub(super) name: &'m str,
    json: &'m Value,
    pub(super) shape: Shape<'m>,
}

impl<'m> Member<'m> {
    /// As it is called where it is sent, if that is another name.
    pub(super) fn location_name(self) -> Option<&'m str> {
        self.json["locationName"].as_str()
    }

    /// `uri`, `querystring`, `header`; nothing means the body.
    pub(super) fn location(self) -> Option<&'m str> {
        self.json["location"].as_str()
    }

    /// Its name in a JSON or XML body, in a header, a path or a query.
    pub(super) fn wire(self) -> &'m str {
        self.location_name().unwrap_or(self.name)
    }

    /// Its name in a form of EC2: that of the model, with a capital letter.
    pub(super) fn ec2(self) -> String {
        if let Some(name) = self.json["queryName"].as_str() {
            return name.to_owned();
        }
        let name = self.wire();
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_read_as_they_are_written() {
        for service in Service::ALL {
            assert!(service.model().operations().count() > 0, "{service:?}");
        }
        let model = Service::Ec2.model();
        let register = model.operation("RegisterImage").unwrap();
        let input = register.input().unwrap();
        let required: Vec<_> = input.required().collect();
        assert_eq!(required, ["Name"]);
        let mappings = input.member("BlockDeviceMappings").unwrap();
        assert_eq!(mappings.ec2(), "BlockDeviceMapping");
        assert_eq!(mappings.shape.kind(), "list");
        let name = input.member("Name").unwrap();
        assert_eq!(name.ec2(), "Name");
        assert_eq!(name.shape.bounds(), (Some(3), Some(128)));
        assert!(model.operation("RegisterImages").is_none());

        let start = Service::Ebs.model().operation("StartSnapshot").unwrap();
        assert_eq!(
            (start.method(), start.uri(), start.status()),
            ("POST", "/snapshots", 201)
        );
        assert_eq!(
            Service::Ebs.model().error_status("ConflictException"),
            Some(409)
        );
    }
}
