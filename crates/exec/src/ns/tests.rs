use std::path::Path;
use std::time::Duration;

use goldsmith_core::event::Stream;
use tempfile::TempDir;

use super::{Command, Sandbox, SandboxError, SandboxSpec, User};
use crate::child::tests::cx;
use crate::child::{Exit, Program, Status};

const TOOLS: [&str; 22] = [
    "bash", "cat", "chmod", "chown", "cp", "env", "hostname", "id", "ls", "ln", "mkdir", "mknod",
    "mount", "mv", "readlink", "rm", "setsid", "sleep", "stat", "sync", "touch", "uname",
];

/// A sandbox over a small tree, with its places.
struct Fixture {
    dir: TempDir,
    sandbox: Sandbox,
}

impl Fixture {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut SandboxSpec)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let lower = place("lower");
        goldsmith_testing::host_tree::make(&lower, &TOOLS);
        let mut spec = SandboxSpec::overlay(vec![lower], place("upper"), place("work"));
        change(&mut spec);
        let sandbox = Sandbox::open(&spec).unwrap();
        Self { dir, sandbox }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.dir.path().join(path)
    }

    fn try_run(&self, command: &Command<'_>) -> Result<(Exit, String), SandboxError> {
        let mut out = String::new();
        let exit = self.sandbox.run(&cx(), command, &mut |stream, line| {
            if stream == Stream::Stderr {
                out.push_str("! ");
            }
            out.push_str(line);
            out.push('\n');
        })?;
        Ok((exit, out))
    }

    /// Runs a script and gives all it prints, its exit code last.
    fn bash(&self, script: &str) -> String {
        let (exit, out) = self.try_run(&Command::new(["bash", "-c", script])).unwrap();
        match exit.status {
            Status::Code(0) => out,
            status => format!("{out}{status}\n"),
        }
    }
}

#[test]
fn the_tree_shows_the_image_and_nothing_else() {
    let fixture = Fixture::new();
    assert_eq!(
        fixture.bash("echo new > /etc/new; echo x > /dev/shm/x; echo x > /dev/x"),
        ""
    );
    let tree = fixture.sandbox.tree();
    assert_eq!(
        std::fs::read_to_string(tree.join("etc/new")).unwrap(),
        "new\n"
    );
    for empty in ["proc", "dev", "sys"] {
        assert_eq!(
            std::fs::read_dir(tree.join(empty)).unwrap().count(),
            0,
            "{empty}"
        );
    }
    std::fs::write(tree.join("etc/from-outside"), "x").unwrap();
    assert_eq!(fixture.bash("cat /etc/from-outside"), "x\n");
    assert!(fixture.path("upper/etc/from-outside").exists());
    assert!(!fixture.path("lower/etc/new").exists());
}

#[test]
fn commands_see_a_fixed_world() {
    let fixture = Fixture::with(|spec| spec.epoch = 1_700_000_000);
    let seen = fixture.bash(
        "echo $$; hostname; umask; pwd; id -u; readlink /dev/fd; ls /dev; ls /sys; env -0 | tr '\\0' ' ' 2>/dev/null; cat",
    );
    let expected = "2\nlocalhost\n0022\n/\n0\n/proc/self/fd\nfd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n";
    assert_eq!(seen, expected);
    let env = fixture.bash("env");
    let mut names: Vec<&str> = env
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "DEBCONF_NONINTERACTIVE_SEEN",
            "DEBIAN_FRONTEND",
            "HOME",
            "LC_ALL",
            "PATH",
            "PERL_HASH_SEED",
            "PERL_PERTURB_KEYS",
            "PWD",
            "PYTHONHASHSEED",
            "SHLVL",
            "SOURCE_DATE_EPOCH",
            "TZ",
            "_",
        ]
    );
    assert!(env.contains("SOURCE_DATE_EPOCH=1700000000"));
}

#[test]
fn the_host_is_out_of_reach() {
    let fixture = Fixture::new();
    let out = fixture.bash(
        "cat /proc/cmdline /proc/kallsyms /proc/1/cmdline | cat - && echo; echo 1 > /proc/sys/kernel/sysrq && echo wrote; \
         cat /proc/1/environ && echo read; mount -t tmpfs x /tmp && echo mounted; \
         mknod /tmp/disk b 254 0; cat /tmp/disk && echo opened; mknod /dev/disk b 254 0; cat /dev/disk && echo opened; \
         echo 1 > /proc/sysrq-trigger; ls /proc/1/root/ && echo root; cat /proc/mounts",
    );
    for forbidden in [
        "wrote",
        "read\n",
        "goldsmith",
        "BOOT_IMAGE",
        "mounted",
        "opened",
        "root\n",
        "ext4",
    ] {
        assert!(!out.contains(forbidden), "{forbidden}: {out}");
    }
}

#[test]
fn overlay_semantics() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("lower/var/dir")).unwrap();
    std::fs::write(fixture.path("lower/var/dir/file"), "old").unwrap();
    // Opened before the change below; a fresh one sees a settled lower.
    let spec = SandboxSpec::overlay(
        vec![fixture.path("lower")],
        fixture.path("upper"),
        fixture.path("work"),
    );
    let dir = &fixture.dir;
    drop(fixture.sandbox);
    let fixture = Fixture {
        dir: tempfile::tempdir().unwrap(),
        sandbox: Sandbox::open(&spec).unwrap(),
    };
    assert_eq!(
        fixture.bash(
            "rm /etc/group && mv /var/dir /var/moved && cat /var/moved/file && \
             echo a > /var/a && ln /var/a /var/b && echo b >> /var/a && cat /var/b && stat -c %h /var/a"
        ),
        "olda\nb\n2\n"
    );
    let whiteout = std::fs::symlink_metadata(dir.path().join("upper/etc/group")).unwrap();
    assert!(std::os::unix::fs::FileTypeExt::is_char_device(
        &whiteout.file_type()
    ));
    assert!(!fixture.sandbox.tree().join("etc/group").exists());
    let inode = |name: &str| {
        std::os::unix::fs::MetadataExt::ino(
            &std::fs::metadata(dir.path().join("upper/var").join(name)).unwrap(),
        )
    };
    assert_eq!(inode("a"), inode("b"));
    assert_eq!(
        std::fs::read_to_string(dir.path().join("lower/var/dir/file")).unwrap(),
        "old"
    );
}

#[test]
fn layers_stack_and_a_directory_is_changed_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.join("etc")).unwrap();
        path
    };
    let (top, base) = (place("top"), place("base, with:odd\\names"));
    goldsmith_testing::host_tree::make(&base, &["bash", "cat"]);
    std::fs::write(base.join("etc/x"), "base").unwrap();
    std::fs::write(top.join("etc/x"), "top").unwrap();
    let spec = SandboxSpec::overlay(vec![top, base.clone()], place("up"), place("wk"));
    let layered = Sandbox::open(&spec).unwrap();
    assert_eq!(
        std::fs::read_to_string(layered.tree().join("etc/x")).unwrap(),
        "top"
    );
    let plain = Sandbox::open(&SandboxSpec::directory(base.clone())).unwrap();
    let command = Command::new(["bash", "-c", "echo changed > /etc/x"]);
    assert!(
        plain
            .run(&cx(), &command, &mut |_, _| {})
            .unwrap()
            .status
            .is_success()
    );
    assert_eq!(
        std::fs::read_to_string(base.join("etc/x")).unwrap(),
        "changed\n"
    );
}

#[test]
fn what_a_command_leaves_behind_is_killed_and_named() {
    let fixture = Fixture::new();
    let script = "setsid sleep 601 </dev/null >/dev/null 2>&1 & disown; (sleep 602 &) ; echo done";
    let (exit, out) = fixture
        .try_run(&Command::new(["bash", "-c", script]))
        .unwrap();
    assert_eq!(out, "done\n");
    assert_eq!(exit.left_behind.len(), 2, "{:?}", exit.left_behind);
    let left = processes()
        .into_iter()
        .filter(|line| line.contains("sleep\x00601") || line.contains("sleep\x00602"))
        .count();
    assert_eq!(left, 0);
    let (exit, out) = fixture
        .try_run(&Command::new(["bash", "-c", "exec > >(cat; echo tail)"]))
        .unwrap();
    assert_eq!((out.as_str(), exit.left_behind.len()), ("tail\n", 0));
}

#[test]
fn network_is_off_unless_asked_for() {
    let interfaces = |fixture: &Fixture| fixture.bash("cat /proc/net/dev").lines().skip(2).count();
    assert_eq!(interfaces(&Fixture::new()), 1);
    let loopback = "exec 3<>/dev/tcp/127.0.0.1/9; true";
    let out = Fixture::new().bash(loopback);
    assert!(out.contains("Connection refused"), "{out}");
    let host = std::fs::read_to_string("/proc/net/dev")
        .unwrap()
        .lines()
        .skip(2)
        .count();
    assert_eq!(interfaces(&Fixture::with(|spec| spec.network = true)), host);
}

#[test]
fn timeout_and_cancel() {
    let fixture = Fixture::new();
    let mut command = Command::new([
        "bash",
        "-c",
        "echo begun; trap '' TERM; sleep 603; sleep 603",
    ]);
    command.timeout = Some(Duration::from_millis(200));
    match fixture.try_run(&command) {
        Err(SandboxError::TimedOut { tail, .. }) => assert_eq!(tail, ["begun"]),
        other => panic!("{other:?}"),
    }
    command.timeout = None;
    let cx = cx();
    let cancelled = fixture
        .sandbox
        .run(&cx.clone(), &command, &mut |_, _| cx.cancel.cancel());
    assert!(
        matches!(cancelled, Err(SandboxError::Cancelled(_))),
        "{cancelled:?}"
    );
    assert!(!processes().iter().any(|line| line.contains("sleep\x00603")));
}

#[test]
fn fsync_succeeds_without_doing_anything() {
    // The kernel itself refuses to sync a device without storage.
    let fixture = Fixture::new();
    assert_eq!(
        fixture.bash("sync /dev/null && sync && sync -f / && echo synced"),
        "synced\n"
    );
}

#[test]
fn user_input_directory_and_descriptors() {
    let fixture = Fixture::new();
    let mut command = Command::new([
        "bash",
        "-c",
        "id -u; id -G; cat; cat <&3; pwd; echo $X; umask",
    ]);
    command.user = Some(User {
        uid: 1000,
        gid: 1001,
        groups: vec![1001, 1002],
    });
    command.stdin = b"input\n".to_vec();
    command.cwd = "/etc".into();
    command.env.insert("X".to_owned(), "y".to_owned());
    command.umask = Some(0o077);
    let file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut &file, b"extra\n").unwrap();
    std::io::Seek::rewind(&mut &file).unwrap();
    command.extra_fds.push(std::os::fd::AsFd::as_fd(&file));
    let (_, out) = fixture.try_run(&command).unwrap();
    assert_eq!(out, "1000\n1001 1002\ninput\nextra\n/etc\ny\n0077\n");
}

#[test]
fn memory_file_systems_last_as_long_as_the_sandbox() {
    let fixture = Fixture::with(|spec| spec.tmpfs = vec!["/run".into()]);
    assert_eq!(fixture.bash("echo kept > /run/x"), "");
    assert_eq!(fixture.bash("cat /run/x"), "kept\n");
    assert!(!fixture.sandbox.tree().join("run/x").exists());
}

#[test]
fn errors_say_what_failed() {
    let fixture = Fixture::new();
    let check = |command: &Command<'_>, expected: &str| {
        let error = fixture.try_run(command).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        let text = format!("{error}: {source}");
        assert!(text.starts_with(expected), "{text}");
    };
    check(
        &Command::new(["no-such"]),
        "cannot start `no-such`: No such file",
    );
    check(
        &Command::new(["/etc/passwd"]),
        "cannot start `/etc/passwd`: Permission denied",
    );
    let mut command = Command::new(["bash"]);
    command.cwd = "/nowhere".into();
    check(
        &command,
        "cannot enter the command's directory for `bash`: No such file",
    );
    let missing = Sandbox::open(&SandboxSpec::directory("/no/such/tree".into())).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "cannot use `/no/such/tree` in a sandbox"
    );
    // An overlay's tree is on an overlay: nothing may be stacked with it as the upper one.
    let tree = std::fs::canonicalize(fixture.sandbox.tree()).unwrap_or(fixture.sandbox.tree());
    let lower = fixture.path("lower");
    let on_overlay = Sandbox::open(&SandboxSpec::overlay(
        vec![lower],
        fixture.sandbox.tree(),
        fixture.path("work"),
    ));
    assert!(
        matches!(on_overlay, Err(SandboxError::UpperOnOverlay { .. })),
        "{tree:?} {on_overlay:?}"
    );
}

#[test]
fn two_hundred_runs_leak_nothing_and_are_quick() {
    let fixture = Fixture::new();
    // What this program has in memory must not matter: a fork that copied its page tables
    // would take twice as long as is allowed below.
    let ballast: Vec<u8> = (0..256 << 20).map(|n: u32| n.to_le_bytes()[0]).collect();
    let fds = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let mounts = || std::fs::read_to_string("/proc/self/mounts").unwrap();
    let command = Command::new(["/usr/bin/bash", "-c", ":"]);
    fixture.try_run(&command).unwrap();
    let (fds_before, mounts_before) = (fds(), mounts());
    let clock = cx();
    let started = clock.clock().monotonic();
    for _ in 0..200 {
        assert!(fixture.try_run(&command).unwrap().0.status.is_success());
    }
    let each = clock.clock().monotonic().saturating_sub(started) / 200;
    println!("one run takes {each:?}");
    assert!(each < Duration::from_millis(50), "{each:?}");
    assert_eq!(ballast.last(), Some(&255));
    assert_eq!(fds(), fds_before);
    assert_eq!(mounts(), mounts_before);
}

#[test]
fn a_panic_of_the_callback_ends_the_command() {
    let fixture = Fixture::new();
    let command = Command::new(["bash", "-c", "echo begun; sleep 606"]);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        fixture
            .sandbox
            .run(&cx(), &command, &mut |_, line| assert_eq!(line, "other"))
    }));
    assert!(panicked.is_err());
    assert!(!processes().iter().any(|line| line.contains("sleep\x00606")));
    assert_eq!(fixture.bash("echo usable"), "usable\n");
}

#[test]
fn runs_may_overlap() {
    let fixture = Fixture::new();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let fixture = &fixture;
            scope.spawn(move || {
                for _ in 0..10 {
                    assert_eq!(
                        fixture.bash(&format!("echo {number}")),
                        format!("{number}\n")
                    );
                }
            });
        }
    });
}

#[test]
fn probe_finds_this_host_able() {
    let dir = tempfile::tempdir().unwrap();
    assert!(super::probe(dir.path()).is_ok());
    std::fs::write(dir.path().join("file"), "").unwrap();
    let missing = super::probe(&dir.path().join("file/x"));
    assert!(
        matches!(missing, Err(SandboxError::Path { .. })),
        "{missing:?}"
    );
}

#[test]
fn kill_nine_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    std::fs::create_dir(&tree).unwrap();
    goldsmith_testing::host_tree::make(&tree, &["bash", "sleep"]);
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    hold_and_kill(Some(&tree), "sleep\x00604");
    assert_eq!(
        std::fs::read_to_string("/proc/self/mounts").unwrap(),
        mounts
    );
    hold_and_kill(None, "sleep\x00605");
}

/// Kills the example that holds commands; none whose command line has `mark` is left.
fn hold_and_kill(tree: Option<&Path>, mark: &str) {
    let hold = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .join("../examples/hold");
    let script =
        "coproc HOLD { exec \"$@\"; }; read -r line <&${HOLD[0]}; echo $line; kill -9 $HOLD_PID";
    let program = Program::new("bash")
        .args(["-c", script, "-"])
        .arg(hold)
        .args(tree);
    assert_eq!(program.lines(&cx()).unwrap(), ["sleeping"]);
    let left = || processes().iter().any(|line| line.contains(mark));
    let cx = cx();
    let deadline = cx.clock().monotonic() + Duration::from_secs(5);
    while left() && cx.clock().monotonic() < deadline {
        cx.clock().sleep(Duration::from_millis(10));
    }
    assert!(!left(), "{:?}", processes());
}

/// Command lines of all processes of the host.
fn processes() -> Vec<String> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(Path::new(&entry.path()).join("cmdline")).ok())
        .collect()
}
