//! Images to start from, against the strict fake.

use std::collections::BTreeMap;

use goldsmith_core::failure::Failure as _;
use goldsmith_core::recipe::WhichAmi;
use goldsmith_provider::aws::Aws;
use goldsmith_provider::aws::ami::{Ami, AmiError};
use goldsmith_testing::aws::{ACCOUNT, Fake, Options};

use super::{cx, settings};

/// Makes older and newer images, and parameters that name one of them.
const SCRIPT: &str = r"
import sys
ec2, ssm = client('ec2'), client('ssm')
disk = ec2.describe_images(Owners=['self'])['Images'][0]['BlockDeviceMappings'][0]['Ebs']['SnapshotId']
disk = [{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': disk}}]
for name in ['debian-12-1', 'debian-12-2', 'other-3']:
    id = ec2.register_image(Name=name, Architecture='x86_64', RootDeviceName='/dev/xvda', BlockDeviceMappings=disk)['ImageId']
    ssm.put_parameter(Name=f'/golden/{name}', Value=id, Type='String')
ssm.put_parameter(Name='/golden/json', Value='{\x22image_id\x22: \x22' + id + '\x22}', Type='String')
ssm.put_parameter(Name='/golden/text', Value='hello', Type='String')
";

#[test]
fn the_newest_that_fits() {
    let fake = Fake::start(Options::default());
    let base = fake.base_image();
    fake.boto(SCRIPT);
    fake.advance(60);
    let aws = Aws::new(settings(&[
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "hunter22"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &fake.url()),
    ]));
    let (cx, _) = cx();
    let find = |wanted: &WhichAmi| -> Result<Ami, AmiError> { aws.ami(&cx, wanted) };
    let filtered = |name: &str| WhichAmi::Newest {
        owners: vec![ACCOUNT.to_owned()],
        filters: BTreeMap::from([
            ("name".to_owned(), vec![name.to_owned()]),
            ("architecture".to_owned(), vec!["x86_64".to_owned()]),
        ]),
    };
    let parameter = |name: &str| WhichAmi::Parameter(format!("/golden/{name}"));
    for (wanted, name) in [
        (WhichAmi::Id(base.clone()), "base"),
        (filtered("debian-12-*"), "debian-12-2"),
        (parameter("debian-12-1"), "debian-12-1"),
        (parameter("json"), "other-3"),
    ] {
        let ami = find(&wanted).unwrap();
        assert_eq!(ami.name, name);
        assert_eq!((&*ami.owner, &*ami.architecture), (ACCOUNT, "x86_64"));
        // The pin finds it again.
        assert_eq!(find(&WhichAmi::Id(ami.id.clone())).unwrap(), ami);
    }
    let nobody = WhichAmi::Newest {
        owners: Vec::new(),
        filters: BTreeMap::new(),
    };
    for (wanted, text) in [
        (nobody, "no owner"),
        (
            filtered("fedora-*"),
            "fits the owners 111122223333 with architecture = x86_64, name = fedora-*",
        ),
        (
            WhichAmi::Id("ami-00000000000000000".to_owned()),
            "fits the id `ami-",
        ),
        (parameter("text"), "names no image"),
        (parameter("none"), "/golden/none"),
    ] {
        let error = find(&wanted).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert!(
            text == "/golden/none" || !error.hints().is_empty(),
            "{error}"
        );
    }
}
