//! What garbage collection removes and keeps.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use goldsmith_core::digest::Sha256;
use goldsmith_store::{Claim, GcPolicy, Reason, Shelf, Store, StoreError};

use super::{at, open};

/// A blob of 100 kB, used at `used`.
fn blob(store: &Store, fill: u8, used: i64) -> Sha256 {
    let digest = store.insert(&vec![fill; 100_000][..], None).unwrap();
    store.open_blob(&at(used), &digest).unwrap();
    digest
}

#[test]
fn pins_age_and_size() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let blobs: Vec<Sha256> = (0..5)
        .map(|n| blob(&store, n, i64::from(n) * 100))
        .collect();
    store.pin("web-1.0.0", &BTreeSet::from([blobs[0]])).unwrap();
    let check = |policy: GcPolicy, expected: &[(usize, Reason)]| {
        let plan = store.gc_plan(&at(500), policy).unwrap();
        let found: Vec<_> = plan.remove.iter().map(|(i, r)| (i.digest, *r)).collect();
        let expected: Vec<_> = expected.iter().map(|(n, r)| (blobs[*n], *r)).collect();
        assert_eq!(found, expected, "{policy:?}");
        assert_eq!(plan.freed + plan.kept, store.usage().unwrap().blobs.1);
        plan
    };
    let age = |seconds| Some(Duration::from_secs(seconds));
    check(GcPolicy::default(), &[]);
    check(
        GcPolicy {
            unused_for: age(300),
            size_max: None,
        },
        &[(1, Reason::Unused), (2, Reason::Unused)],
    );
    let plan = check(
        GcPolicy {
            unused_for: age(400),
            size_max: Some(250_000),
        },
        &[(1, Reason::Unused), (2, Reason::Size), (3, Reason::Size)],
    );

    // Used again after the plan was made: stays.
    store.open_blob(&at(501), &blobs[2]).unwrap();
    store.gc(&at(502), &plan).unwrap();
    let left: Vec<_> = blobs.iter().map(|b| store.has_blob(b)).collect();
    assert_eq!(left, [true, false, true, false, true]);

    store.unpin("web-1.0.0").unwrap();
    store.unpin("web-1.0.0").unwrap();
    let everything = GcPolicy {
        unused_for: age(0),
        size_max: None,
    };
    let plan = store.gc_plan(&at(600), everything).unwrap();
    assert_eq!(plan.remove.len(), 3);
    assert_eq!(store.gc(&at(600), &plan).unwrap(), plan.freed);
    assert_eq!(store.usage().unwrap().blobs, (0, 0));
}

#[test]
fn entries_and_partial_downloads() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let digest = Sha256::of(b"x");
    let Claim::Mine(draft) = store.claim(&at(0), Shelf::Packages, &digest).unwrap() else {
        panic!("a fresh store")
    };
    fs::write(draft.path().join("a"), vec![1; 50_000]).unwrap();
    fs::hard_link(draft.path().join("a"), draft.path().join("b")).unwrap();
    store.publish(draft, &[]).unwrap();
    fs::write(store.root().join(format!("partial/{digest}.part")), "half").unwrap();
    let usage = store.usage().unwrap();
    assert_eq!((usage.packages.0, usage.partial.0), (1, 1));
    assert!((50_000..60_000).contains(&usage.packages.1), "{usage:?}");

    let policy = GcPolicy {
        unused_for: Some(Duration::ZERO),
        size_max: None,
    };
    let far = at(i64::MAX / 2);
    let plan = store.gc_plan(&far, policy).unwrap();
    assert_eq!(plan.remove.len(), 2);
    store.gc(&far, &plan).unwrap();
    assert_eq!(store.usage().unwrap(), goldsmith_store::Usage::default());
}

#[test]
fn not_while_others_work() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let other = open(home.path());
    let plan = store.gc_plan(&at(0), GcPolicy::default()).unwrap();
    assert!(matches!(
        store.gc(&at(0), &plan).unwrap_err(),
        StoreError::InUse(_)
    ));
    drop(other);
    store.gc(&at(0), &plan).unwrap();
}

#[test]
fn a_damaged_pin_stops_everything() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    fs::write(store.root().join("pins/web.json"), "{").unwrap();
    assert!(matches!(
        store.gc_plan(&at(0), GcPolicy::default()).unwrap_err(),
        StoreError::Damaged { .. }
    ));
}

/// A layer that needs others, used at `used`.
fn layer(store: &Store, name: &[u8], needs: &[Sha256], used: i64) -> Sha256 {
    let digest = Sha256::of(name);
    let Claim::Mine(draft) = store.claim(&at(used), Shelf::Layers, &digest).unwrap() else {
        panic!("a fresh store")
    };
    fs::create_dir(draft.path().join("tree")).unwrap();
    for file in ["layer.json", "manifest", "tree/file"] {
        fs::write(draft.path().join(file), name).unwrap();
    }
    store.publish(draft, needs).unwrap();
    store.entry(&at(used), Shelf::Layers, &digest).unwrap();
    digest
}

#[test]
fn layers_go_from_the_top() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let bottom = layer(&store, b"bottom", &[], 0);
    let middle = layer(&store, b"middle", &[bottom], 5);
    let top = layer(&store, b"top", &[middle], 10);
    let other = layer(&store, b"other", &[bottom], 20);
    let gone = |policy: GcPolicy| {
        let plan = store.gc_plan(&at(30), policy).unwrap();
        let names = plan.remove.iter().map(|(item, _)| item.digest);
        names.collect::<Vec<_>>()
    };
    let age = |seconds| GcPolicy {
        unused_for: Some(Duration::from_secs(seconds)),
        size_max: None,
    };
    // The bottom counts as used when `other` was.
    assert_eq!(gone(age(15)), [top, middle]);
    assert_eq!(gone(age(0)), [top, middle, other, bottom]);
    store.set_chain("web", home.path(), &[top]).unwrap();
    assert_eq!(gone(age(0)), [other], "a chain keeps all that it needs");
    store
        .set_chain("web", &home.path().join("gone"), &[top])
        .unwrap();
    assert_eq!(gone(age(0)).len(), 4, "until its project is gone");
    fs::write(store.root().join("chains/web.json"), "").unwrap();
    assert_eq!(store.chain("web").unwrap(), [], "a power cut");
}

#[test]
fn what_a_new_layer_stands_on_stays() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let bottom = layer(&store, b"bottom", &[], 5);
    let middle = layer(&store, b"middle", &[bottom], 5);
    layer(&store, b"top", &[middle], 5);
    let policy = GcPolicy {
        unused_for: Some(Duration::ZERO),
        size_max: None,
    };
    let plan = store.gc_plan(&at(5), policy).unwrap();
    assert_eq!(plan.remove.len(), 3);
    // Another build came in between, in the same second, and was killed before it said what it
    // is made of.
    layer(&store, b"new", &[middle], 5);
    store.gc(&at(5), &plan).unwrap();
    assert_eq!(store.usage().unwrap().layers.0, 3);
    assert_eq!(store.check(&at(5), true).unwrap().problems, []);
}

#[test]
fn numbers_go_with_their_layers() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let key = layer(&store, b"key", &[], 0);
    let anew = goldsmith_store::layer_name(&key, 1);
    let Claim::Mine(draft) = store.claim(&at(9), Shelf::Layers, &anew).unwrap() else {
        panic!("a fresh store")
    };
    store.publish(draft, &[]).unwrap();
    store.entry(&at(9), Shelf::Layers, &anew).unwrap();
    store.set_again(&key, 1).unwrap();
    let collect = |now, seconds| {
        let policy = GcPolicy {
            unused_for: Some(Duration::from_secs(seconds)),
            size_max: None,
        };
        let plan = store.gc_plan(&at(now), policy).unwrap();
        store.gc(&at(now), &plan).unwrap();
        store.again(&key).unwrap()
    };
    assert_eq!(collect(10, 5), 1, "the new one is there and counts");
    assert_eq!(collect(100, 5), 0);
    assert_eq!(store.usage().unwrap().layers.0, 0);
}

#[test]
fn trees_are_gone_at_once_and_buried_later() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let collect = |names: &[&[u8]]| {
        for name in names {
            layer(&store, name, &[], 0);
        }
        let policy = GcPolicy {
            unused_for: Some(Duration::ZERO),
            size_max: None,
        };
        let plan = store.gc_plan(&at(9), policy).unwrap();
        assert_eq!(store.gc(&at(9), &plan).unwrap(), plan.freed);
        assert_eq!(store.usage().unwrap(), goldsmith_store::Usage::default());
    };
    let scratches = || {
        let entries = fs::read_dir(store.root().join("scratch")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<Vec<_>>()
    };
    collect(&[]);
    assert_eq!(scratches(), [""; 0], "nothing to bury, no grave");
    collect(&[b"one", b"two"]);
    collect(&[b"three"]);
    assert_eq!(scratches().len(), 2);

    // Whoever comes next knows of them, and waits for none of it; nothing is wrong with them.
    let swept = store.sweep().unwrap();
    assert!(swept.has_graves && swept.removed.is_empty(), "{swept:?}");
    assert_eq!(scratches().len(), 2);
    assert_eq!(store.check(&at(9), true).unwrap().problems, []);

    let stopped = at(9);
    stopped.cancel.cancel();
    goldsmith_store::bury(&stopped, store.root()).unwrap_err();
    assert_eq!(scratches().len(), 2, "it stops when it is told to");
    // Another process has begun with one of them, and gets on with it.
    let busy = fs::File::open(
        store
            .root()
            .join("scratch")
            .join(&scratches()[0])
            .join(".lock"),
    );
    let busy = busy.unwrap();
    busy.lock().unwrap();
    goldsmith_store::bury(&at(9), store.root()).unwrap();
    assert_eq!(scratches().len(), 1);
    drop(busy);
    goldsmith_store::bury(&at(9), store.root()).unwrap();
    assert_eq!(scratches(), [""; 0]);
    assert!(!store.sweep().unwrap().has_graves);
}

#[test]
fn pins_of_a_place_that_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let (web, shop) = (blob(&store, 1, 0), blob(&store, 2, 0));
    let project = home.path().join("project");
    fs::create_dir(&project).unwrap();
    let pin = || store.pin_at("project-web", &project, &BTreeSet::from([web]));
    pin().unwrap();
    store.pin("shop", &BTreeSet::from([shop])).unwrap();
    let plan = |now, age: Option<u64>| {
        let policy = GcPolicy {
            unused_for: age.map(Duration::from_secs),
            size_max: age.is_none().then_some(0),
        };
        store.gc_plan(&at(now), policy).unwrap()
    };
    let check = |now, age, expected: &[Sha256]| {
        let plan = plan(now, age);
        let going: Vec<_> = plan.remove.iter().map(|(item, _)| item.digest).collect();
        let lapsed = usize::from(!expected.is_empty());
        assert_eq!((going.as_slice(), plan.lapsed.len()), (expected, lapsed));
        plan
    };
    let far = i64::MAX / 2;
    check(far, Some(0), &[]);
    fs::remove_dir(&project).unwrap();
    // Pinned a moment ago, or nothing was said of age.
    check(1, Some(100), &[]);
    check(far, None, &[]);
    let gone = check(far, Some(100), &[web]);
    assert_eq!(gone.lapsed[0].place, project);
    // Back again after the plan was made.
    fs::create_dir(&project).unwrap();
    assert_eq!(store.gc(&at(far), &gone).unwrap(), 0);
    assert!(store.has_blob(&web) && store.pinned().unwrap().contains(&web));
    fs::remove_dir(&project).unwrap();
    assert_eq!(store.gc(&at(far), &gone).unwrap(), gone.freed);
    assert_eq!(store.pinned().unwrap(), BTreeSet::from([shop]));
    assert!(!store.has_blob(&web) && store.has_blob(&shop));
}

#[test]
fn keys_that_nobody_asks_for_go() {
    const MONTH: i64 = 30 * 24 * 3600;
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let [old, used, never] = [1, 2, 3].map(|n| Sha256::of(&[n]));
    for key in [old, used] {
        store.add_clean(&key);
        assert!(store.is_clean(&at(0), &key));
    }
    assert!(!store.is_clean(&at(0), &never));
    assert!(store.is_clean(&at(MONTH), &used));
    let collect = |now| {
        let plan = store.gc_plan(&at(now), GcPolicy::default()).unwrap();
        store.gc(&at(now), &plan).unwrap();
    };
    collect(MONTH);
    assert!(home.path().join(format!("store/clean/{old}")).exists());
    collect(MONTH + 1);
    assert!(!store.is_clean(&at(MONTH + 1), &old));
    assert!(store.is_clean(&at(MONTH + 1), &used));
    assert_eq!(store.check(&at(0), true).unwrap().problems, []);
    fs::write(store.root().join("clean/word"), "").unwrap();
    let problems = store.check(&at(0), true).unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert_eq!(store.remedy(&problems[0]), "nothing needs it");
}
