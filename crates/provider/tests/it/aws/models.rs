//! The table of operations against the service models of AWS.

use goldsmith_provider::aws::api::{Member, OPERATIONS, Operation, Place, Service};
use goldsmith_testing::emulators::service_model;
use serde_json::Value;

#[test]
fn operations_are_as_the_models_say() {
    for (service, version) in [(Service::S3, "2006-03-01"), (Service::Ssm, "2014-11-06")] {
        let model = service_model(service.name(), version);
        let model: Value = serde_json::from_str(&model).unwrap();
        let own = OPERATIONS
            .iter()
            .filter(|operation| operation.service == service);
        let mut count = 0;
        for operation in own {
            check(&model, operation);
            count += 1;
        }
        assert!(count > 0);
    }
}

fn check(model: &Value, operation: &Operation) {
    let name = operation.name;
    let known = &model["operations"][name];
    assert_eq!(known["http"]["method"], operation.method, "{name}");
    assert_eq!(known["http"]["requestUri"], operation.uri, "{name}");
    let shape = |end: &str| {
        let shape = known[end]["shape"].as_str().unwrap_or_default();
        &model["shapes"][shape]
    };
    let input = shape("input");
    for member in operation.inputs {
        check_member(name, input, member);
    }
    for required in input["required"].as_array().into_iter().flatten() {
        let is_given = operation.inputs.iter().any(|input| input.name == required);
        assert!(is_given, "{name} needs {required}");
    }
    for member in operation.outputs {
        check_member(name, shape("output"), member);
    }
}

fn check_member(operation: &str, shape: &Value, member: &Member) {
    let name = member.name;
    let known = &shape["members"][name];
    assert!(known.is_object(), "{operation} has no {name}");
    let location = known["location"].as_str();
    let wire = known["locationName"].as_str();
    let place = format!("{operation} {name}");
    match member.place {
        Place::Path => assert_eq!(location, Some("uri"), "{place}"),
        Place::Query(query) => {
            assert_eq!(
                (location, wire),
                (Some("querystring"), Some(query)),
                "{place}"
            );
        }
        Place::Header(header) => {
            assert_eq!(location, Some("header"), "{place}");
            assert!(
                wire.unwrap().eq_ignore_ascii_case(header),
                "{place}: {wire:?}"
            );
        }
        Place::Body => assert_eq!(location, None, "{place}"),
        Place::Whole => assert_eq!(shape["payload"], name, "{place}"),
    }
}
