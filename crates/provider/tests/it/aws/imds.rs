//! What an instance knows of itself.

use goldsmith_core::remote::{InstanceMetadata as _, RemoteError};
use goldsmith_provider::aws::Aws;
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::moto::Moto;

use super::{cx, settings};

fn aws(front: &Front) -> Aws {
    let url = format!("{}/", front.url());
    Aws::new(settings(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)]))
}

#[test]
fn of_an_instance() {
    let moto = Moto::start(&[]);
    let front = Front::of(Some(moto.port()));
    let (aws, (cx, _)) = (aws(&front), cx());
    for (path, value) in [
        ("instance-id", "i-fake"),
        ("placement/region", "us-east-1"),
        ("/placement/availability-zone", "us-east-1a"),
    ] {
        assert_eq!(aws.metadata(&cx, path).unwrap(), value);
    }
    assert_eq!(
        front.lines(),
        [
            "PUT /latest/api/token",
            "GET /latest/meta-data/instance-id",
            "GET /latest/meta-data/placement/region",
            "GET /latest/meta-data/placement/availability-zone",
        ]
    );
    let seen = front.seen();
    assert_eq!(
        seen[0].headers["x-aws-ec2-metadata-token-ttl-seconds"],
        "21600"
    );
    assert_eq!(
        seen[1].headers["x-aws-ec2-metadata-token"],
        "fake-imdsv2-token"
    );
    let role = aws
        .metadata(&cx, "iam/security-credentials/default-role")
        .unwrap();
    assert!(role.contains("test-secret-key"));
    let shown = cx.redactor.redact(&role);
    assert!(
        !shown.contains("test-secret-key") && !shown.contains("test-session-token"),
        "{shown}"
    );
}

#[test]
fn failures() {
    let front = Front::of(None);
    let ((cx, _), fresh) = (cx(), || aws(&front));
    let metadata =
        |aws: &Aws, path: &str| aws.metadata(&cx, path).map_err(|error| error.to_string());
    let token = || front.on("PUT /latest/api/token", 1, Act::answer(200, "token1"));
    token();
    let one = fresh();
    assert_eq!(
        metadata(&one, "x"),
        Err("the instance metadata `x` does not exist".to_owned())
    );
    // A token that is no longer good is renewed once; a fault that passes does not matter.
    front.on("GET /latest/meta-data/y", 1, Act::answer(401, ""));
    front.on("GET /latest/meta-data/y", 1, Act::answer(500, ""));
    front.on("GET /latest/meta-data/y", 1, Act::answer(200, "found"));
    token();
    assert_eq!(metadata(&one, "y"), Ok("found".to_owned()));
    front.on("GET /latest/meta-data/z", 2, Act::answer(401, ""));
    token();
    assert!(metadata(&one, "z").unwrap_err().contains("answered 401"));
    // Version 1, without a token, is not fallen back to.
    front.on("GET /latest/meta-data/x", 9, Act::answer(200, "v1"));
    let error = metadata(&fresh(), "x").unwrap_err();
    assert!(error.contains("gives no token, but 404"), "{error}");
    let before = front.seen().len();
    for path in ["", "/", "../user-data", "a/../../user-data", "x?y", "a b"] {
        assert!(
            metadata(&one, path)
                .unwrap_err()
                .ends_with("does not exist"),
            "{path}"
        );
    }
    assert_eq!(front.seen().len(), before);
    let nobody = Aws::new(settings(&[(
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "http://127.0.0.1:1",
    )]));
    let error = metadata(&nobody, "x").unwrap_err();
    assert!(error.contains("does not answer (cannot connect"), "{error}");
}

#[test]
fn not_to_be_asked() {
    let front = Front::of(None);
    let (cx, _) = cx();
    let aws = Aws::new(settings(&[
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &front.url()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]));
    let error = aws.metadata(&cx, "instance-id").unwrap_err();
    assert!(
        matches!(error, RemoteError::NotConfigured { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("AWS_EC2_METADATA_DISABLED"),
        "{error}"
    );
    assert!(front.seen().is_empty());
}
