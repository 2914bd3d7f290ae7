//! Collecting: what goes is gone when the command ends, and its files soon after.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::{Clock as _, Cx};
use goldsmith_core::digest::Sha256;
use goldsmith_exec::clock::SystemClock;
use goldsmith_store::{Claim, Shelf, Store};

use crate::env::TestEnv;

/// A layer that nothing needs.
fn layer(env: &TestEnv, name: &str) {
    let store = Store::open(&env.home().join("store")).unwrap();
    let cx = Cx::silent(Arc::new(SystemClock::start()));
    let digest = Sha256::of(name.as_bytes());
    let Claim::Mine(draft) = store.claim(&cx, Shelf::Layers, &digest).unwrap() else {
        panic!("a fresh store")
    };
    fs::create_dir(draft.path().join("tree")).unwrap();
    fs::write(draft.path().join("tree/file"), name).unwrap();
    store.publish(draft, &[]).unwrap();
}

fn left(env: &TestEnv, folder: &str) -> usize {
    let folder = env.home().join("store").join(folder);
    fs::read_dir(folder).unwrap().count()
}

/// Waits for the process in the background.
fn wait_for_burial(env: &TestEnv) {
    let clock = SystemClock::start();
    while left(env, "scratch") > 0 {
        assert!(clock.monotonic() < Duration::from_mins(2), "nobody does it");
        clock.sleep(Duration::from_millis(20));
    }
}

#[test]
fn space_comes_back_in_the_background() {
    let env = TestEnv::new();
    layer(&env, "one");
    let all = ["gc", "--unused-for", "0s", "--json"];
    let json = env.run(&all).expect(0).json();
    assert_eq!(json["removed"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(
        (left(&env, "layers"), &json["in_background"]),
        (0, &true.into())
    );
    wait_for_burial(&env);

    layer(&env, "two");
    let json = env.run(&[&all[..], &["--wait"]].concat()).expect(0).json();
    assert_eq!(json["in_background"], false);
    assert_eq!((left(&env, "layers"), left(&env, "scratch")), (0, 0));

    // The one in the background was killed: any command sees to it that the rest goes.
    let grave = env.home().join("store/scratch/grave-1-1");
    fs::create_dir_all(grave.join("7/tree")).unwrap();
    fs::write(grave.join(".lock"), "").unwrap();
    env.run(&["gc", "--dry-run"]).expect(0);
    wait_for_burial(&env);
}
