//! What runs in an account, as `moto` has it.

use goldsmith_core::failure::Class;
use goldsmith_core::fleet::{Fleet as _, UserKind};
use goldsmith_provider::aws::AwsFleet;
use goldsmith_testing::front::Act;

use super::Cloud;

const OURS: &str = "ami-0123456789abcdef0";
const OTHER: &str = "ami-0fedcba9876543210";

fn fleet(cloud: &Cloud, regions: &[&str]) -> AwsFleet {
    let regions = regions.iter().map(|region| (*region).to_owned()).collect();
    AwsFleet::new(cloud.aws.clone(), regions, None)
}

#[test]
fn everything_that_uses_an_image() {
    let cloud = Cloud::new();
    let script = format!(
        "ec2, asg = client('ec2'), client('autoscaling')\n\
         tags = [{{'ResourceType': 'instance', 'Tags': [{{'Key': 'Name', 'Value': 'by hand'}}]}}]\n\
         hand = ec2.run_instances(ImageId='{OTHER}', MinCount=2, MaxCount=2, TagSpecifications=tags)['Instances']\n\
         ec2.terminate_instances(InstanceIds=[hand[1]['InstanceId']])\n\
         one = ec2.create_launch_template(LaunchTemplateName='web', LaunchTemplateData={{'ImageId': '{OTHER}', 'InstanceType': 't3.micro'}})['LaunchTemplate']['LaunchTemplateId']\n\
         ec2.create_launch_template_version(LaunchTemplateId=one, LaunchTemplateData={{'ImageId': '{OURS}', 'InstanceType': 't3.micro'}})\n\
         ec2.create_launch_template(LaunchTemplateName='without', LaunchTemplateData={{'InstanceType': 't3.micro'}})\n\
         asg.create_launch_configuration(LaunchConfigurationName='old', ImageId='{OTHER}', InstanceType='t3.micro')\n\
         def group(name, **by): asg.create_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=1, DesiredCapacity=0, AvailabilityZones=['us-east-1a'], **by)\n\
         group('a', LaunchTemplate={{'LaunchTemplateId': one, 'Version': '$Latest'}})\n\
         group('b', LaunchTemplate={{'LaunchTemplateId': one, 'Version': '1'}})\n\
         group('c', LaunchConfigurationName='old')\n\
         print(hand[0]['InstanceId'], one)"
    );
    let printed = cloud.moto.boto(&script);
    let (instance, template) = printed.trim().split_once(' ').unwrap();
    let seen = fleet(&cloud, &["us-east-1"]).look(&cloud.cx).unwrap();
    assert_eq!(seen.unread, []);
    assert!(seen.users.iter().all(|user| user.account == "123456789012"));
    let by = Some(template.to_owned());
    let version = |version| UserKind::LaunchTemplate {
        version,
        is_current: true,
    };
    let group = |by: &Option<String>| UserKind::AutoScalingGroup { by: by.clone() };
    let found: Vec<_> = seen
        .users
        .iter()
        .map(|user| {
            (
                user.kind.clone(),
                user.id.as_str(),
                user.name.as_str(),
                user.image.as_str(),
            )
        })
        .collect();
    let expected = [
        (UserKind::Instance { by: None }, instance, "by hand", OTHER),
        (version(1), template, "web", OTHER),
        (version(2), template, "web", OURS),
        (UserKind::LaunchConfiguration, "old", "", OTHER),
        (group(&by), "a", "", OURS),
        (group(&by), "b", "", OTHER),
        (group(&Some("old".to_owned())), "c", "", OTHER),
    ];
    for one in &expected {
        assert!(found.contains(one), "{one:?} is not in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

/// A place that cannot be read is said, the others are read.
#[test]
fn a_place_that_cannot_be_read() {
    let cloud = Cloud::new();
    let script = format!("client('ec2').run_instances(ImageId='{OURS}', MinCount=1, MaxCount=1)");
    cloud.moto.boto(&script);
    // Who asks is the first question.
    let denied = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>";
    let fleet = fleet(&cloud, &["us-east-1", "eu-north-1"]);
    fleet.account(&cloud.cx).unwrap();
    cloud.front.on("POST /", 1, Act::answer(403, denied));
    let seen = fleet.look(&cloud.cx).unwrap();
    assert_eq!(seen.users, []);
    let unread: Vec<_> = seen.unread.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(unread, ["us-east-1 DescribeInstances"]);
    assert!(
        seen.unread[0].why.contains("UnauthorizedOperation"),
        "{:?}",
        seen.unread
    );
    assert_eq!(fleet.look(&cloud.cx).unwrap().users.len(), 1);
}

/// Nobody can be asked: an error, not an empty fleet.
#[test]
fn nothing_can_be_read() {
    let cloud = Cloud::new();
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
    cloud.front.on("POST /", 1, Act::answer(403, denied));
    let error = fleet(&cloud, &["us-east-1"]).look(&cloud.cx).unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
}

/// Somebody asked to stop.
#[test]
fn an_interruption() {
    let cloud = Cloud::new();
    let fleet = fleet(&cloud, &["us-east-1"]);
    fleet.account(&cloud.cx).unwrap();
    cloud.cx.cancel.cancel();
    let error = fleet.look(&cloud.cx).unwrap_err();
    assert_eq!(error.class(), Class::Cancelled);
}
