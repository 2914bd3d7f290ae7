//! AWS as a target, against the corrected `moto`: what every call leaves there, by the eyes of
//! another client, and what is left when calls fail.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::{Clock as _, Cx};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::ledger::{Ledger as _, ResourceKind};
use goldsmith_core::target::{FormFile, Forms, Parcel, Target as _, TargetError};
use goldsmith_provider::aws::leftovers::{self, Removal};
use goldsmith_provider::target::AwsTarget;
use goldsmith_provider::target::aws::{AwsPlace, LaunchTemplate};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::ledger::Notes;
use goldsmith_testing::moto::Moto;

use super::{cx, settings};

const NAME: &str = "web-debian-12-1.0.0-20261129";
const HOME: &str = "us-east-1";
const AWAY: [&str; 2] = ["eu-north-1", "ap-southeast-1"];

/// Writes a disk with the table of a disk that starts in both ways, and a file system's worth of
/// bytes of the image.
#[derive(Debug, Default)]
struct Disks {
    written: AtomicUsize,
}

impl Forms for Disks {
    fn ending(&self, form: &str) -> Option<&'static str> {
        (form == "raw").then_some(".raw")
    }

    fn write(
        &self,
        _cx: &Cx,
        image: &ImageId,
        form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        assert_eq!(form, "raw");
        self.written.fetch_add(1, Ordering::SeqCst);
        let file = std::fs::File::create_new(to).unwrap();
        file.set_len(2 << 30).unwrap();
        let mut table = vec![0; 34 * 512];
        table[512..520].copy_from_slice(b"EFI PART");
        (table[512 + 72], table[512 + 80], table[512 + 84]) = (2, 128, 128);
        let efi = [
            0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e,
            0xc9, 0x3b,
        ];
        table[1024..1040].copy_from_slice(b"Hah!IdontNeedEFI");
        table[1152..1168].copy_from_slice(&efi);
        file.write_all_at(&table, 0).unwrap();
        let text = image.to_string();
        for block in [3, 100, 1000] {
            file.write_all_at(text.as_bytes(), block << 20).unwrap();
        }
        Ok(FormFile {
            sha256: Sha256::of(text.as_bytes()),
            size_bytes: 2 << 30,
        })
    }
}

struct Cloud {
    moto: Moto,
    front: Front,
    cx: Cx,
    clock: Arc<FakeClock>,
    notes: Arc<Notes>,
    disks: Disks,
    dir: tempfile::TempDir,
}

impl Cloud {
    fn new() -> Self {
        let moto = Moto::corrected();
        let front = Front::of(Some(moto.port()));
        let (cx, clock) = cx();
        Self {
            moto,
            front,
            cx,
            clock,
            notes: Arc::default(),
            disks: Disks::default(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn target(&self, place: AwsPlace) -> AwsTarget {
        let settings = settings(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
        ]);
        let place = AwsPlace {
            endpoint: Some(self.front.url()),
            ..place
        };
        let folder = self.dir.path().join("kept");
        AwsTarget::new("eu", settings, place, folder, Arc::clone(&self.notes) as _)
    }

    fn send(&self, target: &AwsTarget, image: &str) -> Result<Vec<CopyRow>, TargetError> {
        let tags = BTreeMap::from([("team".to_owned(), "platform".to_owned())]);
        target.send(
            &self.cx,
            Parcel {
                image: &image.parse().unwrap(),
                name: NAME,
                arch: "amd64",
                disk: &Sha256::of(image.as_bytes()),
                tags: &tags,
                forms: &self.disks,
                sign: &|_| Vec::new(),
            },
        )
    }

    /// What boto3 sees: images and snapshots of each region.
    fn counts(&self) -> [(usize, usize); 3] {
        let script = "for r in ['us-east-1', 'eu-north-1', 'ap-southeast-1']:\n\
            \x20   e = client('ec2', r)\n\
            \x20   print(len(e.describe_images(Owners=['self'])['Images']), len(e.describe_snapshots()['Snapshots']))";
        let text = self.moto.boto(script);
        let mut numbers = text.split_whitespace().map(|word| word.parse().unwrap());
        [(); 3].map(|()| (numbers.next().unwrap(), numbers.next().unwrap()))
    }

    fn count(&self) -> (usize, usize) {
        self.counts()[0]
    }

    /// How often an action was asked for.
    fn calls(&self, action: &str) -> usize {
        let action = format!("Action={action}&");
        let seen = self.front.seen();
        let bodies = seen.iter().map(|seen| String::from_utf8_lossy(&seen.body));
        bodies.filter(|body| body.contains(&action)).count()
    }

    fn open(&self) -> Vec<ResourceKind> {
        let open = self.notes.open(&self.cx, "aws").unwrap();
        open.iter().map(|resource| resource.kind).collect()
    }
}

fn at(regions: &[&str]) -> AwsPlace {
    AwsPlace {
        regions: regions.iter().map(|region| (*region).to_owned()).collect(),
        ..AwsPlace::default()
    }
}

fn everywhere() -> AwsPlace {
    at(&[HOME, AWAY[0], AWAY[1]])
}

/// One region: the image is what was asked for, once, however often it is brought.
#[test]
fn an_image_comes_once_and_whole() {
    let cloud = Cloud::new();
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
    let seen = cloud.moto.boto(
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
    let kept = cloud.dir.path().join("kept/123456789012-us-east-1");
    assert_eq!(kept.read_dir().unwrap().count(), 0);
}

/// Other regions get copies with their keys, everybody who should may use them, launch templates
/// and parameters name them.
#[test]
fn all_regions_and_everybody() {
    let cloud = Cloud::new();
    let template = cloud.moto.boto(
        "e = client('ec2', 'eu-north-1')\n\
         print(e.create_launch_template(LaunchTemplateName='web', LaunchTemplateData={'ImageId': 'ami-0', 'InstanceType': 't3.micro'})['LaunchTemplate']['LaunchTemplateId'])",
    );
    let organization = "arn:aws:organizations::111122223333:organization/o-abcdefghij";
    let unit = "arn:aws:organizations::111122223333:ou/o-abcdefghij/ou-ab12-abcdefgh";
    let place = AwsPlace {
        accounts: vec!["111122223333".to_owned(), "444455556666".to_owned()],
        organizations: vec![organization.to_owned()],
        organizational_units: vec![unit.to_owned()],
        encrypt: Some(None),
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
        let seen = cloud.moto.boto(&format!(
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
             print(d.get('KmsKeyId') if '{region}' == 'eu-north-1' else d['Encrypted'] if '{region}' != 'us-east-1' else '')"
        ));
        let id = &row.location;
        let key = match region {
            HOME => "",
            "eu-north-1" => "alias/north",
            _ => "True",
        };
        let expected = format!(
            "{id} 2026-12-23 8 True 7\n111122223333 444455556666 {organization} {unit}\n111122223333 444455556666\n{id} aws:ec2:image 1\n{key}\n"
        );
        assert_eq!(seen, expected, "{region}");
    }
    let seen = cloud.moto.boto(
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
    assert_eq!(cloud.moto.boto(left), "0\n");
    assert_eq!(cloud.open(), []);
    target.withdraw(&cloud.cx, NAME).unwrap();
    assert_eq!(cloud.counts(), [(0, 0); 3]);
}

/// A region that fails leaves the good ones, is named, and is gone on with.
#[test]
fn a_region_that_fails_is_named() {
    let cloud = Cloud::new();
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
#[test]
fn lost_answers() {
    let cloud = Cloud::new();
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

/// Whichever call is the last before the machine dies: the ledger knows what is left, and a sweep,
/// or whoever works through the ledger, leaves nothing; or else the next try goes on.
#[test]
fn a_run_that_died_leaves_nothing_that_is_not_known() {
    let fatal = Act::answer(
        403,
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>dead</Message></Error></Errors></Response>",
    );
    for call in [
        "/completion/",
        "/blocks/6",
        "Action=RegisterImage&",
        "Action=CopyImage&",
        "Action=CreateTags&",
    ] {
        let cloud = Cloud::new();
        let target = cloud.target(at(&[HOME, AWAY[0]]));
        cloud.front.on_containing(call, 2, fatal.clone());
        cloud.send(&target, "web@1.0.0/1").unwrap_err();
        assert_ne!(cloud.open(), [], "{call}");
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
        cloud.clock.sleep(std::time::Duration::from_secs(1));
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
#[test]
fn what_is_not_ours_is_not_touched() {
    let cloud = Cloud::new();
    let target = cloud.target(at(&[HOME]));
    cloud.moto.boto(&format!(
        "v = ec2.create_volume(AvailabilityZone='us-east-1a', Size=1)['VolumeId']\n\
         s = ec2.create_snapshot(VolumeId=v)['SnapshotId']\n\
         ec2.register_image(Name='{NAME}', BlockDeviceMappings=[{{'DeviceName': '/dev/xvda', 'Ebs': {{'SnapshotId': s}}}}])"
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
