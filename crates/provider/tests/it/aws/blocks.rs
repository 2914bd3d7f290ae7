//! Disks as snapshots, block by block, against the corrected `moto`, with faults put in between.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Failure;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_provider::aws::snapshot::{Blocks, Encryption, Job, Written, write};
use goldsmith_provider::aws::{Aws, leftovers};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::ledger::Notes;
use goldsmith_testing::moto::Moto;

use super::{bytes, cx, settings};

const BLOCK: usize = 512 << 10;
const REGION: &str = "us-east-1";

struct Store {
    moto: Moto,
    front: Front,
    aws: Aws,
    cx: Cx,
    clock: Arc<FakeClock>,
    notes: Notes,
    dir: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        let moto = Moto::corrected();
        let front = Front::of(Some(moto.port()));
        let aws = Aws::new(settings(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_ENDPOINT_URL", &front.url()),
        ]));
        let (cx, clock) = cx();
        Self {
            moto,
            front,
            aws: aws.at(REGION, None),
            cx,
            clock,
            notes: Notes::default(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A disk of a GiB with bytes in these blocks, by the first of which they are told apart.
    fn disk(&self, name: &str, blocks: &[(u32, u8)]) -> PathBuf {
        let path = self.dir.path().join(name);
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(1 << 30).unwrap();
        for (index, mark) in blocks {
            let mut block = bytes(BLOCK);
            block[0] = *mark;
            file.write_all_at(&block, u64::from(*index) * BLOCK as u64)
                .unwrap();
        }
        path
    }

    fn resource(operation: &str) -> Resource {
        Resource {
            provider: "aws".to_owned(),
            account: "123456789012".to_owned(),
            region: REGION.to_owned(),
            kind: ResourceKind::Snapshot,
            operation: operation.to_owned(),
            id: None,
            owner: "test".to_owned(),
        }
    }

    fn write(&self, disk: &PathBuf, operation: &str) -> Result<Written, Box<dyn Failure>> {
        let blocks = Blocks::of(&self.cx, disk).unwrap();
        let tags = BTreeMap::from([("team".to_owned(), "platform".to_owned())]);
        write(
            &self.cx,
            &Job {
                aws: &self.aws,
                disk,
                blocks: &blocks,
                description: "a disk",
                tags: &tags,
                encryption: &Encryption::Account,
                folder: &self.dir.path().join("kept"),
                ledger: &self.notes,
                resource: &Self::resource(operation),
            },
        )
    }

    /// What others read of a snapshot: its state, and index and first byte of each block.
    fn read(&self, snapshot: &str) -> String {
        self.moto.boto(&format!(
            "s = ec2.describe_snapshots(SnapshotIds=['{snapshot}'])['Snapshots'][0]\n\
             print(s['State'], s['VolumeSize'], s['Description'], *sorted(t['Value'] for t in s['Tags'] if not t['Key'].startswith('goldsmith')))\n\
             for b in sorted(ebs.list_snapshot_blocks(SnapshotId='{snapshot}')['Blocks'], key=lambda b: b['BlockIndex']):\n\
             \x20   d = ebs.get_snapshot_block(SnapshotId='{snapshot}', BlockIndex=b['BlockIndex'], BlockToken=b['BlockToken'])['BlockData'].read()\n\
             \x20   print(b['BlockIndex'], d[0], len(d))"
        ))
    }

    fn snapshots(&self) -> usize {
        let count = "print(len(ec2.describe_snapshots()['Snapshots']))";
        self.moto.boto(count).trim().parse().unwrap()
    }

    fn puts(&self) -> usize {
        let lines = self.front.lines();
        lines
            .iter()
            .filter(|line| line.starts_with("PUT /"))
            .count()
    }

    fn kept(&self) -> Vec<String> {
        let entries = self.dir.path().join("kept").read_dir().unwrap().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// The snapshot has the blocks of the disk that are not zeros, byte for byte.
#[test]
fn a_disk_becomes_a_snapshot() {
    let store = Store::new();
    let disk = store.disk("a.raw", &[(0, 1), (1, 2), (700, 3), (2047, 4)]);
    let written = store.write(&disk, "one").unwrap();
    assert_eq!((written.sent, &written.parent), (4, &None));
    let expected = format!(
        "completed 1 a disk platform\n0 1 {BLOCK}\n1 2 {BLOCK}\n700 3 {BLOCK}\n2047 4 {BLOCK}\n"
    );
    assert_eq!(store.read(&written.id), expected);
    assert_eq!(store.kept(), [format!("{}.blocks", written.id)]);
    // The ledger has it until somebody says that it is part of an image.
    let open = goldsmith_core::ledger::Ledger::open(&store.notes, &store.cx, "aws").unwrap();
    assert_eq!(open[0].id.as_ref(), Some(&written.id));
    // It is there already.
    let again = store.write(&disk, "one").unwrap();
    assert_eq!((&again.id, again.sent), (&written.id, 0));
    assert_eq!((store.snapshots(), store.puts()), (1, 4));
}

/// An upload that broke off goes on where it was: no finished block is sent again, and there is
/// one snapshot.
#[test]
fn an_upload_that_broke_off_goes_on() {
    let store = Store::new();
    let all: Vec<(u32, u8)> = (0..40).map(|index| (index * 3, 7)).collect();
    let disk = store.disk("a.raw", &all);
    let refused = r#"{"message":"no"}"#;
    for index in [60, 63, 66] {
        let block = format!("/blocks/{index}");
        store
            .front
            .on_containing(&block, 1, Act::answer(403, refused));
    }
    let error = store.write(&disk, "one").unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
    let before = store.puts();
    assert_eq!(store.kept(), ["one.upload"]);
    let written = store.write(&disk, "one").unwrap();
    assert_eq!(store.snapshots(), 1);
    assert!((3..40).contains(&written.sent), "{written:?}");
    assert_eq!(store.puts() - before, written.sent);
    assert_eq!(store.read(&written.id).lines().count(), 41);
}

/// The answer that names the snapshot is lost, then the journal, too: the snapshot is found by its
/// tag.
#[test]
fn a_snapshot_that_nobody_was_told_of_is_found() {
    let store = Store::new();
    let disk = store.disk("a.raw", &[(0, 1), (5, 2)]);
    store.front.on("POST /snapshots", 1, Act::LoseAnswer);
    // Asked again with the same token, moto, unlike AWS, begins a second one.
    let closed = Act::answer(403, r#"{"message":"no"}"#);
    store.front.on("POST /snapshots", 1, closed);
    store.write(&disk, "one").unwrap_err();
    let begun = store.notes.begun();
    assert_eq!((begun.len(), begun[0].id.as_ref()), (1, None));
    let written = store.write(&disk, "one").unwrap();
    assert_eq!((written.sent, store.snapshots()), (2, 1));
}

/// "Not so fast" makes it slower, and no block is lost.
#[test]
fn throttling_is_honoured() {
    let store = Store::new();
    let all: Vec<(u32, u8)> = (0..60).map(|index| (index, 9)).collect();
    let disk = store.disk("a.raw", &all);
    let slow = r#"{"__type":"RequestThrottledException","message":"slow down"}"#;
    store.front.on("PUT /snapshots", 25, Act::answer(400, slow));
    let written = store.write(&disk, "one").unwrap();
    assert_eq!(written.sent, 60);
    assert_eq!(store.puts(), 85);
    assert_eq!(store.read(&written.id).lines().count(), 61);
    assert!(store.clock.slept().as_millis() > 100);
}

/// A server that takes another byte for the one that was sent is not believed.
#[test]
fn what_is_there_is_not_what_was_sent() {
    let store = Store::new();
    let disk = store.disk("a.raw", &[(0, 1), (5, 2)]);
    store
        .front
        .on_containing("blockToken", 1, Act::Corrupt(100));
    let error = store.write(&disk, "one").unwrap_err();
    assert!(
        error.to_string().contains("block 0 is different"),
        "{error}"
    );
    assert_eq!(store.snapshots(), 0);
    assert!(store.kept().is_empty());
}

/// With an earlier snapshot that shares most, only what differs is sent. `moto` does not know what
/// a parent is: what is there is then less than what was said, which is found out, and the whole
/// is sent.
#[test]
fn a_parent_that_counts_for_nothing_is_found_out() {
    let store = Store::new();
    let old = store.disk("a.raw", &[(0, 1), (1, 2), (2, 3), (9, 4)]);
    let first = store.write(&old, "one").unwrap();
    let new = store.disk("b.raw", &[(0, 1), (1, 2), (2, 5)]);
    let before = store.puts();
    let second = store.write(&new, "two").unwrap();
    // One that differs and one of zeros; then all three.
    assert_eq!(store.puts() - before, 2 + 3);
    assert_eq!((second.sent, second.parent), (3, None));
    assert_eq!(store.read(&second.id).lines().count(), 4);
    assert_eq!(store.snapshots(), 2);
    let bodies = store.front.seen();
    let starts: Vec<_> = bodies
        .iter()
        .filter(|seen| seen.line == "POST /snapshots")
        .map(|seen| String::from_utf8_lossy(&seen.body).contains(&first.id))
        .collect();
    assert_eq!(starts, [false, true, false]);
}

/// What a run that died has left is found by the ledger's name for it, and by its tag.
#[test]
fn leftovers() {
    let store = Store::new();
    let disk = store.disk("a.raw", &[(0, 1)]);
    let no = Act::answer(403, r#"{"message":"no"}"#);
    store.front.on("PUT /", 1, no);
    store.write(&disk, "one").unwrap_err();
    assert_eq!(store.snapshots(), 1);
    let young = std::time::Duration::from_hours(24_000);
    let find = |age| leftovers::find(&store.cx, &store.aws, REGION, age).unwrap();
    assert_eq!(find(young), []);
    // The server's clock is the real one, which may be behind ours.
    goldsmith_core::cx::Clock::sleep(&*store.clock, young * 2);
    let found = find(std::time::Duration::ZERO);
    assert_eq!((found.len(), found[0].operation.as_str()), (1, "one"));
    let remove = |resource| leftovers::remove(&store.cx, &store.aws, resource).unwrap();
    assert_eq!(remove(&found[0]), leftovers::Removal::Removed);
    assert_eq!(remove(&found[0]), leftovers::Removal::Absent);
    assert_eq!(store.snapshots(), 0);
}
