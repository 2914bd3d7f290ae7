//! Where keys, region and endpoint come from.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Failure as _;
use goldsmith_core::remote::{ParameterStore as _, RemoteError};
use goldsmith_core::secret::Secret;
use goldsmith_provider::aws::{Aws, Credentials, CredentialsError, Keys};
use goldsmith_testing::front::{Act, Front};

use super::{NOW, cx, settings};

/// A service that answers any call.
fn service() -> Front {
    let front = Front::of(None);
    front.on(
        "POST /",
        99,
        Act::answer(200, r#"{"Parameter":{"Type":"String","Value":"v"}}"#),
    );
    front
}

/// Calls with these variables and the service as the endpoint: who signed and for where
/// (`AKID/region`), and the session token.
fn signed(
    front: &Front,
    variables: &[(&str, &str)],
) -> Result<(String, Option<String>), RemoteError> {
    let (cx, _) = cx();
    let url = front.url();
    let mut all = vec![
        ("AWS_ENDPOINT_URL_SSM", url.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    all.extend_from_slice(variables);
    Aws::new(settings(&all)).parameter(&cx, "/a")?;
    Ok(signer(front))
}

fn signer(front: &Front) -> (String, Option<String>) {
    let seen = front.seen().pop().unwrap();
    let authorization = &seen.headers["authorization"];
    let scope = authorization.split("Credential=").nth(1).unwrap();
    let mut parts = scope.split('/');
    let (id, region) = (parts.next().unwrap(), parts.nth(1).unwrap());
    let token = seen.headers.get("x-amz-security-token").cloned();
    (format!("{id}/{region}"), token)
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn in_turn() {
    let (front, dir) = (service(), tempfile::tempdir().unwrap());
    let credentials = write(
        dir.path(),
        "credentials",
        "[default]\naws_access_key_id=FILE\naws_secret_access_key=hunter22\n[dev]\naws_access_key_id=DEV\naws_secret_access_key=hunter22\naws_session_token=hunter23\n",
    );
    let config = write(dir.path(), "config", "[profile dev]\nregion=eu-north-1\n");
    let files = [
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str()),
        ("AWS_CONFIG_FILE", config.as_str()),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let mut all: Vec<(&str, &str)> = files.to_vec();
        all.extend_from_slice(more);
        signed(&front, &all).unwrap()
    };
    let keys = [
        ("AWS_ACCESS_KEY_ID", "ENV"),
        ("AWS_SECRET_ACCESS_KEY", "hunter22"),
    ];
    assert_eq!(with(&keys), ("ENV/us-east-1".to_owned(), None));
    assert_eq!(with(&[]), ("FILE/us-east-1".to_owned(), None));
    let token = Some("hunter23".to_owned());
    assert_eq!(
        with(&[("AWS_PROFILE", "dev")]),
        ("DEV/eu-north-1".to_owned(), token.clone())
    );
    let elsewhere = [("AWS_PROFILE", "dev"), ("AWS_REGION", "sa-east-1")];
    assert_eq!(with(&elsewhere), ("DEV/sa-east-1".to_owned(), token));
}

/// The role of an instance, as long as its keys are good.
#[test]
fn of_an_instance_and_renewed() {
    let (front, instance, (cx, clock)) = (service(), Front::of(None), cx());
    instance.on("PUT /latest/api/token", 1, Act::answer(200, "token1"));
    let roles = "GET /latest/meta-data/iam/security-credentials/";
    let role = format!("{roles}web");
    for (id, end) in [("ONE", "20:10:00"), ("TWO", "21:10:00")] {
        let keys = format!(
            r#"{{"AccessKeyId":"{id}","SecretAccessKey":"hunter22","Token":"hunter23","Expiration":"2026-11-23T{end}Z"}}"#
        );
        instance.on(&role, 1, Act::answer(200, &keys));
    }
    instance.on(roles, 9, Act::answer(200, "web"));
    instance.on(
        "GET /latest/meta-data/placement/region",
        9,
        Act::answer(200, "eu-west-1"),
    );
    let url = front.url();
    let of_instance = settings(&[
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &instance.url()),
    ]);
    let aws = Aws::new(of_instance.clone());
    let ask = || {
        aws.parameter(&cx, "/a").unwrap();
        signer(&front).0
    };
    assert_eq!(ask(), "ONE/us-east-1");
    goldsmith_core::cx::Clock::sleep(&*clock, std::time::Duration::from_secs(299));
    assert_eq!(ask(), "ONE/us-east-1");
    goldsmith_core::cx::Clock::sleep(&*clock, std::time::Duration::from_secs(1));
    assert_eq!(ask(), "TWO/us-east-1");
    assert!(
        cx.redactor
            .redact("hunter22 hunter23")
            .starts_with("(secret) (secret)")
    );
}

/// Without an endpoint of its own a service is where the instance is: nothing is sent when
/// nobody says where that is.
#[test]
fn no_region() {
    let (cx, _) = cx();
    let keys = [
        ("AWS_ACCESS_KEY_ID", "A"),
        ("AWS_SECRET_ACCESS_KEY", "hunter22"),
    ];
    for (more, text) in [
        (("AWS_EC2_METADATA_DISABLED", "true"), "set AWS_REGION"),
        (("AWS_REGION", "evil.test/"), "`evil.test/` is no region"),
        (
            ("AWS_ENDPOINT_URL", "me:hunter22@h"),
            "the endpoint of SSM is no `http`",
        ),
    ] {
        let mut all = keys.to_vec();
        all.push(more);
        let error = Aws::new(settings(&all)).parameter(&cx, "/a").unwrap_err();
        assert!(
            matches!(error, RemoteError::NotConfigured { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains("hunter22"), "{error}");
    }
}

#[test]
fn of_a_container() {
    let (front, container, dir) = (service(), Front::of(None), tempfile::tempdir().unwrap());
    let keys = r#"{"AccessKeyId":"BOX","SecretAccessKey":"hunter22","Token":"hunter23"}"#;
    container.on("GET /creds", 2, Act::answer(200, keys));
    let url = format!("{}/creds", container.url());
    let token = write(dir.path(), "token", "hunter24\n");
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str());
    for (authorization, sent) in [
        (
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hunter25"),
            "hunter25",
        ),
        (
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.as_str()),
            "hunter24",
        ),
    ] {
        let (who, session) = signed(&front, &[full, authorization]).unwrap();
        assert_eq!(
            (who.as_str(), session.as_deref()),
            ("BOX/us-east-1", Some("hunter23"))
        );
        assert_eq!(
            container.seen().pop().unwrap().headers["authorization"],
            sent
        );
    }
    for (url, text) in [
        (url.as_str(), "answered 404"),
        ("http://10.0.0.1/creds", "must be `https`"),
    ] {
        let error = signed(&front, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)]).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn none_and_half() {
    let (front, dir) = (service(), tempfile::tempdir().unwrap());
    let file = |text: &str| write(dir.path(), "credentials", text);
    let error = signed(&front, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SSM GetParameter of the parameter `/a` needs credentials: there are no variables with keys, no keys in the profile `default`, no container's, and the instance metadata must not be asked (AWS_EC2_METADATA_DISABLED)"
    );
    assert!(error.hints()[0].contains("AWS_ACCESS_KEY_ID"));
    for (variables, text) in [
        (
            vec![("AWS_ACCESS_KEY_ID", "A")],
            "one is there, the other is not",
        ),
        (vec![("AWS_PROFILE", "nope")], "have no profile `nope`"),
        (
            vec![(
                "AWS_SHARED_CREDENTIALS_FILE",
                file("[default]\nrole_arn=x\n").as_str(),
            )],
            "gets its keys by `role_arn`, which is not supported",
        ),
    ] {
        let error = signed(&front, &variables).unwrap_err();
        assert!(
            matches!(error, RemoteError::NoCredentials { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(text), "{error}");
    }
    let half = file("[default]\naws_access_key_id=x\n");
    let error = signed(&front, &[("AWS_SHARED_CREDENTIALS_FILE", &half)]).unwrap_err();
    assert!(error.to_string().contains("has only one of"), "{error}");
    assert!(front.seen().is_empty());
}

/// Endpoints of a profile, and what stands above them.
#[test]
fn endpoints() {
    let (front, other, dir) = (service(), service(), tempfile::tempdir().unwrap());
    let config = write(
        dir.path(),
        "config",
        &format!(
            "[default]\nendpoint_url = {}\nservices = local\n[services local]\nssm =\n  endpoint_url = {}\n",
            other.url(),
            front.url()
        ),
    );
    let (cx, _) = cx();
    let ask = |more: &[(&str, &str)]| {
        let mut all = vec![
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_CONFIG_FILE", config.as_str()),
        ];
        all.extend_from_slice(more);
        Aws::new(settings(&all)).parameter(&cx, "/a").unwrap();
        (front.seen().len(), other.seen().len())
    };
    assert_eq!(ask(&[]), (1, 0));
    assert_eq!(ask(&[("AWS_ENDPOINT_URL", &other.url())]), (1, 1));
    let own = [
        ("AWS_ENDPOINT_URL", other.url()),
        ("AWS_ENDPOINT_URL_SSM", front.url()),
    ];
    let own: Vec<(&str, &str)> = own
        .iter()
        .map(|(name, url)| (*name, url.as_str()))
        .collect();
    assert_eq!(ask(&own), (2, 1));
}

/// Whoever knows another way.
#[test]
fn of_a_port() {
    #[derive(Default)]
    struct Elsewhere(AtomicU32);
    impl Credentials for Elsewhere {
        fn keys(&self, _: &Cx) -> Result<Keys, CredentialsError> {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Keys {
                access_key_id: format!("PORT{count}"),
                secret_access_key: Secret::new("hunter22".to_owned()),
                session_token: None,
                expires: Some(NOW + 301),
            })
        }
    }
    let front = Front::of(None);
    let old = r#"{"__type":"ExpiredTokenException","message":"old"}"#;
    front.on("POST /", 1, Act::answer(400, old));
    front.on(
        "POST /",
        9,
        Act::answer(200, r#"{"Parameter":{"Type":"String","Value":"v"}}"#),
    );
    let (cx, _) = cx();
    let settings = settings(&[("AWS_ENDPOINT_URL", &front.url())]);
    let aws = Aws::with_credentials(settings, Arc::new(Elsewhere::default()));
    aws.parameter(&cx, "/a").unwrap();
    assert_eq!(signer(&front).0, "PORT1/us-east-1");
    aws.parameter(&cx, "/a").unwrap();
    assert_eq!(signer(&front).0, "PORT1/us-east-1", "good for a while");
}
