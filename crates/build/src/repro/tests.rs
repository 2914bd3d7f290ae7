//! Builds that part in a known place: each of real layers in a store of its own, and with a disk.

use std::fs;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{DiskSpec, Firmware};
use goldsmith_core::secret::Secret;
use goldsmith_disk::image::Architecture;
use goldsmith_exec::ns::Command;
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::host_tree;

use super::*;
use crate::assemble::{Options, Request, assemble_tree};
use crate::layer::{Anew, Made, Parts, Stack, Wanted};
use crate::record::{Artifact, Images, Record};

const EPOCH: i64 = 1_700_000_000;

fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(EPOCH + 1)))
}

struct Home {
    _directory: tempfile::TempDir,
    store: Store,
    image: Image,
}

impl Home {
    fn build(&self) -> Build<'_> {
        Build {
            image: &self.image,
            store: &self.store,
        }
    }
}

fn wanted(title: &str) -> Wanted {
    let mut parts = Parts::default();
    parts.add("script", title);
    Wanted {
        title: title.to_owned(),
        parts,
        unnoticed: Vec::new(),
    }
}

/// Builds: layers `one` and `two` come of these scripts, whatever their keys say.
fn build(cx: &Cx, scripts: [&str; 2], kernel_argument: &str, input: &str) -> Home {
    let place = env!("CARGO_MANIFEST_DIR").to_owned() + "/../../target";
    let directory = tempfile::tempdir_in(place).unwrap();
    let store = Store::open(&directory.path().join("store")).unwrap();
    let mut stack = Stack::new(&store, EPOCH, Anew::None);
    stack
        .layer(cx, &wanted("bottom"), |place| {
            host_tree::make(place.directory(), &["bash", "rm", "chmod", "touch"]);
            fs::create_dir_all(place.directory().join("boot")).unwrap();
            fs::create_dir_all(place.directory().join("srv")).unwrap();
            fs::write(place.directory().join("boot/vmlinuz-6.1"), "kernel").unwrap();
            Ok::<_, LayerError>(Made::default())
        })
        .unwrap();
    for (title, script) in ["one", "two"].into_iter().zip(scripts) {
        stack
            .layer(cx, &wanted(title), |place| {
                let sandbox = place.sandbox(&[])?;
                let command = Command::new(["bash", "-euc", script]);
                let exit = sandbox.run(cx, &command, &mut |_, _| {})?;
                assert!(exit.status.is_success(), "{script}: {:?}", exit.tail);
                Ok::<_, LayerError>(Made::default())
            })
            .unwrap();
    }
    let folder = directory.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let artifact = disk(cx, &stack, kernel_argument, &folder.join("disk.raw"));
    let mut record = Record::new("web", Sha256::of(b"key"));
    record.inputs.add("input", &[input]);
    record.layers = stack.kept();
    record.artifacts = vec![artifact];
    let images = Images::new(directory.path());
    let pattern = "1.0.x".parse().unwrap();
    Home {
        image: images.publish(&folder, pattern, record).unwrap(),
        store: store.clone(),
        _directory: directory,
    }
}

fn disk(cx: &Cx, stack: &Stack<'_>, kernel_argument: &str, path: &std::path::Path) -> Artifact {
    let scratch = stack.store().scratch("top").unwrap();
    let (sandbox, _) = stack.open(cx, &scratch).unwrap();
    let host = fs::File::open("/").unwrap();
    let spec = DiskSpec {
        size_bytes: 192 << 20,
        boot: vec![Firmware::Uefi],
        kernel_args: vec![kernel_argument.to_owned()],
    };
    let request = Request {
        tree: sandbox.tree_fd(),
        boot_files: host.as_fd(),
        disk: &spec,
        architecture: Architecture::X86_64,
        seed: Sha256::of(b"seed"),
        epoch: u32::try_from(EPOCH).unwrap(),
    };
    let tree = stack.merged().unwrap().into_tree();
    let file = fs::File::create(path).unwrap();
    let written = assemble_tree(cx, &request, tree, &file, Options::default()).unwrap();
    Artifact {
        file: "disk.raw".to_owned(),
        kind: "raw".to_owned(),
        size_bytes: written.size,
        allocated_bytes: written.allocated,
        digest: written.digest,
        sha256: None,
    }
}

const SAME: &str = "echo same > srv/same";

/// Where two builds part whose first layer comes of these scripts.
fn found(old: &str, new: &str) -> Difference {
    let cx = cx();
    cx.redactor.add(&Secret::new("hunter22".to_owned()));
    let homes = [old, new].map(|script| build(&cx, [script, SAME], "quiet", "same"));
    let found = compare(&cx, homes[0].build(), homes[1].build()).unwrap();
    found.expect("they differ")
}

#[test]
fn file_and_byte() {
    let content = found("echo one hunter22 a > srv/x", "echo one hunter22 b > srv/x");
    assert_eq!(content.place, Where::Layer);
    assert_eq!(content.layer.as_deref(), Some("one"));
    assert_eq!(content.path.as_deref(), Some("/srv/x"));
    assert_eq!((content.what.as_str(), content.at), ("content", Some(13)));
    assert_eq!(content.old.as_deref(), Some("one (secret) a\\n"));
    assert_eq!(content.new.as_deref(), Some("one (secret) b\\n"));
    assert_eq!(
        (content.files, content.on_disk.as_deref()),
        (1, Some("/srv/x"))
    );

    let private = "echo token-a > srv/x; chmod 640 srv/x";
    let private = found(private, &private.replace("-a", "-b"));
    assert_eq!((private.at, private.old), (Some(6), None));

    let longer = found("echo a > srv/x", "echo ab > srv/x");
    assert_eq!((longer.what.as_str(), longer.at), ("size 2 -> 3", Some(1)));
}

#[test]
fn what_is_no_content() {
    let cases = [
        ("echo a > srv/x; chmod 600 srv/x", "mode 0644 -> 0600"),
        (":", "only the first build has it"),
        (": > srv/x", "size 2 -> 0"),
    ];
    for (script, what) in cases {
        let found = found("echo a > srv/x", script);
        assert_eq!(found.what, what);
        assert_eq!(found.path.as_deref(), Some("/srv/x"));
    }
    // What no list of files shows.
    let time = "echo a > srv/x; touch -d @1000000000 srv/x";
    let time = found(time, &time.replace("000 srv", "007 srv"));
    assert_eq!(
        time.what,
        "time 1000000000.000000000 -> 1000000007.000000000"
    );
    assert_eq!((time.place, time.files), (Where::Layer, 0));
    assert_eq!(time.on_disk.as_deref(), Some("inode of /srv/x"));
}

#[test]
fn what_went_again_is_no_cause() {
    let cx = cx();
    let homes = [
        ["echo a > srv/gone", "rm srv/gone; echo a > srv/x"],
        ["echo b > srv/gone", "rm srv/gone; echo b > srv/x"],
    ]
    .map(|scripts| build(&cx, scripts, "quiet", "same"));
    let found = compare(&cx, homes[0].build(), homes[1].build())
        .unwrap()
        .unwrap();
    assert_eq!(found.layer.as_deref(), Some("two"));
    assert_eq!(found.path.as_deref(), Some("/srv/x"));
}

#[test]
fn after_the_layers_or_not_at_all() {
    let cx = cx();
    let scripts = ["echo a > srv/x", SAME];
    let home = build(&cx, scripts, "quiet", "same");
    let same = build(&cx, scripts, "quiet", "same");
    assert_eq!(compare(&cx, home.build(), same.build()).unwrap(), None);
    let disk = build(&cx, scripts, "noise", "same");
    let found = compare(&cx, home.build(), disk.build()).unwrap().unwrap();
    assert_eq!((found.place, found.layer), (Where::File, None));
    assert_eq!(found.path.as_deref(), Some("/boot/grub/grub.cfg"));
    assert!(found.old.is_some_and(|bytes| bytes.contains("quiet")));
    let input = build(&cx, scripts, "quiet", "other");
    let found = compare(&cx, home.build(), input.build()).unwrap().unwrap();
    assert_eq!(
        (found.place, found.what.as_str()),
        (Where::Inputs, "changed: input")
    );
    // Without layers there is still the disk.
    let other = build(&cx, ["echo b > srv/x", SAME], "quiet", "same");
    fs::remove_dir_all(other.store.root().join("layers")).unwrap();
    let found = compare(&cx, home.build(), other.build()).unwrap().unwrap();
    assert_eq!((found.place, found.at), (Where::File, Some(0)));
}

#[test]
fn the_report_says_all_of_it() {
    let round = |number, difference| Round {
        number,
        ms: 41_000,
        digest: None,
        surroundings: Surroundings::of_round(number),
        difference,
    };
    let mut difference = Difference::of_file(Some("a.yaml build/One"), "/srv/x", "content");
    difference.at = Some(7);
    difference.old = Some("one".to_owned());
    let rounds = vec![round(1, None), round(2, Some(difference))];
    let report = ReproReport::new("web 1.0.0/1".to_owned(), None, rounds);
    let shown = text(&report);
    for word in [
        "web 1.0.0/1 is NOT reproducible: 1 of 2 builds more differ",
        "1 same",
        "umask 077, Asia/Kathmandu, de_DE.UTF-8",
        "layer   a.yaml build/One",
        "content, from byte 7",
        "first   one",
    ] {
        assert!(shown.contains(word), "`{word}` is missing in\n{shown}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rounds"][1]["difference"]["where"], "layer");
    assert_eq!(json["is_reproducible"], false);
    let all = (1..=6)
        .map(Surroundings::of_round)
        .map(|s| (s.umask, s.time_zone, s.clock_shift_s));
    let shifts: std::collections::BTreeSet<_> = all.collect();
    assert_eq!(shifts.len(), 6, "every round is another");
}
