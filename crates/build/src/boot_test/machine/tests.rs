//! The machine's scripts, run by the host's own bash as root on files of a scratch place.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use goldsmith_component::machine::Group;

use super::super::tests::cx;
use super::*;

/// Stands for the guest: runs a script as the agent does.
struct HostShell;

impl Shell for HostShell {
    fn shell(
        &mut self,
        cx: &Cx,
        script: Text<'_>,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Finished, VmError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "bytes as they are, unlike `child`"
        )]
        let mut bash = Command::new("timeout")
            .args([
                "-k",
                "5",
                &script.limit.as_secs().to_string(),
                "bash",
                "-c",
                script.text,
            ])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash runs");
        // A script that does not read leaves a broken pipe, which is fine.
        bash.stdin
            .take()
            .expect("piped")
            .write_all(script.input)
            .ok();
        let done = bash.wait_with_output().expect("bash ends");
        output(Stream::Stdout, &done.stdout);
        output(Stream::Stderr, &done.stderr);
        let code = done
            .status
            .code()
            .or(done.status.signal().map(|signal| 128 + signal));
        let code = code.expect("it ended");
        Ok(Finished {
            code,
            is_late: code == 124,
            time: cx.clock().monotonic(),
        })
    }
}

fn run(script: &Script) -> (Result<Exit, MachineError>, Vec<String>) {
    let mut lines = Vec::new();
    let mut shell = HostShell;
    let exit =
        Guest::new(&mut shell).run(&cx(), script, &mut |_, line| lines.push(line.to_owned()));
    (exit, lines)
}

#[track_caller]
fn check(script: &Script, status: Status, lines: &[&str]) {
    let (exit, printed) = run(script);
    assert_eq!(
        (exit.unwrap().status, printed.as_slice()),
        (
            status,
            &lines
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>()[..]
        )
    );
}

fn bash(text: &str) -> Script {
    Script::new(Program::Bash(text.to_owned()))
}

fn argv(words: &[&str]) -> Script {
    Script::new(Program::Argv(
        words.iter().map(|word| (*word).to_owned()).collect(),
    ))
}

#[test]
fn programs() {
    check(
        &bash("pwd; false\ncat; echo end"),
        Status::Code(0),
        &["/", "end"],
    );
    check(&bash("exit 7"), Status::Code(7), &[]);
    check(&bash("kill -9 $$"), Status::Signal(9), &[]);
    let words = ["printf", "%s|", "a b", "$HOME", "it's", "-n", ""];
    check(&argv(&words), Status::Code(0), &["a b|$HOME|it's|-n||"]);
    let script = Script {
        env: BTreeMap::from([("GREETING".to_owned(), "it's $me\nagain".to_owned())]),
        cwd: "/usr".to_owned(),
        ..bash("echo \"$GREETING\"; pwd")
    };
    check(&script, Status::Code(0), &["it's $me", "again", "/usr"]);
    let script = Script {
        user: Some("nobody".to_owned()),
        ..bash("id -un; echo $USER; touch /root/x 2>/dev/null || echo refused")
    };
    check(&script, Status::Code(0), &["nobody", "nobody", "refused"]);
}

#[test]
fn programs_that_cannot_run() {
    let late = Script {
        timeout: Some(Duration::from_secs(1)),
        ..bash("sleep 30")
    };
    assert!(matches!(run(&late).0, Err(MachineError::TimedOut(_))));
    let nobody = Script {
        user: Some("no-such-user".to_owned()),
        ..bash("true")
    };
    assert!(matches!(
        run(&nobody).0,
        Err(MachineError::NoAccount { kind: "user", .. })
    ));
    let start = run(&argv(&["no-such-program"])).0;
    assert!(matches!(start, Err(MachineError::Start { .. })));
    // The same exit code from the program itself means nothing.
    check(&bash("exit 97"), Status::Code(97), &[]);
}

#[test]
fn files() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("it's a place");
    let at = |name: &str| base.join(name).to_str().unwrap().to_owned();
    let mut shell = HostShell;
    let guest = Guest::new(&mut shell);
    let cx = cx();
    let plain = Attributes::default();
    let private = Attributes {
        mode: Some(0o4750),
        owner: Some("nobody".to_owned()),
        group: Some(Group::Named("daemon".to_owned())),
    };
    guest.make_dir(&cx, base.to_str().unwrap(), &plain).unwrap();
    guest.write(&cx, &at("b"), b"one\ntwo\n", &private).unwrap();
    guest.write(&cx, &at("$(a)"), b"", &plain).unwrap();
    assert_eq!(guest.read(&cx, &at("b")).unwrap(), b"one\ntwo\n");
    guest.copy(&cx, &at("b"), &at("c")).unwrap();
    guest.copy(&cx, &at("b"), &at("b")).unwrap();
    assert_eq!(std::fs::read(base.join("c")).unwrap(), b"one\ntwo\n");
    assert_eq!(
        paths(&guest.list(&cx, base.to_str().unwrap(), Depth::One).unwrap()),
        ["$(a)", "b", "c"]
    );
    assert_eq!(guest.stat(&cx, &at("b")).unwrap(), Some(NodeKind::File));
    assert_eq!(guest.stat(&cx, &at("")).unwrap(), Some(NodeKind::Directory));
    assert_eq!(guest.stat(&cx, "/dev/null").unwrap(), Some(NodeKind::Other));
    guest.remove(&cx, &at("b")).unwrap();
    assert_eq!(guest.stat(&cx, &at("b")).unwrap(), None);

    let mode = |name: &str| {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(base.join(name)).unwrap();
        (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
    };
    assert_eq!(mode("$(a)"), (0o644, 0, 0));
    guest.write(&cx, &at("d"), b"", &private).unwrap();
    assert_eq!(mode("d"), (0o4750, 65534, 1));

    let failed = |result: Result<(), MachineError>, expected: io::ErrorKind| match result {
        Err(MachineError::File { source, .. }) => assert_eq!(source.kind(), expected, "{source}"),
        other => panic!("{other:?}"),
    };
    failed(guest.read(&cx, &at("b")).map(drop), io::ErrorKind::NotFound);
    failed(guest.read(&cx, &at("")).map(drop), io::ErrorKind::Other);
    failed(guest.remove(&cx, &at("b")), io::ErrorKind::NotFound);
    failed(
        guest.write(&cx, &at("no/where"), b"", &plain),
        io::ErrorKind::NotFound,
    );
    failed(
        guest.list(&cx, &at("b"), Depth::One).map(drop),
        io::ErrorKind::NotFound,
    );
    failed(
        guest.stat(&cx, "relative").map(drop),
        io::ErrorKind::InvalidInput,
    );
    let nobody = Attributes {
        owner: Some("no-such-user".to_owned()),
        ..plain
    };
    failed(
        guest.write(&cx, &at("e"), b"", &nobody),
        io::ErrorKind::Other,
    );
}

fn paths(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.path.as_str()).collect()
}

/// Everything below a directory: path, permissions, owners, where links lead.
fn describe(directory: &std::path::Path) -> Vec<String> {
    let mut shell = HostShell;
    let text = format!(
        "cd -- {} && find . -printf '%P %m %U:%G %y %l\\n' | sort",
        shell_word(directory.to_str().unwrap())
    );
    let mut lines = Vec::new();
    Guest::new(&mut shell)
        .run(&cx(), &bash(&text), &mut |_, line| {
            lines.push(line.trim().to_owned());
        })
        .unwrap();
    lines
}

#[test]
fn directories() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("it's a place");
    let at = |name: &str| base.join(name).to_str().unwrap().to_owned();
    let mut shell = HostShell;
    let guest = Guest::new(&mut shell);
    let cx = cx();
    let outside = dir.path().join("outside");
    std::fs::write(&outside, "untouched").unwrap();
    std::fs::create_dir_all(base.join("from/.deep/er")).unwrap();
    std::fs::write(base.join("from/.deep/er/f"), "x").unwrap();
    std::os::unix::fs::symlink(&outside, base.join("from/out")).unwrap();
    guest.link(&cx, "from", &at("way")).unwrap();
    assert_eq!(guest.lstat(&cx, &at("way")).unwrap(), Some(NodeKind::Link));
    assert_eq!(
        guest.stat(&cx, &at("way")).unwrap(),
        Some(NodeKind::Directory)
    );
    assert_eq!(guest.lstat(&cx, &at("none")).unwrap(), None);
    assert!(guest.link(&cx, "x", &at("way")).is_err());

    // Through a link to it; what is below is not followed.
    let given = Attributes {
        mode: Some(0o2750),
        owner: Some("nobody".to_owned()),
        group: Some(Group::OfOwner),
    };
    guest.set(&cx, &at("way"), &given, Depth::All).unwrap();
    let out = format!("out 777 65534:65534 l {}", outside.display());
    let expected = [
        "2750 65534:65534 d",
        ".deep 2750 65534:65534 d",
        ".deep/er 2750 65534:65534 d",
        ".deep/er/f 2750 65534:65534 f",
        out.as_str(),
    ];
    assert_eq!(describe(&base.join("from")), expected);
    guest.copy_dir(&cx, &at("way"), &at("copy")).unwrap();
    assert_eq!(describe(&base.join("copy")), expected);
    // A directory of another mode, with something in it, is replaced.
    std::fs::create_dir(base.join("old")).unwrap();
    std::fs::write(base.join("old/gone"), "").unwrap();
    guest.copy_dir(&cx, &at("from"), &at("old")).unwrap();
    assert_eq!(describe(&base.join("old")), expected);
    guest.rename(&cx, &at("copy"), &at("old")).unwrap();
    assert_eq!(describe(&base.join("old")), expected);
    assert_eq!(guest.stat(&cx, &at("copy")).unwrap(), None);
    let plain = Attributes {
        mode: Some(0o700),
        ..Attributes::default()
    };
    guest.set(&cx, &at("old"), &plain, Depth::One).unwrap();
    assert_eq!(describe(&base.join("old"))[0], "700 65534:65534 d");

    for (from, to) in [
        ("from", "from/.deep/new"),
        ("from/.deep", "from"),
        ("from", "from"),
    ] {
        assert!(
            guest.copy_dir(&cx, &at(from), &at(to)).is_err(),
            "{from} {to}"
        );
    }
    for (from, to) in [("from", "from/.deep/new"), ("from/.deep", "from")] {
        assert!(
            guest.rename(&cx, &at(from), &at(to)).is_err(),
            "{from} {to}"
        );
    }
    assert_eq!(describe(&base.join("from")), expected);

    let all = guest.list(&cx, &at("way"), Depth::All).unwrap();
    assert_eq!(paths(&all), [".deep", ".deep/er", ".deep/er/f", "out"]);
    let kinds: Vec<NodeKind> = all.iter().map(|entry| entry.kind).collect();
    let (directory, file, link) = (NodeKind::Directory, NodeKind::File, NodeKind::Link);
    assert_eq!(kinds, [directory, directory, file, link]);
    let one = guest.list(&cx, &at("from"), Depth::One).unwrap();
    assert_eq!(paths(&one), [".deep", "out"]);

    assert!(guest.remove_dir(&cx, &at("from"), Depth::One).is_err());
    assert!(guest.remove_dir(&cx, &at("way"), Depth::All).is_err());
    assert!(guest.remove_dir(&cx, &at("none"), Depth::All).is_err());
    guest.remove_dir(&cx, &at("from"), Depth::All).unwrap();
    std::fs::create_dir(base.join("empty")).unwrap();
    guest.remove_dir(&cx, &at("empty/"), Depth::One).unwrap();
    guest.remove(&cx, &at("way")).unwrap();
    let left = guest.list(&cx, base.to_str().unwrap(), Depth::One).unwrap();
    assert_eq!(paths(&left), ["old"]);
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "untouched");
}

#[test]
fn lines_in_any_pieces() {
    let text = "first\nsecond\r\n\nlast";
    for size in 1..=text.len() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        let mut on_line = |_: Stream, line: &str| seen.push(line.to_owned());
        for piece in text.as_bytes().chunks(size) {
            lines.push(Stream::Stdout, piece, &mut on_line);
        }
        let tail = lines.finish(&mut on_line);
        assert_eq!(seen, ["first", "second", "", "last"], "{size}");
        assert_eq!(tail, seen);
    }
    let mut lines = Lines::default();
    let mut count = 0;
    lines.push(Stream::Stderr, &vec![b'x'; 100_000], &mut |_, _| count += 1);
    assert_eq!(count, 1);
    assert!(lines.partial[1].is_empty());
}
