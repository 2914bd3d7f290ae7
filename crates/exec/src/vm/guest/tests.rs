//! The protocol against the real agent, run by the host's own bash on socket pairs.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::mpsc::SyncSender;

use super::*;
use crate::vm::inbox::{inbox, pump};
use crate::vm::process::Process;
use crate::vm::tests::{SystemClock, cx};

/// The agent and the host's side of its ports.
struct Bench {
    inbox: Inbox,
    guest: Guest,
    cx: Cx,
    _sender: SyncSender<Signal>,
    _agent: Process,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (sender, inbox) = inbox();
        let mut control = None;
        let mut kept: Vec<OwnedFd> = Vec::new();
        let mut numbers = Vec::new();
        for port in [Port::Control, Port::Stdout, Port::Stderr] {
            let (ours, theirs) = UnixStream::pair().unwrap();
            pump(
                "port",
                ours.try_clone().unwrap(),
                sender.clone(),
                move |bytes| vec![Signal::Port(port, bytes.to_vec())],
            )
            .unwrap();
            control.get_or_insert(ours);
            numbers.push(theirs.as_raw_fd());
            kept.push(theirs.into());
        }
        let agent = dir.path().join("agent.sh");
        std::fs::write(&agent, AGENT).unwrap();
        let [control_fd, out, err] = numbers[..] else {
            unreachable!("three ports")
        };
        // The descriptors are given away first, as the shell's redirections would do it.
        let start = format!(
            "exec 3<&{control_fd} 4<&{out} 5<&{err} && exec bash {} credential - - - {}/run",
            agent.display(),
            dir.path().display()
        );
        let process = Process::start(
            std::path::Path::new("/bin/bash"),
            &["-c".to_owned(), start],
            dir.path(),
            std::fs::File::create(dir.path().join("stderr")).unwrap(),
            kept,
            |_| {},
        )
        .unwrap();
        let cx = cx();
        let mut bench = Self {
            inbox,
            guest: Guest::new(control.unwrap()).unwrap(),
            cx,
            _sender: sender,
            _agent: process,
            dir,
        };
        let until = bench.cx.clock().monotonic() + Duration::from_secs(10);
        let way = bench
            .guest
            .greet(&bench.cx, &mut bench.inbox, until)
            .unwrap();
        assert_eq!(way, Some(Way::Credential));
        bench
    }

    fn run(&mut self, text: &str, input: &[u8], limit: Duration) -> (Finished, Vec<u8>, Vec<u8>) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let script = Script { text, input, limit };
        let finished = self
            .guest
            .run(
                &self.cx,
                &mut self.inbox,
                script,
                &mut |stream, bytes| match stream {
                    Stream::Stdout => out.extend_from_slice(bytes),
                    Stream::Stderr => err.extend_from_slice(bytes),
                },
            )
            .unwrap();
        (finished, out, err)
    }

    fn check(&mut self, text: &str, code: i32, out: &str, err: &str) {
        let (finished, stdout, stderr) = self.run(text, b"", Duration::from_secs(30));
        assert_eq!(
            (finished.code, finished.is_late, &*stdout, &*stderr),
            (code, false, out.as_bytes(), err.as_bytes()),
            "{text}"
        );
    }
}

#[test]
fn runs_scripts_one_after_another() {
    let mut bench = Bench::new();
    bench.check("true", 0, "", "");
    bench.check("exit 7", 7, "", "");
    bench.check("echo out; echo err >&2; exit 3", 3, "out\n", "err\n");
    bench.check("printf 'no end'", 0, "no end", "");
    bench.check(
        "printf '\\036half a mark\\036'",
        0,
        "\x1ehalf a mark\x1e",
        "",
    );
    bench.check(
        "echo one >/dev/stdout; echo two >/dev/stderr",
        0,
        "one\n",
        "two\n",
    );
    bench.check("cat; pwd", 0, "/\n", "");
    bench.check("kill -9 $$", 137, "", "");
    bench.check(
        "if then",
        2,
        "",
        &format!(
            "{0}/run/script: line 1: syntax error near unexpected token `then'\n\
         {0}/run/script: line 1: `if then'\n",
            bench.dir.path().display()
        ),
    );
    bench.check(
        "for fd in 3 4 5; do [ ! -S /proc/$$/fd/$fd ] || echo $fd; done; umask",
        0,
        "0022\n",
        "",
    );
}

#[test]
fn bytes_go_through_as_they_are() {
    let mut bench = Bench::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let (finished, out, err) = bench.run("cat", &bytes, Duration::from_mins(1));
    assert_eq!((finished.code, err.len()), (0, 0));
    assert!(out == bytes, "{} of {} bytes", out.len(), bytes.len());
}

#[test]
fn a_script_has_its_time() {
    let mut bench = Bench::new();
    let (finished, out, _) = bench.run("echo started; sleep 60", b"", Duration::from_millis(900));
    assert!(finished.is_late, "{finished:?}");
    assert_eq!(out, b"started\n");
    bench.check("exit 124", 124, "", "");
}

#[test]
fn a_daemon_left_behind_does_not_hold_the_agent() {
    let mut bench = Bench::new();
    let began = SystemClock::now();
    bench.check("sleep 30 & echo gone", 0, "gone\n", "");
    bench.check("echo next", 0, "next\n", "");
    // Two seconds for the daemon, none for the next script.
    assert!(SystemClock::now() - began < Duration::from_millis(3500));
}

#[test]
fn marks_in_pieces() {
    let mark = "0123456789abcdef";
    let whole = format!("a\x1eb\x1e0123\x1e\x1e{mark}\x1e");
    for size in 1..=whole.len() {
        let mut tail = Tail::new(mark);
        let mut seen = Vec::new();
        for piece in whole.as_bytes().chunks(size) {
            assert!(!tail.is_done);
            tail.push(piece, &mut |data| seen.extend_from_slice(data));
        }
        assert!(tail.is_done, "{size}");
        assert_eq!(seen, b"a\x1eb\x1e0123\x1e", "{size}");
    }
}

#[test]
fn control_lines() {
    let check =
        |line: &str, expected: Option<i32>| assert_eq!(exit_code(line, 3), expected, "{line}");
    check("exit 3 0", Some(0));
    check("exit 3 137", Some(137));
    check("exit 2 0", None);
    check("exit 3 x", None);
    check("exit 3", None);
    check("hello 1 seed", None);

    let mut line = Vec::new();
    assert_eq!(control_line(&mut line, b"exit"), None);
    assert_eq!(
        control_line(&mut line, b" 1 0\n").as_deref(),
        Some("exit 1 0")
    );
    // A guest that never ends its line is cut short.
    let found = control_line(&mut line, &[b'x'; 5000]);
    assert_eq!(found.map(|text| text.len()), Some(120));
}

#[test]
fn credentials_fit_and_decode() {
    let all = credentials();
    let [(name, value)] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!(*name, "tmpfiles.extra");
    let text = String::from_utf8(value.clone()).unwrap();
    for line in text.lines().filter(|line| line.starts_with("f~")) {
        let encoded = line.rsplit(' ').next().unwrap();
        assert!(BASE64.decode(encoded).is_ok(), "{line}");
    }
    // What the firmware's table holds is limited to 64 KiB in its older form.
    assert!(smbios(name, value).len() < 16 << 10);
    assert!(seed_script().len() < 8 << 10);
}
