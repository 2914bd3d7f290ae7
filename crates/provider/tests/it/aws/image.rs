//! AWS as a target, against the corrected `moto` and the strict fake: what every call leaves there,
//! by the eyes of another client, and what is left when calls fail.

mod cloud;
mod fast;
mod retire;
mod usage;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use goldsmith_core::digest::Sha256;
use goldsmith_core::ledger::{Ledger as _, ResourceKind};
use goldsmith_core::target::Target as _;
use goldsmith_provider::aws::leftovers::{self, Removal};
use goldsmith_provider::target::aws::{AwsPlace, LaunchTemplate};
use goldsmith_testing::aws::ACCOUNT;
use goldsmith_testing::front::Act;

use self::cloud::{AWAY, Cloud, HOME, NAME, at, everywhere};

/// Every test for each server.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod moto {
            $(#[test] fn $test() { super::$test(super::Cloud::moto); })*
        }
        mod fake {
            $(#[test] fn $test() { super::$test(super::Cloud::fake); })*
        }
    };
}

on_both! {
    an_image_comes_once_and_whole
    all_regions_and_everybody
    a_region_that_fails_is_named
    lost_answers
    what_is_not_ours_is_not_touched
}

/// One region: the image is what was asked for, once, however often it is brought.
fn an_image_comes_once_and_whole(make: fn() -> Cloud) {
    let cloud = make();
    let target = cloud.target(at(&[HOME]));
    assert_eq!(target.taken(&cloud.cx, NAME).unwrap(), None);
    let rows = cloud.send(&target, "web@1.0.0/1").unwrap();
    let again = cloud.send(&target, "web@1.0.0/1").unwrap();
    let id = &rows[0].location;
    assert!(id.starts_with("ami-"), "{id}");
    assert_eq!(
        (rows[0].target.as_str(), rows[0].name.as_str()),
        ("aws/eu/us-east-1", NAME)
    );
    assert_eq!(again[0].location, *id);
    assert_eq!(cloud.disks.written.load(Ordering::SeqCst), 1);
    assert_eq!(cloud.count(), (1, 1));
    let seen = cloud.boto(
        "i = ec2.describe_images(Owners=['self'])['Images'][0]\n\
         b = i['BlockDeviceMappings'][0]\n\
         print(i['Name'], i['State'], i['Architecture'], i['VirtualizationType'], i['BootMode'], i['ImdsSupport'], i['TpmSupport'], i['EnaSupport'])\n\
         print(i['RootDeviceName'], b['DeviceName'], b['Ebs']['VolumeSize'], b['Ebs']['VolumeType'], b['Ebs']['DeleteOnTermination'])\n\
         print(i['Description'])\n\
         tags = lambda x: ' '.join(f\"{t['Key']}={t['Value']}\" for t in sorted(x['Tags'], key=lambda t: t['Key']) if t['Key'] not in ('goldsmith:operation', 'goldsmith:disk'))\n\
         print(tags(i))\n\
         s = ec2.describe_snapshots(SnapshotIds=[b['Ebs']['SnapshotId']])['Snapshots'][0]\n\
         print(s['State'], tags(s))\n\
         print(*[x for x in sorted(x['BlockIndex'] for x in ebs.list_snapshot_blocks(SnapshotId=s['SnapshotId'])['Blocks'])])",
    );
    let tags = format!(
        "Name={NAME}{} goldsmith:image=web@1.0.0/1 goldsmith:name={NAME} goldsmith:target=aws/eu team=platform",
        "|"
    );
    let short = Sha256::of(b"web@1.0.0/1").short();
    let expected = format!(
        "{NAME} available x86_64 hvm uefi-preferred v2.0 v2.0 True\n\
         /dev/xvda /dev/xvda 2 gp3 True\n\
         web 1.0.0/1 (disk {short})\n\
         {}\ncompleted {}\n0 6 200 2000\n",
        tags.replace('|', " goldsmith:complete=true"),
        tags.replace('|', "")
    );
    assert_eq!(seen, expected);
    assert_eq!(
        target.taken(&cloud.cx, NAME).unwrap(),
        Some("web@1.0.0/1".parse().unwrap())
    );
    assert_eq!(cloud.open(), []);
    // A name is of one image.
    let error = cloud.send(&target, "web@1.0.0/2").unwrap_err();
    assert!(error.to_string().contains("web 1.0.0/1"), "{error}");
    // What is finished stays.
    target.sweep(&cloud.cx, NAME).unwrap();
    assert_eq!(cloud.count(), (1, 1));
    for _ in 0..2 {
        target.withdraw(&cloud.cx, NAME).unwrap();
        assert_eq!(cloud.count(), (0, 0));
    }
    assert_eq!(target.taken(&cloud.cx, NAME).unwrap(), None);
    let kept = cloud.dir.path().join("kept").read_dir().unwrap();
    let of_region = kept.flatten().next().unwrap().path();
    assert!(
        of_region.ends_with("123456789012-us-east-1")
            || of_region.ends_with(format!("{ACCOUNT}-us-east-1"))
    );
    assert_eq!(of_region.read_dir().unwrap().count(), 0);
}

/// Other regions get copies with their keys, everybody who should may use them, launch templates
/// and parameters name them.
fn all_regions_and_everybody(make: fn() -> Cloud) {
    let cloud = make();
    cloud.key("alias/golden");
    cloud.key("alias/north");
    let template = cloud.boto(
        "e = client('ec2', 'eu-north-1')\n\
         print(e.create_launch_template(LaunchTemplateName='web', LaunchTemplateData={'ImageId': 'ami-0', 'InstanceType': 't3.micro'})['LaunchTemplate']['LaunchTemplateId'])",
    );
    let organization = "arn:aws:organizations::111122223333:organization/o-abcdefghij";
    let unit = "arn:aws:organizations::111122223333:ou/o-abcdefghij/ou-ab12-abcdefgh";
    let place = AwsPlace {
        accounts: vec!["222233334444".to_owned(), "444455556666".to_owned()],
        organizations: vec![organization.to_owned()],
        organizational_units: vec![unit.to_owned()],
        encrypt: Some(Some("alias/golden".to_owned())),
        kms_keys: BTreeMap::from([(AWAY[0].to_owned(), "alias/north".to_owned())]),
        deprecate_after_days: Some(30),
        launch_templates: vec![LaunchTemplate {
            id: template.trim().to_owned(),
            region: AWAY[0].to_owned(),
            is_default: true,
        }],
        parameters: Some("/golden/".to_owned()),
        ..everywhere()
    };
    let target = cloud.target(place);
    let rows = cloud.send(&target, "web@1.0.0/1").unwrap();
    let targets: Vec<_> = rows.iter().map(|row| row.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "aws/eu/us-east-1",
            "aws/eu/eu-north-1",
            "aws/eu/ap-southeast-1"
        ]
    );
    cloud.send(&target, "web@1.0.0/1").unwrap();
    target
        .point(&cloud.cx, "web", "production", Some(NAME))
        .unwrap();
    assert_eq!(cloud.counts(), [(1, 1); 3]);
    assert_eq!(
        (
            cloud.calls("CopyImage"),
            cloud.calls("EnableImageDeprecation")
        ),
        (2, 3)
    );
    for (row, region) in rows.iter().zip(std::iter::once(HOME).chain(AWAY)) {
        let seen = cloud.boto(&format!(
            "e = client('ec2', '{region}')\n\
             i = e.describe_images(Owners=['self'])['Images'][0]\n\
             s = i['BlockDeviceMappings'][0]['Ebs']['SnapshotId']\n\
             d = e.describe_snapshots(SnapshotIds=[s])['Snapshots'][0]\n\
             print(i['ImageId'], i['DeprecationTime'][:10], len(i['Tags']), any(t['Key'] == 'goldsmith:complete' for t in i['Tags']), len(d['Tags']))\n\
             p = e.describe_image_attribute(ImageId=i['ImageId'], Attribute='launchPermission')['LaunchPermissions']\n\
             print(*sorted(v for x in p for v in x.values()))\n\
             v = e.describe_snapshot_attribute(SnapshotId=s, Attribute='createVolumePermission')['CreateVolumePermissions']\n\
             print(*sorted(x['UserId'] for x in v))\n\
             q = client('ssm', '{region}').get_parameter(Name='/golden/web/production')['Parameter']\n\
             print(q['Value'], q['DataType'], q['Version'])\n\
             print('{region}' == 'us-east-1' or d['Encrypted'])"
        ));
        let id = &row.location;
        let expected = format!(
            "{id} 2026-12-23 8 True 7\n222233334444 444455556666 {organization} {unit}\n222233334444 444455556666\n{id} aws:ec2:image 1\nTrue\n"
        );
        assert_eq!(seen, expected, "{region}");
    }
    let seen = cloud.boto(
        "e = client('ec2', 'eu-north-1')\n\
         for v in e.describe_launch_template_versions(Versions=['$Default', '1'], LaunchTemplateId=e.describe_launch_templates()['LaunchTemplates'][0]['LaunchTemplateId'])['LaunchTemplateVersions']: print(v['VersionNumber'], v['LaunchTemplateData']['ImageId'], v.get('VersionDescription', ''))",
    );
    let north = &rows[1].location;
    assert!(seen.contains(&format!("2 {north} {NAME}\n")), "{seen}");
    assert_eq!(cloud.calls("CreateLaunchTemplateVersion"), 1);
    // What a channel names can change and end.
    let point = |name: Option<&str>| target.point(&cloud.cx, "web", "production", name);
    point(Some(NAME)).unwrap();
    let error = point(Some("web-debian-12-2.0.0")).unwrap_err().to_string();
    assert!(
        error.contains("there is no image `web-debian-12-2.0.0` in"),
        "{error}"
    );
    for _ in 0..2 {
        point(None).unwrap();
    }
    let left = "print(len(ssm.describe_parameters()['Parameters']))";
    assert_eq!(cloud.boto(left), "0\n");
    assert_eq!(cloud.open(), []);
    target.withdraw(&cloud.cx, NAME).unwrap();
    assert_eq!(cloud.counts(), [(0, 0); 3]);
}

/// A region that fails leaves the good ones, is named, and is gone on with.
fn a_region_that_fails_is_named(make: fn() -> Cloud) {
    let cloud = make();
    let target = cloud.target(everywhere());
    let no = "<Response><Errors><Error><Code>OptInRequired</Code><Message>not here</Message></Error></Errors></Response>";
    cloud
        .front
        .on_containing("Action=CopyImage&", 4, Act::answer(400, no));
    let error = cloud.send(&target, "web@1.0.0/1").unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("2 of 3 regions failed: eu-north-1: "),
        "{text}"
    );
    assert!(
        text.contains("; ap-southeast-1: ") && text.contains("not here"),
        "{text}"
    );
    assert!(error.hints()[0].contains("goes on"), "{:?}", error.hints());
    assert_eq!(cloud.counts(), [(1, 1), (0, 0), (0, 0)]);
    assert_eq!(cloud.open(), [ResourceKind::Copy; 2]);
    // The rest comes, what is there is not made again.
    let rows = cloud.send(&target, "web@1.0.0/1").unwrap();
    assert_eq!((rows.len(), cloud.calls("RegisterImage")), (3, 1));
    assert_eq!(cloud.counts(), [(1, 1); 3]);
    assert_eq!(cloud.open(), []);
}

/// An answer that is lost after it took effect: nothing is made twice.
fn lost_answers(make: fn() -> Cloud) {
    let cloud = make();
    let target = cloud.target(everywhere());
    for call in [
        "Action=RegisterImage&",
        "Action=CopyImage&",
        "Action=CopyImage&",
        "Action=CreateTags&",
        "Action=DescribeImages&",
    ] {
        cloud.front.on_containing(call, 1, Act::LoseAnswer);
    }
    let rows = cloud.send(&target, "web@1.0.0/1").unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(cloud.counts(), [(1, 1); 3]);
    for call in ["Action=DeregisterImage&", "Action=DeleteSnapshot&"] {
        cloud.front.on_containing(call, 1, Act::LoseAnswer);
    }
    target.withdraw(&cloud.cx, NAME).unwrap();
    assert_eq!(cloud.counts(), [(0, 0); 3]);
}

/// Whichever call is the last before the machine dies: the ledger knows what is left, and whoever
/// works through the ledger leaves nothing. What is made after that is made anew, though by AWS's
/// rules the tokens are still those of what is gone.
#[test]
fn a_run_that_died_leaves_nothing_that_is_not_known() {
    let fatal = Act::answer(
        403,
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>dead</Message></Error></Errors></Response>",
    );
    for (call, by_tag) in [
        ("/completion/", Some(ResourceKind::Snapshot)),
        ("/blocks/6", Some(ResourceKind::Snapshot)),
        ("Action=RegisterImage&", Some(ResourceKind::Snapshot)),
        ("Action=CopyImage&", None),
        ("Action=CreateTags&", Some(ResourceKind::Image)),
    ] {
        let cloud = Cloud::fake();
        let target = cloud.target(at(&[HOME, AWAY[0]]));
        cloud.front.on_containing(call, 2, fatal.clone());
        cloud.send(&target, "web@1.0.0/1").unwrap_err();
        assert_ne!(cloud.open(), [], "{call}");
        // Somebody who does not have the ledger finds it, too, and not what is finished.
        let home = target.client(HOME);
        let find = |hours| {
            let age = std::time::Duration::from_hours(hours);
            let found = leftovers::find(&cloud.cx, &home, HOME, age).unwrap();
            found.into_iter().map(|one| one.kind).collect::<Vec<_>>()
        };
        assert_eq!(find(1), Vec::from_iter(by_tag), "{call}");
        assert_eq!(find(24 * 365), [], "{call}: too young");
        // Somebody else cleans up, by the ledger alone.
        let mut open = cloud.notes.open(&cloud.cx, "aws").unwrap();
        open.sort_by_key(|resource| resource.kind == ResourceKind::Snapshot);
        for resource in &open {
            let aws = target.client(&resource.region);
            let removed = leftovers::remove(&cloud.cx, &aws, resource).unwrap();
            assert!(removed != Removal::Kept, "{call}: {resource:?}");
        }
        // With the copy the first region is finished.
        let left = usize::from(call == "Action=CopyImage&");
        assert_eq!(cloud.count(), (left, left), "{call}");
        target.sweep(&cloud.cx, NAME).unwrap();
        assert_eq!(cloud.open(), [], "{call}");
        assert_eq!(
            cloud.send(&target, "web@1.0.0/1").unwrap().len(),
            2,
            "{call}"
        );
        assert_eq!(cloud.counts()[..2], [(1, 1); 2], "{call}");
        assert_eq!(cloud.open(), [], "{call}");
    }
}

/// Names that AWS or a folder does not take, and images of others, are refused.
fn what_is_not_ours_is_not_touched(make: fn() -> Cloud) {
    let cloud = make();
    let target = cloud.target(at(&[HOME]));
    cloud.boto(&format!(
        "v = ec2.create_volume(AvailabilityZone='us-east-1a', Size=1)['VolumeId']\n\
         s = ec2.create_snapshot(VolumeId=v)['SnapshotId']\n\
         while ec2.describe_snapshots(SnapshotIds=[s])['Snapshots'][0]['State'] != 'completed': pass\n\
         ec2.register_image(Name='{NAME}', RootDeviceName='/dev/xvda', BlockDeviceMappings=[{{'DeviceName': '/dev/xvda', 'Ebs': {{'SnapshotId': s}}}}])"
    ));
    for refused in [
        target.taken(&cloud.cx, NAME).map(drop),
        target.withdraw(&cloud.cx, NAME),
        cloud.send(&target, "web@1.0.0/1").map(drop),
    ] {
        let text = refused.unwrap_err().to_string();
        assert!(
            text.contains("not an image that Goldsmith brought"),
            "{text}"
        );
    }
    target.sweep(&cloud.cx, NAME).unwrap();
    assert_eq!(cloud.count(), (1, 1));
    for name in ["", ".", "..", "a/b", ".hidden", "channels", "x", "wöb-1"] {
        assert!(target.taken(&cloud.cx, name).is_err(), "{name}");
        assert!(target.sweep(&cloud.cx, name).is_err(), "{name}");
        assert!(target.withdraw(&cloud.cx, name).is_err(), "{name}");
    }
}
