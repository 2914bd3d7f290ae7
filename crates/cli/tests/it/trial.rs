//! `goldsmith component run --in`: throw-away trees, made of what the store has.

use std::fs;
use std::time::Duration;

use crate::component_run::{EVERYTHING, one};
use crate::crash::{assert_nothing_left, start, wait_until_gone};
use crate::fixture;

#[test]
fn documents_run_in_throw_away_trees() {
    let env = fixture::with_packages();
    env.write("kitchen.yaml", EVERYTHING);
    let online = [
        "component",
        "run",
        "kitchen.yaml",
        "--in",
        "debian:bookworm",
        "--json",
    ];
    let offline = env.run(&[&online[..], &["--offline"]].concat()).expect(7);
    assert!(
        offline.stderr.contains("run it once without `--offline`"),
        "{}",
        offline.stderr
    );
    let first = env.run(&online).expect(0);
    assert_eq!(first.json()["executedStepCount"], 6);
    assert_eq!(first.json()["ignoredFailedStepCount"], 1);
    assert!(
        !fs::exists("/opt/app-1.10").unwrap(),
        "nothing of it is here"
    );
    assert_nothing_left(&env);

    // The layers are kept, what the steps did is not; nothing has to be asked again.
    let run = |document: &str, place: &str, more: &[&str]| {
        let arguments = ["component", "run", document, "--in", place, "--offline"];
        env.run(&[&arguments, more].concat())
    };
    let second = run("kitchen.yaml", "debian:bookworm", &[]).expect(0);
    assert!(
        second
            .stderr
            .contains("4 of the 4 layers of the packages are kept"),
        "{}",
        second.stderr
    );
    assert!(!second.stdout.contains("skipped"), "{}", second.stdout);
    assert!(
        second
            .stdout
            .ends_with("ok 6 steps on a throw-away tree of debian:bookworm\n"),
        "{}",
        second.stdout
    );

    // A tree has what was asked for, and nothing of this machine.
    env.write(
        "look.yaml",
        one("Look", "curl --version >/dev/null && echo curl; ls /boot; id -u; hostname; printenv SECRET || true"),
    );
    let bare = run("look.yaml", "debian:bookworm", &[]).expect(0);
    assert!(!bare.stderr.contains("build/Look: curl"), "{}", bare.stderr);
    let with = run("look.yaml", "debian:bookworm", &["--package", "curl"]).expect(0);
    assert!(
        with.stderr.contains(
            "look.yaml build/Look: curl\nlook.yaml build/Look: 0\nlook.yaml build/Look: localhost\n"
        ),
        "{}",
        with.stderr
    );
    let unknown = run("look.yaml", "debian:bookworm", &["--package", "crul"]).expect(3);
    assert!(
        unknown.stderr.contains("there is no package `crul`"),
        "{}",
        unknown.stderr
    );

    // Nobody reboots a tree.
    env.write("boot.yaml", one("Boot", "exit 194"));
    let boot = run("boot.yaml", "debian:bookworm", &[]).expect(6);
    assert!(
        boot.stderr
            .contains("it asks for a reboot, which is not possible here"),
        "{}",
        boot.stderr
    );
    assert_nothing_left(&env);

    // The tree of an image, as its components left it.
    env.write(
        "page.yaml",
        one("Page", "cat /var/www/html/index.html; ls /usr/sbin/nginx"),
    );
    let none = run("page.yaml", "image:web", &[]).expect(2);
    assert!(
        none.stderr.contains("there is no image `web`"),
        "{}",
        none.stderr
    );
    env.run(&["build", "web", "--offline"]).expect(0);
    let page = run("page.yaml", "image:web@1.0.0", &[]).expect(0);
    assert!(
        page.stderr.contains("Hello from a golden image"),
        "{}",
        page.stderr
    );
    assert!(
        page.stderr.contains("build/Page: /usr/sbin/nginx"),
        "{}",
        page.stderr
    );
    assert_nothing_left(&env);
    // Without its layers there is no tree.
    fs::remove_dir_all(env.home().join("store/layers")).unwrap();
    fs::create_dir(env.home().join("store/layers")).unwrap();
    let gone = run("page.yaml", "image:web", &[]).expect(3);
    assert!(
        gone.stderr
            .contains("the tree of web 1.0.0/1 is not in the store")
            && gone.stderr.contains("`goldsmith build web --force`"),
        "{}",
        gone.stderr
    );
}

#[test]
fn a_killed_trial_leaves_nothing() {
    let env = fixture::with_packages();
    env.write("wait.yaml", one("Wait", "echo here; sleep 1000"));
    let arguments = [
        "component",
        "run",
        "wait.yaml",
        "--in",
        "debian:bookworm",
        "--awstoe-logs=logs",
    ];
    let mut child = start(&env, &arguments);
    let logs = env.project().join("logs");
    loop {
        let folders = fs::read_dir(&logs).into_iter().flatten().flatten();
        let mut consoles =
            folders.map(|folder| fs::read_to_string(folder.path().join("console.log")));
        if consoles.any(|text| text.is_ok_and(|text| text.contains("here"))) {
            break;
        }
        assert!(child.try_wait().unwrap().is_none(), "it waits");
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(wait_until_gone(&env.home()), Vec::<String>::new());
    assert_nothing_left(&env);
}
