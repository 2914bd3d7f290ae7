//! Whatever ends a build half-way, nothing stays behind and the next build succeeds.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::env::TestEnv;
use crate::fixture;

/// Mounts whose place or source lies under `place`, as this process sees them.
fn mounts_under(place: &Path) -> Vec<String> {
    let place = place.to_str().unwrap();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts
        .lines()
        .filter(|line| line.contains(place))
        .map(str::to_owned)
        .collect()
}

/// Processes that were started with the home of this test in their environment, or that have
/// their root or a file in it.
fn processes_of(home: &Path) -> Vec<String> {
    let home = home.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.parse::<u32>().is_err() || name == std::process::id().to_string() {
            continue;
        }
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        let is_ours = String::from_utf8_lossy(&environ).contains(home)
            || ["root", "cwd", "exe"].iter().any(|link| {
                fs::read_link(entry.path().join(link))
                    .is_ok_and(|to| to.to_string_lossy().contains(home))
            });
        let state = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if is_ours && !state.contains(") Z ") {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(format!(
                "{name} {}",
                String::from_utf8_lossy(&command).replace('\0', " ")
            ));
        }
    }
    found
}

/// Waits until every process of the home is gone: the kernel takes a moment to kill a namespace.
pub(crate) fn wait_until_gone(home: &Path) -> Vec<String> {
    for _ in 0..100 {
        if processes_of(home).is_empty() {
            return Vec::new();
        }
        pause(Duration::from_millis(50));
    }
    processes_of(home)
}

fn pause(time: Duration) {
    std::thread::sleep(time);
}

pub(crate) fn start(env: &TestEnv, arguments: &[&str]) -> Child {
    env.command(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// After the next command nothing of a dead run is left.
#[track_caller]
pub(crate) fn assert_nothing_left(env: &TestEnv) {
    env.run(&["gc", "--dry-run"]).expect(0);
    env.run(&["doctor", "--store"]).expect(0);
    assert_swept(env);
}

/// Nothing of a dead run is left, now that another command was given.
#[track_caller]
pub(crate) fn assert_swept(env: &TestEnv) {
    let scratch: Vec<_> = fs::read_dir(env.home().join("store/scratch"))
        .unwrap()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert!(scratch.is_empty(), "left in scratch: {scratch:?}");
    assert_eq!(mounts_under(&env.home()), Vec::<String>::new());
    assert_eq!(wait_until_gone(&env.home()), Vec::<String>::new());
    let images = fs::read_dir(env.home().join("images/web"))
        .into_iter()
        .flatten()
        .flatten();
    for image in images {
        assert!(
            image.path().join("record.json").exists(),
            "{} is half an image",
            image.path().display()
        );
    }
}

/// Kills builds at moments that are spread evenly over the time that one takes, then moved by a
/// different part of a step each; how many of them were killed before they were done.
#[expect(
    clippy::disallowed_methods,
    reason = "the moments of the kills are spread over the time of a build"
)]
fn killed_while_building(env: &TestEnv, rounds: u32, option: &str) -> u32 {
    let build = ["build", "web", "--offline", option];
    let started = Instant::now();
    env.run(&build).expect(0);
    let whole = started.elapsed();
    let mut killed = 0;
    for round in 0..rounds {
        let moment = whole * (round * 10 + round * 7 % 10) / (rounds * 10);
        let mut build = start(env, &build);
        pause(moment);
        build.kill().unwrap();
        let status = build.wait().unwrap();
        killed += u32::from(status.signal() == Some(9));
        assert!(
            status.signal() == Some(9) || status.success(),
            "round {round}: {status}"
        );
        assert_eq!(
            wait_until_gone(&env.home()),
            Vec::<String>::new(),
            "round {round}, killed after {moment:?}"
        );
        env.run(&["gc", "--dry-run"]).expect(0);
        assert_swept(env);
    }
    // What a kill has broken is still broken: everything is read once.
    assert_nothing_left(env);
    env.run(&build).expect(0);
    assert_nothing_left(env);
    killed
}

#[test]
fn killed_at_twenty_moments() {
    let env = fixture::with_packages();
    let killed =
        killed_while_building(&env, 6, "--no-cache") + killed_while_building(&env, 14, "--force");
    // A build may end earlier than the one that was measured.
    assert!(killed >= 15, "only {killed} of 20 were killed on the way");
}

#[test]
fn interrupted_cleans_up_and_says_so() {
    let env = fixture::with_packages();
    let mut build = start(&env, &["build", "web", "--force", "--offline"]);
    pause(Duration::from_millis(1500));
    let sent = rustix::process::kill_process(
        rustix::process::Pid::from_child(&build),
        rustix::process::Signal::INT,
    );
    sent.unwrap();
    assert_eq!(build.wait().unwrap().code(), Some(130));
    assert_eq!(wait_until_gone(&env.home()), Vec::<String>::new());
    let scratch = fs::read_dir(env.home().join("store/scratch"))
        .unwrap()
        .count();
    assert_eq!(scratch, 0, "an interrupted build cleans up by itself");
    env.run(&["build", "web", "--offline"]).expect(0);
}

/// A small file system that goes with the test.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn new(place: &Path, size: &str) -> Self {
        fs::create_dir_all(place).unwrap();
        let options = std::ffi::CString::new(format!("size={size}")).unwrap();
        rustix::mount::mount(
            "tmpfs",
            place,
            "tmpfs",
            rustix::mount::MountFlags::empty(),
            options.as_c_str(),
        )
        .expect("mounting a tmpfs needs root, as building does");
        Self(place.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        rustix::mount::unmount(&self.0, rustix::mount::UnmountFlags::DETACH).unwrap();
    }
}

#[test]
fn full_disk_is_said_and_leaves_nothing() {
    let warm = fixture::with_packages();
    for size in ["64m", "700m"] {
        let small = warm.root().join("small");
        let disk = SmallDisk::new(&small, size);
        let failed = warm.run_at(&small, &["build", "web"]);
        assert_eq!(
            failed.code, 7,
            "{size}: {}\n{}",
            failed.stdout, failed.stderr
        );
        assert!(
            failed.stderr.contains("No space left"),
            "{size}: {}",
            failed.stderr
        );
        let scratch = fs::read_dir(small.join("store/scratch")).map_or(0, Iterator::count);
        assert_eq!(scratch, 0, "{size}: scratch is left");
        assert!(
            !small.join("images/web").exists()
                || fs::read_dir(small.join("images/web")).unwrap().count() == 0
        );
        drop(disk);
    }
    // The same project on a disk with space.
    warm.run(&["build", "web", "--offline"]).expect(0);
}
