//! Life and death of machines with a guest of one boot sector.

use std::sync::Arc;
use std::time::Instant;

use goldsmith_core::cx::Clock;
use goldsmith_core::secret::{MASK, Secret};
use tempfile::TempDir;

use super::*;

/// The real clock.
pub(super) struct SystemClock(Instant);

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "tests measure real machines")]
    pub(super) fn now() -> Instant {
        Instant::now()
    }
}

impl Clock for SystemClock {
    fn unix_seconds(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

pub(super) fn cx() -> Cx {
    Cx::silent(Arc::new(SystemClock(SystemClock::now())))
}

/// Prints `HELLO` and a secret, then waits for the power button and powers off.
///
/// ```text
/// cli; cld; ax = 0; ds = ax; si = text; dx = 0x3f8          first serial port
/// 1: lodsb; if al == 0 goto 2; out dx, al; goto 1
/// 2: out 0x602, 0x0100                                      PM1 enable: power button
/// 3: in ax, 0x600; if !(ah & 1) goto 3                      PM1 status: power button
///    out 0x604, 0x2000                                      PM1 control: sleep type S5
/// 4: hlt; goto 4
/// text
/// ```
const BUTTON: [u8; 74] = [
    0xfa, 0xfc, 0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x2e, 0x7c, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74,
    0x03, 0xee, 0xeb, 0xf8, 0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef, 0xba, 0x00, 0x06, 0xed, 0xf6,
    0xc4, 0x01, 0x74, 0xf7, 0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4, 0xeb, 0xfd, 0x48, 0x45,
    0x4c, 0x4c, 0x4f, 0x0a, 0x73, 0x65, 0x63, 0x72, 0x65, 0x74, 0x3d, 0x68, 0x75, 0x6e, 0x74, 0x65,
    0x72, 0x32, 0x68, 0x75, 0x6e, 0x74, 0x65, 0x72, 0x32, 0x0a,
];

/// The same without ears: halts after the text.
fn deaf() -> Vec<u8> {
    let mut code = BUTTON.to_vec();
    code[20..24].copy_from_slice(&[0xf4, 0xeb, 0xfd, 0x90]);
    code
}

struct Bench {
    dir: TempDir,
    cx: Cx,
}

impl Bench {
    fn new() -> Self {
        let cx = cx();
        cx.redactor.add(&Secret::new("hunter2hunter2".to_owned()));
        Self {
            dir: tempfile::tempdir().unwrap(),
            cx,
        }
    }

    fn spec(&self, code: &[u8]) -> VmSpec {
        let base = self.dir.path().join("disk, 1.raw");
        let mut disk = code.to_vec();
        disk.resize(510, 0);
        disk.extend([0x55, 0xaa]);
        disk.resize(1 << 20, 0);
        std::fs::write(&base, disk).unwrap();
        VmSpec {
            cpus: 1,
            memory_mib: 32,
            alarms: vec!["secret=".to_owned()],
            ..VmSpec::new(
                "test, 1",
                Arch::Amd64,
                Firmware::Bios,
                Disk {
                    base,
                    size_bytes: 40 << 30,
                },
                self.dir.path(),
            )
        }
    }

    /// Starts the machine and waits until it has said all it says.
    fn start(&self, code: &[u8]) -> Vm {
        let mut vm = Vm::start(&self.cx, &self.spec(code)).unwrap();
        let said = vm.wait_exit(&self.cx, Duration::from_secs(20));
        assert!(
            matches!(&said, Err(VmError::Alarm(_))),
            "{said:?}, console: {:?}",
            vm.console().last_lines(10, &self.cx.redactor)
        );
        vm
    }
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn runs_speaks_and_powers_off() {
    let bench = Bench::new();
    let mut vm = bench.start(&BUTTON);
    let pid = vm.process_id().unwrap();
    let status = vm.execute(&bench.cx, "query-status", &Value::Null).unwrap();
    assert_eq!(status["status"], "running");
    let refused = vm.execute(&bench.cx, "no-such-command", &Value::Null);
    assert!(
        matches!(refused, Err(VmError::Refused { .. })),
        "{refused:?}"
    );
    let disk = vm.execute(&bench.cx, "query-block", &Value::Null).unwrap();
    assert_eq!(disk[0]["inserted"]["image"]["virtual-size"], 40_u64 << 30);

    let console = vm.console().clone();
    let off = vm.power_off(&bench.cx, Duration::from_secs(10)).unwrap();
    assert!(
        off.is_clean && off.time < Duration::from_secs(10),
        "{off:?}"
    );
    assert!(!is_alive(pid));
    let shown = console.last_lines(10, &bench.cx.redactor);
    assert_eq!(shown, ["HELLO".to_owned(), format!("secret={MASK}")]);
    assert_eq!(
        std::fs::read_to_string(console.log()).unwrap(),
        format!("HELLO\nsecret={MASK}\n")
    );
}

#[test]
fn a_deaf_guest_is_killed_at_the_deadline() {
    let bench = Bench::new();
    let mut vm = bench.start(&deaf());
    let pid = vm.process_id().unwrap();
    let off = vm.power_off(&bench.cx, Duration::from_millis(300)).unwrap();
    assert!(!off.is_clean);
    vm.wait_exit(&bench.cx, Duration::from_secs(5)).unwrap();
    assert!(!is_alive(pid));
}

#[test]
fn the_disk_is_never_written_and_the_layer_is_sound() {
    let bench = Bench::new();
    let spec = bench.spec(&BUTTON);
    let before = std::fs::read(&spec.disk.base).unwrap();
    drop(bench.start(&BUTTON));
    assert_eq!(std::fs::read(&spec.disk.base).unwrap(), before);
    let layer = std::fs::read(bench.dir.path().join("overlay.qcow2")).unwrap();
    assert_eq!(&layer[..4], b"QFI\xfb");
}

#[test]
fn dropped_means_gone() {
    let bench = Bench::new();
    let vm = bench.start(&deaf());
    let pid = vm.process_id().unwrap();
    // Moved to a thread that ends: the death signal must not depend on it.
    let vm = std::thread::spawn(move || vm).join().unwrap();
    assert!(is_alive(pid));
    drop(vm);
    assert!(!is_alive(pid));
}

#[test]
fn cancel_ends_every_wait() {
    let bench = Bench::new();
    let mut vm = bench.start(&deaf());
    let cancel = bench.cx.cancel.clone();
    let began = SystemClock::now();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        cancel.cancel();
    });
    let until = bench.cx.clock().monotonic() + Duration::from_mins(1);
    let waited = vm.connect_guest(&bench.cx, until);
    assert!(matches!(waited, Err(VmError::Cancelled(_))), "{waited:?}");
    assert!(SystemClock::now() - began < Duration::from_secs(2));
    canceller.join().unwrap();
}

#[test]
fn a_killed_machine_is_noticed_at_once() {
    let bench = Bench::new();
    let mut vm = bench.start(&deaf());
    vm.process.kill();
    let began = SystemClock::now();
    let exit = vm.wait_exit(&bench.cx, Duration::from_secs(30)).unwrap();
    assert!(!exit.success());
    assert!(SystemClock::now() - began < Duration::from_secs(2));
    let after = vm.execute(&bench.cx, "query-status", &Value::Null);
    assert!(matches!(after, Err(VmError::Exited { .. })), "{after:?}");
}

#[test]
fn no_agent_is_told_at_the_deadline() {
    let bench = Bench::new();
    let mut vm = bench.start(&deaf());
    let until = bench.cx.clock().monotonic() + Duration::from_secs(2);
    let waited = vm.connect_guest(&bench.cx, until);
    assert!(matches!(waited, Err(VmError::TooLate { .. })), "{waited:?}");
}

#[test]
fn what_qemu_says_is_passed_on() {
    let bench = Bench::new();
    let mut spec = bench.spec(&BUTTON);
    spec.seeds = vec![bench.dir.path().join("not-there.img")];
    match Vm::start(&bench.cx, &spec) {
        Err(VmError::Setup { text }) => assert!(text.contains("not-there.img"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_what_makes_no_sense() {
    let bench = Bench::new();
    let check = |change: fn(&mut VmSpec), expected: &str| {
        let mut spec = bench.spec(&BUTTON);
        change(&mut spec);
        let error = Vm::start(&bench.cx, &spec).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(|spec| spec.disk.size_bytes = 512, "does not fit");
    check(|spec| spec.disk.base = "relative.raw".into(), "absolute");
    check(
        |spec| spec.disk.base = "/not/there.raw".into(),
        "cannot prepare",
    );
}
