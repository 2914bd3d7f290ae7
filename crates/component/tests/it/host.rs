//! This computer as a machine: real processes, files below a directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::time::Duration;

use goldsmith_component::machine::{
    Attributes, Group, Host, Machine as _, MachineError, Program, Script, Status,
};
use goldsmith_core::event::Stream;
use tempfile::TempDir;

use crate::sandbox::cx;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A directory with accounts as the root of a machine.
fn host() -> (TempDir, Host) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("etc")).unwrap();
    // Users of the machine, who need not be users of the computer.
    let passwd = "root:x:0:0::/root:/bin/sh\napp:x:4242:4243::/srv/app:/bin/sh\n";
    std::fs::write(dir.path().join("etc/passwd"), passwd).unwrap();
    let group = "root:x:0:\napp:x:4243:\nweb:x:4244:app\n";
    std::fs::write(dir.path().join("etc/group"), group).unwrap();
    let environment = [("PATH", PATH), ("HOME", "/root"), ("COLOUR", "green")];
    let environment: BTreeMap<OsString, OsString> = environment
        .map(|(name, value)| (name.into(), value.into()))
        .into();
    let host = Host::below(dir.path(), environment).unwrap();
    (dir, host)
}

fn bash(text: &str) -> Script {
    Script::new(Program::Bash(text.to_owned()))
}

/// How it ended, and its standard output.
fn run(host: &Host, script: &Script) -> (Result<Status, MachineError>, Vec<String>) {
    let mut lines = Vec::new();
    let exit = host.run(&cx().0, script, &mut |stream, line| {
        if stream == Stream::Stdout {
            lines.push(line.to_owned());
        }
    });
    (exit.map(|exit| exit.status), lines)
}

fn is_running(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[test]
fn programs_have_its_directory_and_environment() {
    let (dir, host) = host();
    let mut script = bash("pwd; echo $COLOUR $X; echo of the step > made; exit 7");
    script.env.insert("X".to_owned(), "y".to_owned());
    script.cwd = "/etc".to_owned();
    let (status, lines) = run(&host, &script);
    assert_eq!(status.unwrap(), Status::Code(7));
    let etc = dir.path().join("etc").display().to_string();
    assert_eq!(lines, [etc.as_str(), "green y"]);
    assert_eq!(
        std::fs::read_to_string(dir.path().join("etc/made")).unwrap(),
        "of the step\n"
    );
    let argv = |words: &[&str]| {
        Script::new(Program::Argv(
            words.iter().map(|word| (*word).to_owned()).collect(),
        ))
    };
    let (status, lines) = run(&host, &argv(&["printf", "%s|", "a b", "$c"]));
    assert_eq!(
        (status.unwrap(), lines),
        (Status::Code(0), vec!["a b|$c|".to_owned()])
    );
    let (missing, _) = run(&host, &argv(&["no-such-program"]));
    assert_eq!(
        missing.unwrap_err().to_string(),
        "cannot start `no-such-program`"
    );
}

#[test]
fn programs_run_as_users_of_the_machine() {
    let (dir, host) = host();
    let script = Script {
        user: Some("app".to_owned()),
        ..bash("id -u; id -G; echo $HOME $USER $LOGNAME; cat /dev/fd/3 | head -c 5")
    };
    // Else the user may not enter the directory that programs start in.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).unwrap();
    let (status, lines) = run(&host, &script);
    assert_eq!(status.unwrap(), Status::Code(0));
    assert_eq!(lines, ["4242", "4243 4244", "/srv/app app app", "id -u"]);
    let script = Script {
        user: Some("nobody-here".to_owned()),
        ..bash("true")
    };
    let (unknown, _) = run(&host, &script);
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "there is no user `nobody-here` on this machine"
    );
}

#[test]
fn a_timeout_ends_all_that_was_started() {
    let (_dir, host) = host();
    let script = Script {
        timeout: Some(Duration::from_secs(2)),
        ..bash(
            "trap '' TERM; (sleep 600 & echo $!; wait) & (setsid bash -c 'echo $$; exec sleep 600' &); while true; do sleep 1; done",
        )
    };
    let (ended, pids) = run(&host, &script);
    assert!(matches!(ended, Err(MachineError::TimedOut(_))), "{ended:?}");
    assert_eq!(pids.len(), 2);
    assert!(!pids.iter().any(|pid| is_running(pid)), "{pids:?}");
}

#[test]
fn what_a_script_leaves_is_killed_and_told() {
    let (_dir, host) = host();
    let mut pids = Vec::new();
    let script = bash("sleep 600 & echo $!");
    let exit = host.run(&cx().0, &script, &mut |_, line| pids.push(line.to_owned()));
    let exit = exit.unwrap();
    assert_eq!(
        (exit.status, exit.left_behind),
        (Status::Code(0), vec!["sleep".to_owned()])
    );
    assert!(!is_running(&pids[0]), "{pids:?}");
}

#[test]
fn files_stay_below_the_directory() {
    let (dir, host) = host();
    let (cx, _) = cx();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), dir.path().join("out")).unwrap();
    assert!(
        host.write(&cx, "/out/planted", b"x", &Attributes::default())
            .is_err()
    );
    assert!(host.read(&cx, "/../../../../../etc/hostname").is_err());
    let attributes = Attributes {
        mode: Some(0o640),
        owner: Some("app".to_owned()),
        group: Some(Group::Named("web".to_owned())),
    };
    host.write(&cx, "/etc/app.conf", b"x", &attributes).unwrap();
    let metadata = std::fs::metadata(dir.path().join("etc/app.conf")).unwrap();
    assert_eq!(
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777),
        (4242, 4244, 0o640)
    );
    assert_eq!(outside.path().read_dir().unwrap().count(), 0);
}

#[test]
fn the_whole_computer_is_one_too() {
    let host = Host::new(BTreeMap::from([("PATH".into(), PATH.into())])).unwrap();
    let (cx, _) = cx();
    let passwd = host.read(&cx, "/etc/passwd").unwrap();
    assert_eq!(passwd, std::fs::read("/etc/passwd").unwrap());
    let (status, lines) = run(&host, &bash("pwd; env | grep -v ^_= | cut -d= -f1 | sort"));
    assert_eq!(status.unwrap(), Status::Code(0));
    assert_eq!(lines, ["/", "PATH", "PWD", "SHLVL"]);
}
