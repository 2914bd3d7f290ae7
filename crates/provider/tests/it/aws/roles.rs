//! One client in several regions, as itself and as roles.

use goldsmith_core::remote::ParameterStore as _;
use goldsmith_provider::aws::Aws;
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::moto::Moto;

use super::{cx, settings};

const ROLE: &str = "arn:aws:iam::210987654321:role/golden";

struct Accounts {
    moto: Moto,
    front: Front,
    aws: Aws,
}

impl Accounts {
    fn new() -> Self {
        let moto = Moto::start(&[]);
        let front = Front::of(Some(moto.port()));
        let aws = Aws::new(settings(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &front.url()),
        ]));
        Self { moto, front, aws }
    }

    fn calls(&self, action: &str) -> usize {
        let action = format!("Action={action}&");
        let seen = self.front.seen();
        let has_it = |seen: &&goldsmith_testing::front::Seen| {
            String::from_utf8_lossy(&seen.body).contains(&action)
        };
        seen.iter().filter(has_it).count()
    }
}

/// What is put under a role is in its account, and its keys are asked for once.
#[test]
fn a_role_is_another_account() {
    let cloud = Accounts::new();
    let (cx, clock) = cx();
    cloud.moto.boto(
        "sts = client('sts')\n\
         k = sts.assume_role(RoleArn='arn:aws:iam::210987654321:role/golden', RoleSessionName='other')['Credentials']\n\
         there = boto3.client('ssm', endpoint_url=os.environ['ENDPOINT'], region_name='eu-north-1', aws_access_key_id=k['AccessKeyId'], aws_secret_access_key=k['SecretAccessKey'], aws_session_token=k['SessionToken'])\n\
         there.put_parameter(Name='/a', Value='there', Type='String')\n\
         client('ssm', 'eu-north-1').put_parameter(Name='/a', Value='here', Type='String')",
    );
    let read = |aws: &Aws| format!("{:?}", aws.parameter(&cx, "/a"));
    let here = cloud.aws.at("eu-north-1", None);
    let there = cloud.aws.at("eu-north-1", Some(ROLE));
    assert!(read(&here).contains("here"), "{}", read(&here));
    assert!(read(&there).contains("there"), "{}", read(&there));
    assert!(read(&cloud.aws).contains("NotFound"), "another region");
    // Another region, the same keys.
    read(&cloud.aws.at("us-west-2", Some(ROLE)));
    assert_eq!(cloud.calls("AssumeRole"), 1);
    // They end after an hour.
    goldsmith_core::cx::Clock::sleep(&*clock, std::time::Duration::from_hours(24 * 365));
    assert!(read(&there).contains("there"));
    assert_eq!(cloud.calls("AssumeRole"), 2);
}

/// Keys that a service calls old are asked for again, those of the role only.
#[test]
fn old_keys_of_a_role() {
    let cloud = Accounts::new();
    let (cx, _) = cx();
    let there = cloud.aws.at("eu-north-1", Some(ROLE));
    drop(there.parameter(&cx, "/a"));
    let old = r#"{"__type":"ExpiredTokenException","message":"old"}"#;
    cloud.front.on("POST /", 1, Act::answer(400, old));
    let error = there.parameter(&cx, "/a").unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    assert_eq!(cloud.calls("AssumeRole"), 2);
}

/// A role that cannot be had is a failure that names it.
#[test]
fn no_role() {
    let cloud = Accounts::new();
    let (cx, _) = cx();
    let no = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>";
    cloud.front.on("POST /", 1, Act::answer(403, no));
    let error = cloud.aws.at("eu-north-1", Some(ROLE)).parameter(&cx, "/a");
    let error = error.unwrap_err().to_string();
    let expected =
        format!("STS AssumeRole of the role `{ROLE}`: access denied: AccessDenied: not you");
    assert!(error.contains(&expected), "{error}");
    assert!(!format!("{:?}", cloud.aws).contains("hunter22"));
}
