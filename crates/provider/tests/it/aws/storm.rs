//! AWS as a target against the strict fake while calls go wrong by lot, and what only the fake can
//! judge: differences to an earlier snapshot, tokens, keys, states that take time.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::{Cancel, Cx};
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageId;
use goldsmith_core::ledger::Ledger as _;
use goldsmith_core::target::{FormFile, Forms, Parcel, Target as _, TargetError};
use goldsmith_provider::target::AwsTarget;
use goldsmith_provider::target::aws::AwsPlace;
use goldsmith_testing::aws::{ACCOUNT, Fake, Options};
use goldsmith_testing::faults::{Faults, Schedule};
use goldsmith_testing::ledger::Notes;

use super::{cx, patient};

const REGIONS: [&str; 2] = ["eu-north-1", "us-east-1"];
/// How many runs there are in the storm, where nobody says.
const RUNS: u64 = 20;

/// `cargo xtask storm` says how many.
#[expect(
    clippy::disallowed_methods,
    reason = "a storm that lasts longer than the gate is asked for by the environment"
)]
fn runs() -> u64 {
    let said = std::env::var("GOLDSMITH_STORM_RUNS").ok();
    said.map_or(RUNS, |said| said.parse().expect("a number of runs"))
}

/// A disk of 20 blocks; that of another build differs in the last of them and lacks the one before.
#[derive(Debug)]
struct Disks;

impl Forms for Disks {
    fn ending(&self, form: &str) -> Option<&'static str> {
        (form == "raw").then_some(".raw")
    }

    fn write(
        &self,
        _cx: &Cx,
        image: &ImageId,
        _form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        let file = std::fs::File::create_new(to).unwrap();
        file.set_len(1 << 30).unwrap();
        let mut first = vec![0; 512];
        (first[450], first[510], first[511]) = (0x83, 0x55, 0xaa);
        file.write_all_at(&first, 0).unwrap();
        for block in 1..18 {
            file.write_all_at(b"same", block << 19).unwrap();
        }
        if image.build == 1 {
            file.write_all_at(b"was", 18 << 19).unwrap();
        }
        file.write_all_at(image.to_string().as_bytes(), 19 << 19)
            .unwrap();
        Ok(FormFile {
            sha256: Sha256::of(b""),
            size_bytes: 1 << 30,
        })
    }
}

struct Sender {
    cx: Cx,
    notes: Arc<Notes>,
    dir: tempfile::TempDir,
}

impl Sender {
    fn new() -> Self {
        Self {
            cx: cx().0,
            notes: Arc::default(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn target(&self, url: &str, place: AwsPlace) -> AwsTarget {
        let settings = patient(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
        ]);
        let place = AwsPlace {
            endpoint: Some(url.to_owned()),
            regions: REGIONS.map(str::to_owned).to_vec(),
            ..place
        };
        let folder = self.dir.path().join("kept");
        AwsTarget::new("eu", settings, place, folder, Arc::clone(&self.notes) as _)
    }

    fn send(&self, target: &AwsTarget, build: u32) -> Result<Vec<CopyRow>, TargetError> {
        let image = format!("web@1.0.0/{build}");
        target.send(
            &self.cx,
            Parcel {
                image: &image.parse().unwrap(),
                name: &format!("web-1.0.0-{build}"),
                arch: "amd64",
                disk: &Sha256::of(image.as_bytes()),
                tags: &BTreeMap::new(),
                forms: &Disks,
                sign: &|_| Vec::new(),
            },
        )
    }
}

/// One of five calls goes wrong, in every way: in the end each image is there once, in each region,
/// whole; nothing else is, and the ledger is empty.
#[test]
fn a_storm_leaves_every_image_once_and_nothing_else() {
    let (mut refused, mut again) = (0, 0);
    for seed in 0..runs() {
        let fake = Fake::start(Options {
            seed,
            late: 2,
            page: Some(3),
            ..Options::default()
        });
        let faults = Faults::before(fake.address(), Schedule::new(seed, 200));
        let sender = Sender::new();
        let place = AwsPlace {
            accounts: vec!["222233334444".to_owned()],
            deprecate_after_days: Some(30),
            parameters: Some("/golden".to_owned()),
            ..AwsPlace::default()
        };
        let target = sender.target(&faults.url(), place);
        let mut tries = 0;
        let rows = loop {
            match sender.send(&target, 1) {
                Ok(rows) => break rows,
                Err(error) if tries == 20 => panic!("seed {seed}: {error}"),
                Err(_) => tries += 1,
            }
        };
        assert!(!faults.log().is_empty(), "seed {seed}");
        refused += faults.log().len();
        again += tries;
        let point = || target.point(&sender.cx, "web", "production", Some("web-1.0.0-1"));
        while point().is_err() {}
        let mut expected: Vec<String> = Vec::new();
        for (region, row) in REGIONS.iter().zip(&rows) {
            expected.push(format!("{ACCOUNT}/{region}/image/{}", row.location));
            expected.push(format!(
                "{ACCOUNT}/{region}/parameter//golden/web/production"
            ));
        }
        let left = fake.leftovers(&expected);
        assert_eq!(left.len(), 2, "seed {seed}: {left:?}");
        assert!(
            left.iter().all(|left| left.contains("/snapshot/")),
            "{left:?}"
        );
        assert_eq!(fake.made_twice("goldsmith:operation"), [], "seed {seed}");
        assert_eq!(sender.notes.open(&sender.cx, "aws").unwrap(), []);
        while target.point(&sender.cx, "web", "production", None).is_err() {}
        while target.withdraw(&sender.cx, "web-1.0.0-1").is_err() {}
        assert_eq!(fake.resources(), Vec::<String>::new(), "seed {seed}");
    }
    println!(
        "{} runs, {refused} calls gone wrong, {again} runs given up and begun again",
        runs()
    );
}

/// Somebody asks to stop in the middle of the upload: it stops, what is there is written down, and a
/// sweep leaves nothing.
#[test]
fn a_stop_leaves_what_a_sweep_takes_away() {
    /// Asks to stop at the first block.
    struct Stop(std::sync::Mutex<Option<Cancel>>);

    impl EventSink for Stop {
        fn emit(&self, event: Event) {
            if let Event::Progress { .. } = event
                && let Some(cancel) = &*self.0.lock().unwrap()
            {
                cancel.cancel();
            }
        }
    }

    let fake = Fake::start(Options::default());
    let mut sender = Sender::new();
    let stop = Arc::new(Stop(std::sync::Mutex::new(None)));
    sender.cx = sender.cx.with_events(Arc::clone(&stop) as _);
    *stop.0.lock().unwrap() = Some(sender.cx.cancel.clone());
    let target = sender.target(&fake.url(), AwsPlace::default());
    let error = sender.send(&target, 1).unwrap_err();
    assert_eq!(error.class(), Class::Cancelled, "{error}");
    let begun = fake.resources();
    assert!(
        begun.len() == 1 && begun[0].contains("/snapshot/"),
        "{begun:?}"
    );
    let cx = sender.cx.uncancelled();
    assert_eq!(sender.notes.open(&cx, "aws").unwrap().len(), 1);
    target.sweep(&cx, "web-1.0.0-1").unwrap();
    assert_eq!(fake.resources(), Vec::<String>::new());
    assert_eq!(sender.notes.open(&cx, "aws").unwrap(), []);
    let kept = sender
        .dir
        .path()
        .join("kept")
        .join(format!("{ACCOUNT}-{}", REGIONS[0]));
    assert_eq!(kept.read_dir().unwrap().count(), 0);
}

/// The next image is a difference to the one before: only blocks that differ are sent, zeros where
/// something was, and what is there is the whole disk.
#[test]
fn the_next_image_is_a_difference() {
    let fake = Fake::start(Options::default());
    let sender = Sender::new();
    let target = sender.target(&fake.url(), AwsPlace::default());
    sender.send(&target, 1).unwrap();
    assert_eq!(fake.calls("PutSnapshotBlock"), 20);
    let rows = sender.send(&target, 2).unwrap();
    assert_eq!(fake.calls("PutSnapshotBlock"), 22);
    assert_eq!(fake.calls("StartSnapshot"), 2);
    let seen = fake.boto(&format!(
        "ec2, ebs = client('ec2', 'eu-north-1'), client('ebs', 'eu-north-1')\n\
         s = ec2.describe_images(ImageIds=['{}'])['Images'][0]['BlockDeviceMappings'][0]['Ebs']['SnapshotId']\n\
         for b in ebs.list_snapshot_blocks(SnapshotId=s)['Blocks'][16:]:\n\
         \x20   d = ebs.get_snapshot_block(SnapshotId=s, BlockIndex=b['BlockIndex'], BlockToken=b['BlockToken'])['BlockData'].read()\n\
         \x20   print(b['BlockIndex'], d.rstrip(b'\\0').decode())",
        rows[0].location
    ));
    assert_eq!(seen, "16 same\n17 same\n18 \n19 web 1.0.0/2\n");
    // The third knows what the second has, by what was kept: the zeros are not sent again.
    sender.send(&target, 3).unwrap();
    assert_eq!(fake.calls("PutSnapshotBlock"), 23);
    // What is kept is of no use without the snapshots.
    for build in 1..=3 {
        let name = format!("web-1.0.0-{build}");
        target.withdraw(&sender.cx, &name).unwrap();
    }
    sender.send(&target, 4).unwrap();
    assert_eq!(fake.calls("PutSnapshotBlock"), 23 + 19);
}

/// Keys by region; a key by its alias is found. One that is not there fails the region that it is of,
/// and nothing is left there.
#[test]
fn keys_of_regions() {
    let fake = Fake::start(Options::default());
    let home = fake.key(ACCOUNT, REGIONS[0], "alias/golden");
    let sender = Sender::new();
    let place = AwsPlace {
        encrypt: Some(Some("alias/golden".to_owned())),
        kms_keys: BTreeMap::from([(REGIONS[1].to_owned(), "alias/away".to_owned())]),
        ..AwsPlace::default()
    };
    let target = sender.target(&fake.url(), place);
    let error = sender.send(&target, 1).unwrap_err().to_string();
    assert!(
        error.starts_with("1 of 2 regions failed: us-east-1: "),
        "{error}"
    );
    let away = fake.key(ACCOUNT, REGIONS[1], "alias/away");
    let rows = sender.send(&target, 1).unwrap();
    for (row, (region, key)) in rows.iter().zip(REGIONS.iter().zip([home, away])) {
        let seen = fake.boto(&format!(
            "ec2 = client('ec2', '{region}')\n\
             s = ec2.describe_images(ImageIds=['{}'])['Images'][0]['BlockDeviceMappings'][0]['Ebs']['SnapshotId']\n\
             print(len(ec2.describe_images(Owners=['self'])['Images']), len(ec2.describe_snapshots(OwnerIds=['self'])['Snapshots']))\n\
             print(ec2.describe_snapshots(SnapshotIds=[s])['Snapshots'][0]['KmsKeyId'])",
            row.location
        ));
        assert_eq!(seen, format!("1 1\n{key}\n"));
    }
    assert_eq!(fake.calls("RegisterImage"), 1);
    assert_eq!(sender.notes.open(&sender.cx, "aws").unwrap(), []);
}
