//! What is generated for AWS against the service models that AWS publishes, and Terraform's
//! language against a parser of it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_plan::audit::generate::{
    Approved, ApprovedImage, Form, GenerateError, Kind, generate,
};
use goldsmith_testing::emulators;
use serde_json::Value;

fn approved(images: usize) -> Approved {
    let image = |n: usize| ApprovedImage {
        region: "eu-north-1".to_owned(),
        id: format!("ami-{n:017x}"),
        name: format!("web-debian-12-1.0.{n}-20261129"),
    };
    Approved {
        owner: "111122223333".to_owned(),
        images: (0..images).map(image).collect(),
        max_age_days: Some(90),
        tag: None,
    }
}

fn json(kind: Kind, approved: &Approved) -> Value {
    let text = generate(kind, Form::Json, approved, None).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Has botocore check a request before it would send it.
fn check_request(service: &str, operation: &str, request: &Value) {
    let script = "import botocore.session, botocore.validate, json, sys\n\
        service, operation = sys.argv[1:]\n\
        model = botocore.session.get_session().get_service_model(service).operation_model(operation)\n\
        report = botocore.validate.ParamValidator().validate(json.load(sys.stdin), model.input_shape)\n\
        sys.exit(report.generate_report() or None)\n";
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let mut python = Command::new(emulators::program("python3"))
        .args(["-c", script, service, operation])
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = request.to_string();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = python.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{operation}: {said}\n{text}");
}

#[test]
fn allowed_amis_are_a_request_of_ec2() {
    let request = json(Kind::AllowedAmis, &approved(120));
    check_request(
        "ec2",
        "ReplaceImageCriteriaInAllowedImagesSettings",
        &request,
    );
    let criteria = request["ImageCriteria"].as_array().unwrap();
    let names = |criterion: &Value| criterion["ImageNames"].as_array().unwrap().len();
    assert_eq!(criteria.iter().map(names).collect::<Vec<_>>(), [50, 50, 20]);
    for criterion in criteria {
        assert_eq!(criterion["ImageProviders"][0], "111122223333");
        assert_eq!(
            criterion["CreationDateCondition"]["MaximumDaysSinceCreated"],
            90
        );
    }
}

#[test]
fn a_config_rule_is_a_request_of_config() {
    let request = json(Kind::ConfigRule, &approved(21));
    check_request("config", "PutConfigRule", &request);
    let parameters = request["ConfigRule"]["InputParameters"].as_str().unwrap();
    let parameters: Value = serde_json::from_str(parameters).unwrap();
    assert_eq!(
        parameters["amiIds"].as_str().unwrap().split(',').count(),
        21
    );
    let mut many = approved(22);
    let error = generate(Kind::ConfigRule, Form::Json, &many, None).unwrap_err();
    let text = "`config-rule` takes 21 ids, and there are 22";
    assert_eq!(
        (error.to_string().as_str(), error.class()),
        (text, Class::Policy)
    );
    assert_eq!(
        error.hints(),
        ["`--tag KEY=VALUE` has it look at a tag instead"]
    );
    many.tag = Some(("golden".to_owned(), "yes".to_owned()));
    let request = json(Kind::ConfigRule, &many);
    check_request("config", "PutConfigRule", &request);
    assert_eq!(
        request["ConfigRule"]["Source"]["SourceIdentifier"],
        "APPROVED_AMIS_BY_TAG"
    );
}

#[test]
fn policies_are_requests_of_their_services() {
    for (kind, service, operation, key, member) in [
        (
            Kind::Scp,
            "organizations",
            "CreatePolicy",
            "ec2:Owner",
            "Content",
        ),
        (
            Kind::Iam,
            "iam",
            "CreatePolicy",
            "ec2:ImageID",
            "PolicyDocument",
        ),
    ] {
        let policy = json(kind, &approved(3));
        let statement = &policy["Statement"][0];
        assert_eq!(statement["Effect"], "Deny");
        assert_eq!(statement["Resource"], "arn:aws:ec2:*::image/*");
        assert!(statement["Condition"]["StringNotEquals"][key].is_array());
        let name = if kind == Kind::Scp {
            "Name"
        } else {
            "PolicyName"
        };
        let mut request = serde_json::json!({ name: "golden-images" });
        request[member] = policy.to_string().into();
        if kind == Kind::Scp {
            request["Description"] = "x".into();
            request["Type"] = "SERVICE_CONTROL_POLICY".into();
        }
        check_request(service, operation, &request);
    }
    let error = generate(Kind::Iam, Form::Json, &approved(300), None).unwrap_err();
    assert!(matches!(
        error,
        GenerateError::TooMany {
            what: "characters",
            ..
        }
    ));
}

/// The expressions of a body by their names, with those of its blocks.
fn attributes(body: &hcl_edit::structure::Body, out: &mut Vec<(String, String)>) {
    for structure in body {
        if let Some(attribute) = structure.as_attribute() {
            let value = attribute.value.to_string();
            out.push((attribute.key.to_string(), value.trim().to_owned()));
        } else if let Some(block) = structure.as_block() {
            attributes(&block.body, out);
        }
    }
}

#[test]
fn terraform_parses() {
    for kind in Kind::ALL {
        let text = generate(kind, Form::Terraform, &approved(3), None).unwrap();
        let body: hcl_edit::structure::Body = text.parse().unwrap_or_else(|error| {
            panic!("{}: {error}\n{text}", kind.word());
        });
        let block = body.into_blocks().next().unwrap();
        let kind_of_resource = match kind {
            Kind::AllowedAmis => "aws_ec2_allowed_images_settings",
            Kind::ConfigRule => "aws_config_config_rule",
            Kind::Scp => "aws_organizations_policy",
            Kind::Iam => "aws_iam_policy",
        };
        assert_eq!(block.labels[0].as_str(), kind_of_resource);
        let mut found = Vec::new();
        attributes(&block.body, &mut found);
        let all = format!("{found:?}");
        let owner_or_ids = ["111122223333", "ami-00000000000000000"];
        assert!(owner_or_ids.iter().any(|it| all.contains(it)), "{text}");
        assert!(text.ends_with("}\n") && !text.contains('\t'), "{text}");
    }
}

#[test]
fn what_cannot_be_made() {
    let nothing = Approved::default();
    for kind in Kind::ALL {
        let error = generate(kind, Form::Json, &nothing, None).unwrap_err();
        assert_eq!(error, GenerateError::Nothing);
    }
    let mut two = approved(2);
    two.images[1].region = "eu-west-1".to_owned();
    let error = generate(Kind::ConfigRule, Form::Json, &two, None).unwrap_err();
    let text = "`config-rule` is set in one region, and the images are in eu-north-1, eu-west-1";
    assert_eq!(error.to_string(), text);
    assert!(generate(Kind::ConfigRule, Form::Json, &two, Some("eu-west-1")).is_ok());
    let error = generate(Kind::AllowedAmis, Form::Json, &approved(501), None).unwrap_err();
    let text = "`allowed-amis` takes 500 names, and there are 501";
    assert_eq!(error.to_string(), text);
}
