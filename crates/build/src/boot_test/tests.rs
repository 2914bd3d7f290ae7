//! The whole test on disks that do not come up: guests of one boot sector.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use goldsmith_core::cx::Clock;
use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::secret::{MASK, Secret};
use goldsmith_exec::vm::Accel;

use super::*;

struct SystemClock(Instant);

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "tests run real programs")]
    fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn unix_seconds(&self) -> i64 {
        1_795_433_284
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

pub(super) fn cx() -> Cx {
    Cx::silent(Arc::new(SystemClock::start()))
}

/// Prints its text to the first serial port and halts.
///
/// ```text
/// cli; cld; ax = 0; ds = ax; si = text; dx = 0x3f8
/// 1: lodsb; if al == 0 goto 2; out dx, al; goto 1
/// 2: hlt; goto 2
/// ```
const SPEAKS: [u8; 23] = [
    0xfa, 0xfc, 0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x17, 0x7c, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74,
    0x03, 0xee, 0xeb, 0xf8, 0xf4, 0xeb, 0xfd,
];

struct Bench {
    dir: tempfile::TempDir,
    disk: Vec<u8>,
    subject: Subject<'static>,
}

impl Bench {
    /// A disk whose boot sector says `text`; one that cannot be started without.
    fn new(text: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut disk = vec![0; 1 << 20];
        if let Some(text) = text {
            disk[..SPEAKS.len()].copy_from_slice(&SPEAKS);
            disk[SPEAKS.len()..][..text.len()].copy_from_slice(text.as_bytes());
            disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        }
        let path = dir.path().join("disk.raw");
        std::fs::write(&path, &disk).unwrap();
        let scratch = dir.path().join("scratch");
        std::fs::create_dir(&scratch).unwrap();
        let probe = Probe {
            is_kvm_usable: false,
            reason: "a test".to_owned(),
            boot_id: String::new(),
        };
        let mut subject = Subject::new("web", &path, "amd64", probe, &scratch);
        subject.logs = dir.path().join("logs");
        subject.firmwares = vec![Firmware::Bios];
        subject.memory_mib = 64;
        Self { dir, disk, subject }
    }

    /// Nothing is left, and the disk is as it was.
    fn check_left(&self) {
        let left: Vec<_> = std::fs::read_dir(&self.subject.scratch).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(std::fs::read(&self.subject.disk).unwrap() == self.disk);
        let scratch = self.dir.path().to_str().unwrap().as_bytes().to_vec();
        for process in std::fs::read_dir("/proc").unwrap() {
            let line = process.unwrap().path().join("cmdline");
            let line = std::fs::read(line).unwrap_or_default();
            assert!(!line.windows(scratch.len()).any(|window| window == scratch));
        }
    }

    #[track_caller]
    fn check_failed(&self, cx: &Cx, summary: &str, console: &[&str]) {
        let report = boot_test(cx, &self.subject).unwrap();
        assert!(!report.is_passed);
        assert_eq!(report.accel, Accel::Tcg);
        let [boot] = &report.boots[..] else {
            panic!("{report:?}")
        };
        let found: Vec<_> = boot
            .checks
            .iter()
            .map(|check| (&*check.name, check.is_passed, &*check.summary))
            .collect();
        assert_eq!(found, [("multi-user", false, summary)]);
        assert_eq!(boot.console_tail, console);
        let log = std::fs::read_to_string(&boot.console_log).unwrap();
        assert!(console.iter().all(|line| log.contains(line)), "{log}");
        let shown = text(&report);
        assert!(
            shown.contains(summary) && shown.contains("console-bios.log"),
            "{shown}"
        );
        self.check_left();
    }
}

#[test]
fn a_disk_that_does_not_start() {
    Bench::new(None).check_failed(&cx(), "the machine reset itself", &[]);
}

#[test]
fn a_guest_that_gives_up() {
    let bench = Bench::new(Some("starting\nKernel panic - not syncing: no root\n"));
    bench.check_failed(
        &cx(),
        "the console says `Kernel panic - not syncing: no root`",
        &["starting", "Kernel panic - not syncing: no root"],
    );
}

#[test]
fn an_emulator_that_stands_still_is_started_again() {
    const SAYS: &str = "INFO: task swapper/0:1 blocked for more than 120 seconds.";
    let bench = Bench::new(Some(&format!("{SAYS}\n")));
    let warnings = Arc::new(Warnings::default());
    let sink = Arc::clone(&warnings) as Arc<dyn EventSink>;
    let cx = Cx::new(Arc::new(SystemClock::start()), sink);
    bench.check_failed(&cx, &format!("the console says `{SAYS}`"), &[SAYS]);
    assert_eq!(warnings.0.lock().unwrap().len(), 2);
}

#[test]
fn a_guest_that_never_comes_up_and_tells_a_secret() {
    let mut bench = Bench::new(Some("password hunter2hunter2\n"));
    bench.subject.boot_limit = Duration::from_secs(3);
    let cx = cx();
    cx.redactor.add(&Secret::new("hunter2hunter2".to_owned()));
    let console = format!("password {MASK}");
    bench.check_failed(&cx, "no agent in the guest within 2 s", &[&console]);
}

#[test]
fn interrupted() {
    let bench = Bench::new(Some("starting\n"));
    let cx = cx();
    let cancel = cx.cancel.clone();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(800));
        cancel.cancel();
    });
    let error = boot_test(&cx, &bench.subject).unwrap_err();
    assert_eq!(error.class(), Class::Cancelled, "{error}");
    assert!(cx.clock().monotonic() < Duration::from_secs(4));
    canceller.join().unwrap();
    bench.check_left();
}

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl EventSink for Warnings {
    fn emit(&self, event: Event) {
        if let Event::Warning { text } = event {
            self.0.lock().unwrap().push(text);
        }
    }
}

/// The process whose command line names this directory, once there is one.
fn process_of(directory: &Path) -> rustix::process::Pid {
    let wanted = directory.to_str().unwrap().as_bytes().to_vec();
    loop {
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let number = process.file_name().to_string_lossy().parse().ok();
            if line.windows(wanted.len()).any(|window| window == wanted)
                && let Some(pid) = number.and_then(rustix::process::Pid::from_raw)
            {
                return pid;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_crash_of_qemu_is_not_the_guest_s_fault() {
    let mut bench = Bench::new(Some("starting\n"));
    bench.subject.boot_limit = Duration::from_secs(3);
    let warnings = Arc::new(Warnings::default());
    let cx = Cx::new(Arc::new(SystemClock::start()), warnings.clone());
    let directory = bench.subject.scratch.clone();
    let crash = std::thread::spawn(move || {
        let pid = process_of(&directory);
        std::thread::sleep(Duration::from_millis(500));
        rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
    });
    bench.check_failed(&cx, "no agent in the guest within 2 s", &["starting"]);
    crash.join().unwrap();
    let warnings = warnings.0.lock().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("QEMU crashed"), "{warnings:?}");
}

#[test]
fn subjects_that_make_no_sense() {
    let check = |change: fn(&mut Subject), class: Class| {
        let mut bench = Bench::new(None);
        change(&mut bench.subject);
        assert_eq!(boot_test(&cx(), &bench.subject).unwrap_err().class(), class);
    };
    check(|subject| subject.arch = "vax".to_owned(), Class::Config);
    check(
        |subject| subject.disk = "/not/there.raw".into(),
        Class::Environment,
    );
}
