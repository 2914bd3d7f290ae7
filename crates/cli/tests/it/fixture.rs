//! One home with a built image for all tests that need one: made once, then handed out as copies
//! of hard links, so that no test sees what another does.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::env::{TestEnv, repository};

/// The lock that keeps tests, each a process of its own, from building the same home twice.
fn shared() -> (PathBuf, fs::File) {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shared");
    fs::create_dir_all(&place).unwrap();
    let lock = fs::File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    (place, lock)
}

/// An environment with the nginx example, its lock, and every package decoded in the store, but
/// without a layer or an image: a build of it does everything.
pub(crate) fn with_packages() -> TestEnv {
    let env = with_layers();
    for kept in ["layers", "chains", "again"] {
        drop(fs::remove_dir_all(env.home().join("store").join(kept)));
    }
    env
}

/// The same with the layers of its image: a build of it only writes the disk.
pub(crate) fn with_layers() -> TestEnv {
    let env = TestEnv::new();
    copy(&repository("examples/nginx"), &env.project());
    let (place, _lock) = shared();
    let (home, lock_file) = (place.join("home"), place.join("goldsmith.lock"));
    // A home of an earlier run serves as long as its lock still fits: packages are kept by digest.
    if home.join(COMPLETE).exists() && home.join("store/layers").exists() {
        fs::copy(&lock_file, env.project().join("goldsmith.lock")).unwrap();
        forget_images(&home);
        copy(&home, &env.home());
        if env.run(&["plan", "web", "--offline"]).code == 0 && is_current(&env, &home) {
            return env;
        }
        fs::remove_dir_all(env.home()).unwrap();
        fs::remove_file(env.project().join("goldsmith.lock")).unwrap();
    }
    drop(fs::remove_dir_all(&home));
    env.run(&["lock"]).expect(0);
    env.run(&["build", "web"]).expect(0);
    forget_images(&env.home());
    fs::copy(env.project().join("goldsmith.lock"), &lock_file).unwrap();
    copy(&env.home(), &home);
    fs::write(home.join(COMPLETE), run_of_tests()).unwrap();
    env
}

/// Written when a home is whole: the run of tests that last held it against the archive.
const COMPLETE: &str = "complete";

#[expect(
    clippy::disallowed_methods,
    reason = "nextest says there which run it is"
)]
fn run_of_tests() -> String {
    std::env::var("NEXTEST_RUN_ID").unwrap_or_default()
}

/// Whether the archive still gives what the home has: what a test locks beside it must fit. It is asked
/// once in a run of tests.
fn is_current(env: &TestEnv, home: &std::path::Path) -> bool {
    let run = run_of_tests();
    if !run.is_empty() && fs::read_to_string(home.join(COMPLETE)).unwrap() == run {
        return true;
    }
    let is_current = env.run(&["lock", "web", "--check"]).code == 0;
    if is_current {
        fs::write(home.join(COMPLETE), run).unwrap();
    }
    is_current
}

/// Takes the images out of a home, and what its catalog knows of them: numbers that it knows are
/// not given again. What is written in place, or locked, would be everybody's in a copy of links.
fn forget_images(home: &std::path::Path) {
    drop(fs::remove_dir_all(home.join("images")));
    let rest = ["-wal", "-shm"].map(|end| format!("catalog.sqlite{end}"));
    for file in ["catalog.sqlite", "catalog.lock", &rest[0], &rest[1]] {
        drop(fs::remove_file(home.join(file)));
    }
    for lock in fs::read_dir(home.join("store/locks")).unwrap().flatten() {
        fs::remove_file(lock.path()).unwrap();
    }
}

/// Copies a folder by hard links where it can.
#[expect(
    clippy::disallowed_methods,
    reason = "a copy of links, ownership and all, is cp's work"
)]
pub(crate) fn copy(from: &std::path::Path, to: &std::path::Path) {
    drop(fs::remove_dir(to));
    let linked = Command::new("cp")
        .arg("-al")
        .arg(from)
        .arg(to)
        .output()
        .unwrap();
    if !linked.status.success() {
        drop(fs::remove_dir_all(to));
        let copied = Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(to)
            .status()
            .unwrap();
        assert!(copied.success());
    }
}
