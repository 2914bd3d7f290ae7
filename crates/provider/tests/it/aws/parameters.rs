//! Named parameters and secrets.

use goldsmith_core::remote::{ParameterStore as _, ParameterValue, RemoteError};
use goldsmith_core::secret::Secret;
use goldsmith_testing::front::Act;

use super::Cloud;

impl Cloud {
    fn parameter(&self, name: &str) -> Result<ParameterValue, RemoteError> {
        self.aws.parameter(&self.cx, name)
    }
}

#[test]
fn every_type() {
    let cloud = Cloud::new();
    cloud.moto.boto(
        "put = lambda name, type, value: ssm.put_parameter(Name=name, Type=type, Value=value, Overwrite=True)\n\
         put('/app/name', 'String', 'old')\nput('/app/name', 'String', 'web, ü')\nput('/app/list', 'StringList', 'a,b c')\n\
         put('/app/key', 'SecureString', 'hunter23')\nsecretsmanager.create_secret(Name='db', SecretString='hunter24')",
    );
    for (name, expected) in [
        ("/app/name", "Text(\"web, ü\")"),
        ("/app/name:1", "Text(\"old\")"),
        ("/app/list", "List([\"a\", \"b c\"])"),
        ("/app/key", "Secret((secret))"),
        ("/aws/reference/secretsmanager/db", "Secret((secret))"),
    ] {
        let value = cloud.parameter(name).unwrap();
        assert_eq!(format!("{value:?}"), expected, "{name}");
    }
    for (name, text) in [
        ("/app/key", "hunter23"),
        ("/aws/reference/secretsmanager/db", "hunter24"),
    ] {
        let ParameterValue::Secret(secret) = cloud.parameter(name).unwrap() else {
            panic!("{name} is secret");
        };
        assert_eq!(secret, Secret::new(text.to_owned()));
    }
    let seen = cloud.front.seen().remove(0);
    assert_eq!(seen.headers["x-amz-target"], "AmazonSSM.GetParameter");
    assert_eq!(seen.headers["content-type"], "application/x-amz-json-1.1");
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"Name": "/app/name", "WithDecryption": true})
    );
}

#[test]
fn failures() {
    let cloud = Cloud::new();
    cloud
        .moto
        .boto("ssm.put_parameter(Name='/a', Type='String', Value='v')");
    assert_eq!(
        cloud.parameter("/none").unwrap_err().to_string(),
        "the parameter `/none` does not exist"
    );
    let json = |code: &str| format!("{{\"__type\":\"{code}\",\"message\":\"Rate exceeded\"}}");
    cloud
        .front
        .on("POST /", 3, Act::answer(400, &json("ThrottlingException")));
    assert!(cloud.parameter("/a").is_ok());
    for (status, code, text) in [
        (
            400,
            "AccessDeniedException",
            "SSM GetParameter of the parameter `/a`: access denied: AccessDeniedException: Rate exceeded (status 400)",
        ),
        (
            400,
            "ValidationException",
            "SSM GetParameter of the parameter `/a` failed: ValidationException: Rate exceeded (status 400)",
        ),
    ] {
        cloud
            .front
            .on("POST /", 1, Act::answer(status, &json(code)));
        assert_eq!(cloud.parameter("/a").unwrap_err().to_string(), text);
    }
    // One answer that makes no sense may pass.
    cloud.front.on("POST /", 1, Act::answer(200, "{}"));
    assert!(cloud.parameter("/a").is_ok());
    cloud.front.on("POST /", 5, Act::answer(200, "{}"));
    let error = cloud.parameter("/a").unwrap_err().to_string();
    assert!(error.contains("makes no sense (5 tries)"), "{error}");
    // Keys that have become too old are asked for once more.
    cloud.front.on(
        "POST /",
        1,
        Act::answer(400, &json("ExpiredTokenException")),
    );
    assert!(cloud.parameter("/a").is_ok());
    cloud.front.on(
        "POST /",
        2,
        Act::answer(400, &json("ExpiredTokenException")),
    );
    let error = cloud.parameter("/a").unwrap_err();
    assert!(matches!(error, RemoteError::Denied { .. }), "{error}");
}
