//! Stacks of real layers, made by real commands: what is listed is held against what the kernel
//! shows.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;

use goldsmith_component::run::DoneStep;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{DiskSpec, Firmware};
use goldsmith_disk::image::Architecture;
use goldsmith_disk::tree::Tree;
use goldsmith_exec::ns::Command;
use goldsmith_inspect::view::tree::TreeView;
use goldsmith_inspect::view::{self, View as _};
use goldsmith_store::Store;
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::host_tree;

use super::*;
use crate::assemble::{Options, Request, assemble_tree, scan};
use crate::diff::{Side, blocks};

const EPOCH: i64 = 1_700_000_000;
const PROGRAMS: [&str; 12] = [
    "bash", "mkdir", "mv", "rm", "ln", "chmod", "chown", "touch", "mknod", "cp", "mkfifo",
    "truncate",
];

fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(EPOCH + 1)))
}

/// A home on the disk of the build: an overlay needs a plain file system.
fn home() -> (tempfile::TempDir, Store) {
    let home =
        tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR").to_owned() + "/../../target").unwrap();
    let store = Store::open(&home.path().join("store")).unwrap();
    (home, store)
}

fn wanted(title: &str, text: &str) -> Wanted {
    let mut parts = Parts::default();
    parts.add("script", text);
    Wanted {
        title: title.to_owned(),
        parts,
        unnoticed: Vec::new(),
    }
}

/// Puts a layer on a stack that a script makes; says whether the script ran. The bottom one is a
/// small tree.
fn put(cx: &Cx, stack: &mut Stack<'_>, script: &str) -> bool {
    put_as(cx, stack, script, Made::default).0
}

fn put_as(
    cx: &Cx,
    stack: &mut Stack<'_>,
    script: &str,
    made: impl FnOnce() -> Made,
) -> (bool, bool) {
    let mut ran = false;
    let is_bottom = stack.layers().is_empty();
    let layer = stack
        .layer(cx, &wanted(script, script), |place| {
            ran = true;
            if is_bottom {
                host_tree::make(place.directory(), &PROGRAMS);
            } else {
                let sandbox = place.sandbox(&[])?;
                run(cx, &sandbox, script);
            }
            Ok::<_, LayerError>(made())
        })
        .unwrap();
    (ran, layer.is_kept())
}

fn run(cx: &Cx, sandbox: &goldsmith_exec::ns::Sandbox, script: &str) {
    let mut said = Vec::new();
    let exit = sandbox
        .run(
            cx,
            &Command::new(["bash", "-euc", script]),
            &mut |_, line| {
                said.push(line.to_owned());
            },
        )
        .unwrap();
    assert!(exit.status.is_success(), "{script}: {said:#?}");
}

/// The tree as the kernel shows it.
fn shown(cx: &Cx, stack: &Stack<'_>) -> Tree {
    let scratch = stack.store().scratch("look").unwrap();
    let (sandbox, _) = stack.open(cx, &scratch).unwrap();
    scan(cx, sandbox.tree_fd(), u32::try_from(EPOCH).unwrap()).unwrap()
}

#[track_caller]
fn check_same(cx: &Cx, stack: &Stack<'_>) {
    let (listed, shown) = (stack.merged().unwrap().into_tree(), shown(cx, stack));
    let lines = |tree: &Tree| -> Vec<String> {
        let nodes = tree.iter();
        nodes
            .map(|(path, node)| format!("{}: {node:?}", String::from_utf8_lossy(path)))
            .collect()
    };
    let (listed, shown) = (lines(&listed), lines(&shown));
    for line in listed.iter().filter(|line| !shown.contains(line)) {
        println!("listed only: {line}");
    }
    for line in shown.iter().filter(|line| !listed.contains(line)) {
        println!("shown only:  {line}");
    }
    assert!(listed == shown);
    let scratch = stack.store().scratch("walk").unwrap();
    let (sandbox, _) = stack.open(cx, &scratch).unwrap();
    let walked = TreeView::open(&sandbox.tree()).unwrap().nodes(cx).unwrap();
    let lines = |nodes: &[view::Node]| -> BTreeSet<String> {
        // What is in these stays out of the disk, and they get their modes when they are listed.
        let is_kept = |node: &&view::Node| {
            let top = node.path[1..].split('/').next();
            scan::MOUNT_POINTS
                .iter()
                .all(|(name, _)| Some(*name) != top)
        };
        let nodes = nodes.iter().filter(is_kept);
        nodes.map(|node| format!("{node:?}")).collect()
    };
    let listed = stack.merged().unwrap().listed();
    let (listed, walked) = (lines(&listed), lines(&walked));
    let other: Vec<&String> = listed.symmetric_difference(&walked).collect();
    assert!(other.is_empty(), "{other:#?}");
}

/// Every way to change a tree that an overlay treats in a way of its own.
const CHANGES: [&str; 11] = [
    "mkdir -p srv/a/b/c srv/x; echo 1 > srv/a/one; echo 2 > srv/a/b/two; ln srv/a/one srv/x/other; \
     ln srv/a/one srv/x/third; ln -s ../a srv/x/link; chown 1:2 srv/a/b; chmod 2750 srv/a/b",
    "rm srv/x/link; rm -r srv/a/b; mkdir srv/a/b; echo 3 > srv/a/b/three",
    "mv srv/a srv/moved; echo 4 > srv/moved/four",
    "mv srv/moved/b srv/moved/renamed; echo 5 > srv/moved/renamed/five; rm srv/moved/one",
    "rm -r srv/x; echo file > srv/x",
    "rm srv/x; mkdir srv/x; echo dir > srv/x/inside",
    "mknod srv/null c 1 3; mkfifo srv/pipe; truncate -s 1M srv/holes; echo x >> srv/holes; chmod 700 /",
    "mkdir -p opt/deep/er; echo 6 > opt/deep/er/six; ln opt/deep/er/six opt/deep/6",
    "mv opt/deep opt/shallow; mv opt/shallow/er opt/er; rm opt/shallow/6",
    "echo more >> opt/er/six; touch tmp/lost; echo lost > run/lost",
    "mv usr/lib usr/lib2; mkdir usr/lib; cp -a usr/lib2/. usr/lib/ 2>/dev/null || true",
];

#[test]
fn lists_say_what_the_kernel_shows() {
    let (_home, store) = home();
    let cx = cx();
    let mut stack = Stack::new(&store, EPOCH, Anew::None);
    put(&cx, &mut stack, "bottom");
    // The last one takes the libraries away for a moment.
    for script in &CHANGES[..CHANGES.len() - 1] {
        assert!(put(&cx, &mut stack, script), "{script}");
        println!("{script}");
        check_same(&cx, &stack);
    }
    // The same once more: nothing runs, and it is the same tree.
    let first = stack.merged().unwrap();
    let mut again = Stack::new(&store, EPOCH, Anew::None);
    for script in std::iter::once(&"bottom").chain(&CHANGES[..CHANGES.len() - 1]) {
        assert!(!put(&cx, &mut again, script), "{script}");
    }
    assert_eq!(again.merged().unwrap(), first);
    assert!(again.layers().iter().all(|layer| layer.was_kept));
    assert_eq!(check(&cx, &store).unwrap(), []);
    assert_eq!(store.usage().unwrap().layers.0, CHANGES.len() as u64);
    assert_eq!(store.check(&cx, true).unwrap().problems, []);
}

#[test]
fn many_layers_are_packed() {
    let (_home, store) = home();
    let cx = cx();
    let mut stack = Stack::new(&store, EPOCH, Anew::None);
    put(&cx, &mut stack, "bottom");
    for round in 0..9 {
        for (number, script) in CHANGES[..CHANGES.len() - 1].iter().enumerate() {
            // What the changes found in the first round is not there in the others.
            let script = match round {
                0 => (*script).to_owned(),
                _ => format!(
                    "mkdir srv/r{round}n{number}; echo {number} > srv/x/inside{number}; rm -f srv/r*/x"
                ),
            };
            put(&cx, &mut stack, &script);
        }
    }
    assert_eq!(stack.layers().len(), 91);
    assert_eq!(stack.lower(&cx).unwrap().len(), 1 + 91 - 32);
    check_same(&cx, &stack);
    assert_eq!(store.check(&cx, true).unwrap().problems, []);
    assert_eq!(check(&cx, &store).unwrap(), []);
    fs::remove_dir_all(stack.lower(&cx).unwrap()[59].join("srv/x")).unwrap();
    assert_eq!(check(&cx, &store).unwrap().len(), 1, "a pack");
}

#[test]
fn a_change_below_makes_all_above_anew() {
    let (_home, store) = home();
    let cx = cx();
    let make = |anew: Anew, scripts: &[&str]| {
        let mut stack = Stack::new(&store, EPOCH, anew);
        put(&cx, &mut stack, "bottom");
        let ran = scripts.iter().map(|script| put(&cx, &mut stack, script));
        let ran: Vec<bool> = ran.collect();
        (ran, stack.merged().unwrap())
    };
    let all = ["echo $RANDOM$RANDOM > a", "cp a b", "cp b c"];
    let (ran, first) = make(Anew::None, &all);
    assert_eq!(ran, [true, true, true]);
    assert_eq!(make(Anew::None, &all).0, [false, false, false]);
    let other = ["echo $RANDOM$RANDOM > a", "cp a b2", "cp b2 c"];
    assert_eq!(make(Anew::None, &other).0, [false, true, true]);
    // Made anew: it counts from then on, for what comes after as well.
    let from = |title: &str| Anew::From(title.to_owned());
    assert_eq!(make(from(all[1]), &all).0, [false, true, true]);
    assert_eq!(make(Anew::None, &all).0, [false, false, false]);
    assert_eq!(make(from(all[1]), &all).0, [false, true, true]);
    let (ran, _) = make(Anew::All, &all);
    assert_eq!(ran, [true, true, true]);
    let (ran, last) = make(Anew::None, &all);
    assert_eq!(ran, [false, false, false]);
    // The other recipe shares the first step only, which is another one now.
    assert_eq!(make(Anew::None, &other).0, [false, true, true]);
    assert_eq!(first.beneath(b"").count(), last.beneath(b"").count());
    assert_eq!(store.check(&cx, true).unwrap().problems, []);
    assert_eq!(check(&cx, &store).unwrap(), []);
}

#[test]
fn nothing_is_kept_after_what_may_not_be() {
    let (_home, store) = home();
    let cx = cx();
    for _ in 0..2 {
        let mut stack = Stack::new(&store, EPOCH, Anew::None);
        put(&cx, &mut stack, "bottom");
        let secret = || Made {
            not_kept: Some("it holds a secret".to_owned()),
            ..Made::default()
        };
        let made = put_as(&cx, &mut stack, "echo s3cret > srv-secret", secret);
        assert_eq!(made, (true, false));
        assert_eq!(
            put_as(&cx, &mut stack, "cp srv-secret other", Made::default),
            (true, false)
        );
        check_same(&cx, &stack);
    }
    assert_eq!(store.usage().unwrap().layers.0, 1);
    assert_eq!(
        fs::read_dir(store.root().join("scratch")).unwrap().count(),
        0
    );
}

#[test]
fn a_step_that_fails_leaves_nothing() {
    let (_home, store) = home();
    let cx = cx();
    let mut stack = Stack::new(&store, EPOCH, Anew::None);
    put(&cx, &mut stack, "bottom");
    let failed = stack.layer(&cx, &wanted("x", "x"), |place| {
        let sandbox = place.sandbox(&[])?;
        run(&cx, &sandbox, "echo half > half");
        Err::<Made, _>(LayerError::Damaged { path: "x".into() })
    });
    assert!(failed.is_err());
    assert_eq!(store.usage().unwrap().layers.0, 1);
    assert_eq!(
        fs::read_dir(store.root().join("scratch")).unwrap().count(),
        0
    );
    put(&cx, &mut stack, "x() { :; }; x");
    check_same(&cx, &stack);
}

#[test]
fn builders_at_once_share_the_work() {
    let (_home, store) = home();
    let scripts = ["mkdir srv", "echo 1 > srv/one", "echo 2 > srv/two"];
    let ran: usize = std::thread::scope(|scope| {
        let build = || {
            let cx = cx();
            let mut stack = Stack::new(&store, EPOCH, Anew::None);
            let bottom = put(&cx, &mut stack, "bottom");
            let steps = scripts.iter().filter(|script| put(&cx, &mut stack, script));
            usize::from(bottom) + steps.count()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(build)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(ran, 4, "each once");
}

#[test]
fn a_layer_cut_short_by_a_power_cut_is_made_again() {
    let (_home, store) = home();
    let cx = cx();
    let build = || {
        let mut stack = Stack::new(&store, EPOCH, Anew::None);
        put(&cx, &mut stack, "bottom");
        let ran = put(&cx, &mut stack, "mkdir srv; echo content > srv/file");
        let directory = stack.layers()[1].tree().parent().unwrap().to_owned();
        (ran, directory)
    };
    let (_, directory) = build();
    let pretend_boot = |directory: &Path| {
        let path = directory.join("entry.json");
        let mut entry: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        entry["boot"] = "another".into();
        fs::write(&path, entry.to_string()).unwrap();
    };
    pretend_boot(&directory);
    assert!(!build().0, "it is whole: looked at and taken");
    pretend_boot(&directory);
    fs::write(directory.join("tree/srv/file"), "").unwrap();
    assert!(build().0, "it is not: made again");
    assert_eq!(
        fs::read(directory.join("tree/srv/file")).unwrap(),
        b"content\n"
    );
    fs::write(directory.join("manifest"), "").unwrap();
    let problems = check(&cx, &store).unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_step_keeps_what_came_of_it() {
    let (_home, store) = home();
    let cx = cx();
    let text = r#"{"report":{"phase":"build","step":"S","action":"ExecuteBash","status":"success","attempts":1,
        "started":0,"duration":{"secs":0,"nanos":0},"cpu":{"secs":0,"nanos":0},"max_rss_bytes":null,"exit_code":null,
        "iterations":1,"inputs":[],"outputs":[{"stdout":"out"}],"tail":[],"error":null,"nested":[]},
        "inputs":[],"outputs":[{"stdout":"out"}]}"#;
    let done: DoneStep = serde_json::from_str(text).unwrap();
    for round in 0..2 {
        let mut stack = Stack::new(&store, EPOCH, Anew::None);
        put(&cx, &mut stack, "bottom");
        let made = || Made {
            done: Some(done.clone()),
            not_kept: None,
        };
        let (ran, _) = put_as(
            &cx,
            &mut stack,
            "mkdir srv; echo 12 > srv/a; rm etc/group",
            made,
        );
        assert_eq!(ran, round == 0);
        let file = &stack.layers()[1].file;
        assert_eq!(file.done.as_ref().unwrap().outputs[0]["stdout"], "out");
        let changes = &file.changes;
        assert_eq!((changes.count, changes.bytes, changes.removed), (1, 3, 1));
        let named: Vec<_> = changes.named.iter().map(|c| (&*c.path, c.bytes)).collect();
        assert_eq!(named, [("/etc/group", None), ("/srv/a", Some(3))]);
    }
}

/// Bytes that compress badly, the same every time.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..bytes.div_ceil(8)).flat_map(|_| next()).collect()
}

/// A disk of a stack's tree.
fn disk(stack: &Stack<'_>, cx: &Cx, path: &Path) {
    let scratch = stack.store().scratch("look").unwrap();
    let (sandbox, _) = stack.open(cx, &scratch).unwrap();
    let host = fs::File::open("/").unwrap();
    let spec = DiskSpec {
        size_bytes: 512 << 20,
        boot: vec![Firmware::Uefi],
        kernel_args: Vec::new(),
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
    assemble_tree(cx, &request, tree, &file, Options::default()).unwrap();
}

#[test]
fn a_late_change_changes_few_blocks() {
    let (home, store) = home();
    let cx = cx();
    let build = |name: &str, page: &str| {
        let mut stack = Stack::new(&store, EPOCH, Anew::None);
        stack
            .layer(&cx, &wanted("bottom", "bottom"), |place| {
                host_tree::make(place.directory(), &PROGRAMS);
                fs::create_dir(place.directory().join("boot")).unwrap();
                fs::write(place.directory().join("boot/vmlinuz-6.1"), "kernel").unwrap();
                let large = place.directory().join("usr/lib/large");
                fs::create_dir(&large).unwrap();
                for number in 0..600 {
                    let bytes = noise(150_000 + number, number as u64 + 1);
                    fs::write(large.join(number.to_string()), bytes).unwrap();
                }
                Ok::<_, LayerError>(Made::default())
            })
            .unwrap();
        put(
            &cx,
            &mut stack,
            "mkdir -p srv opt/app; echo 1 > opt/app/one; echo 2 > etc/two",
        );
        put(
            &cx,
            &mut stack,
            &format!("echo {page:>01000} > srv/page; cp srv/page var/lib/copy"),
        );
        let path = home.path().join(name);
        disk(&stack, &cx, &path);
        Side::disk(path)
    };
    let (old, new) = (build("old", "one"), build("new", "two"));
    let found = blocks(&cx, &old, &new).unwrap();
    // Two files of a KiB, side by side on the disk, of the same size as before.
    assert!(found.allocated > 180, "{found:?}");
    assert!((1..=2).contains(&found.changed), "{found:?}");
    let of: Vec<&str> = found.of.iter().map(|share| share.what.as_str()).collect();
    assert_eq!(of, ["/srv/page", "/var/lib/copy"], "and nothing else");
    // Longer: what describes them changes as well.
    let longer = build("longer", &"x".repeat(3000));
    let found = blocks(&cx, &old, &longer).unwrap();
    assert!(found.changed <= 3, "{found:?}");
}
