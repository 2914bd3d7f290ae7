//! The table of operations against the service models of AWS.

use std::collections::BTreeSet;

use goldsmith_provider::aws::api::{Member, Operation, Place, Service, operations};
use goldsmith_testing::emulators::service_model;
use serde_json::Value;

#[test]
fn operations_are_as_the_models_say() {
    for service in Service::ALL {
        let text = service_model(service.name(), service.version());
        let json: Value = serde_json::from_str(&text).unwrap();
        let model = Model {
            protocol: json["metadata"]["protocol"].as_str().unwrap(),
            shapes: &json["shapes"],
        };
        if let Some(target) = service.target() {
            assert_eq!(json["metadata"]["targetPrefix"], target);
        }
        let own = operations().filter(|operation| operation.service == service);
        let mut count = 0;
        for operation in own {
            model.check(&json["operations"][operation.name], operation);
            count += 1;
        }
        assert!(count > 0);
    }
}

struct Model<'a> {
    protocol: &'a str,
    shapes: &'a Value,
}

/// A member on the way to the one that a name leads to.
struct Step<'a> {
    name: &'a str,
    reference: &'a Value,
    /// Of the entries, when it is a list.
    entry: Option<&'a Value>,
    /// The structure that it is a member of.
    above: &'a Value,
}

impl<'a> Model<'a> {
    fn shape(&self, reference: &Value) -> &'a Value {
        &self.shapes[reference["shape"].as_str().unwrap_or_default()]
    }

    /// The members that a name leads through.
    fn steps<'b>(&self, top: &'b Value, member: &'b Member, title: &str) -> Vec<Step<'b>>
    where
        'a: 'b,
    {
        let mut shape = top;
        let mut steps = Vec::new();
        for name in member.name.split('.') {
            let reference = &shape["members"][name];
            assert!(reference.is_object(), "{title}: there is no {name}");
            let above = shape;
            shape = self.shape(reference);
            let mut entry = None;
            if shape["type"] == "list" {
                entry = Some(&shape["member"]);
                shape = self.shape(&shape["member"]);
            }
            steps.push(Step {
                name,
                reference,
                entry,
                above,
            });
        }
        steps
    }

    fn check(&self, known: &'a Value, operation: &Operation) {
        let name = operation.name;
        assert_eq!(known["http"]["method"], operation.method, "{name}");
        assert_eq!(known["http"]["requestUri"], operation.uri, "{name}");
        let input = self.shape(&known["input"]);
        for member in operation.inputs {
            let title = format!("{name} {}", member.name);
            let steps = self.steps(input, member, &title);
            self.check_place(member.place, &steps, input, &title);
            for (depth, step) in steps.iter().enumerate() {
                let start = member.name.split('.').take(depth).collect::<Vec<_>>();
                self.check_required(step.above, &start, operation);
            }
            let is_unsigned = known["authtype"] == "v4-unsigned-body";
            match member.place {
                Place::WholeUnsigned => assert!(is_unsigned, "{title}"),
                Place::Whole => assert!(!is_unsigned, "{title}"),
                _ => {}
            }
        }
        self.check_required(input, &[], operation);
        let output = self.shape(&known["output"]);
        let wrapper = known["output"]["resultWrapper"].as_str();
        for member in operation.outputs {
            let title = format!("{name} {}", member.name);
            let steps = self.steps(output, member, &title);
            match member.place {
                Place::Xml(path) => {
                    let own = self.xml(&steps);
                    let own = wrapper.map_or(own.clone(), |wrapper| format!("{wrapper}/{own}"));
                    assert_eq!(path, own, "{title}");
                }
                place => self.check_place(place, &steps, output, &title),
            }
        }
    }

    /// Whatever a structure needs that we give a part of is given.
    fn check_required(&self, structure: &Value, start: &[&str], operation: &Operation) {
        for required in structure["required"].as_array().into_iter().flatten() {
            let mut path = start.to_vec();
            path.push(required.as_str().unwrap());
            let path = path.join(".");
            let is_it = |input: &&Member| {
                let rest = input.name.strip_prefix(path.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let is_given = operation.inputs.iter().any(|input| is_it(&input));
            assert!(is_given, "{} needs {path}", operation.name);
        }
    }

    fn check_place(&self, place: Place, steps: &[Step<'_>], shape: &Value, title: &str) {
        let last = steps.last().unwrap();
        let location = last.reference["location"].as_str();
        let wire = last.reference["locationName"].as_str();
        match place {
            Place::Path(path) => {
                assert_eq!((location, wire), (Some("uri"), Some(path)), "{title}");
            }
            Place::Query(query) => {
                let expected = (Some("querystring"), Some(query));
                assert_eq!((location, wire), expected, "{title}");
            }
            Place::Header(header) => {
                assert_eq!(location, Some("header"), "{title}");
                let is_same = wire.unwrap().eq_ignore_ascii_case(header);
                assert!(is_same, "{title}: {wire:?}");
            }
            Place::Body => {
                assert_eq!(location, None, "{title}");
                // In JSON things are called as in the model; S3's XML is read by hand.
                assert!(wire.is_none() || self.protocol == "rest-xml", "{title}");
            }
            Place::Whole | Place::WholeUnsigned => {
                assert_eq!(shape["payload"], last.name, "{title}");
            }
            Place::Form(field) => assert_eq!(field, self.form(steps), "{title}"),
            Place::Xml(_) => panic!("{title}: no place for an input"),
        }
    }

    /// The field of a form, by the rules of the protocol.
    fn form(&self, steps: &[Step<'_>]) -> String {
        let parts = steps.iter().map(|step| {
            let own = match self.protocol {
                "ec2" => {
                    let given = step.reference["queryName"].as_str().map(str::to_owned);
                    let location = step.reference["locationName"].as_str().map(capital);
                    given.or(location)
                }
                "query" => step.reference["locationName"].as_str().map(str::to_owned),
                other => panic!("{other} has no forms"),
            };
            let own = own.unwrap_or_else(|| step.name.to_owned());
            match (step.entry, self.protocol) {
                (None, _) => own,
                (Some(_), "ec2") => format!("{own}.N"),
                (Some(_), _) => format!("{own}.member.N"),
            }
        });
        parts.collect::<Vec<_>>().join(".")
    }

    /// The path of an element, by the rules of the protocol.
    fn xml(&self, steps: &[Step<'_>]) -> String {
        assert!(["ec2", "query"].contains(&self.protocol));
        let parts = steps.iter().map(|step| {
            let own = step.reference["locationName"].as_str();
            let own = own.unwrap_or(step.name);
            match step.entry {
                None => own.to_owned(),
                Some(entry) => {
                    let entry = entry["locationName"].as_str().unwrap_or("member");
                    format!("{own}/{entry}")
                }
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

/// The policies in the documentation allow what is called, and nothing else but what keys and the
/// profiles of instances need.
#[test]
fn the_policy_allows_what_is_called() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/aws.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut allowed: BTreeSet<String> = BTreeSet::new();
    for policy in page.split("```json\n").skip(1) {
        let policy = policy.split("```").next().unwrap();
        let policy: Value = serde_json::from_str(policy).unwrap();
        let actions = policy["Statement"][0]["Action"].as_array().unwrap();
        allowed.extend(
            actions
                .iter()
                .map(|action| action.as_str().unwrap().to_owned()),
        );
    }
    let own = operations().filter(|operation| operation.service != Service::S3);
    let mut called: BTreeSet<String> = own
        .map(|operation| format!("{}:{}", operation.service.name(), operation.name))
        .collect();
    for of_keys in [
        "CreateGrant",
        "Decrypt",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    ] {
        called.insert(format!("kms:{of_keys}"));
    }
    called.insert("iam:PassRole".to_owned());
    assert_eq!(allowed, called);
}
