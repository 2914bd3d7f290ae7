//! The boot test: a finished disk is started on throw-away layers, once per firmware,
//! and has to show that it works. The disk itself is never written.
//!
//! ```text
//! boot_test ── per firmware ──► boot: overlay grown, seed disk, agent by credentials
//!    │                            └─► settle ─► facts (one script) ─► checks ─► hardening, if
//!    │                                          asked for ─► documents' test phases ─► power button
//!    └── identities of two copies compared ──► TestReport: JSON (format), JUnit, text
//! ```
//!
//! A check that fails is a result, not an error: `Err` means that the test could not be
//! made. Everything that comes from the guest is taken for hostile text.

mod boot;
mod check;
mod facts;
pub mod format;
mod hardening;
mod junit;
mod machine;
mod seed;
mod session;
#[cfg(test)]
mod tests;
mod text;

use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_component::run::RunError;
use goldsmith_component::{Document, Parameters, Services};
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::recipe::{Budget, Firmware};
use goldsmith_exec::vm::accel::Probe;
use goldsmith_exec::vm::{Accel, Arch, VmError};

use boot::{Booted, Extent};
use facts::Facts;
use format::{Boot, Check, TestReport, VERSION};
pub use hardening::{Hardening, Ruling};
pub use junit::junit;
pub use text::text;

/// What a boot may take from power-on until every service is up, and a guest to shut down, unless
/// told otherwise: several times what a server with a full audit needs on a busy host. A translated
/// processor is some ten times slower than a real one.
fn limits(accel: Accel) -> (Duration, Duration) {
    match accel {
        Accel::Kvm => (Duration::from_mins(3), Duration::from_mins(1)),
        Accel::Tcg => (Duration::from_mins(15), Duration::from_mins(3)),
    }
}

/// What is tested, and how.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The image as the user calls it.
    pub name: String,
    /// The raw disk. Absolute path.
    pub disk: PathBuf,
    /// Debian's name of its architecture.
    pub arch: String,
    /// How to start it, each once.
    pub firmwares: Vec<Firmware>,
    /// Documents whose test phase runs in each guest, in order; one without is passed over.
    pub documents: Vec<TestDocument>,
    /// What the documents may ask for: see [`crate::services`].
    pub services: Services<'a>,
    /// What it may cost.
    pub budget: Budget,
    /// The profile that each guest is held to.
    pub hardening: Option<Hardening<'a>>,
    /// What the guests run on.
    pub probe: Probe,
    /// What a boot may take until every service is up.
    pub boot_limit: Duration,
    /// What a guest may take to shut down.
    pub power_off_limit: Duration,
    /// Virtual processors of a guest.
    pub cpus: u32,
    /// Memory of a guest in MiB.
    pub memory_mib: u32,
    /// How many guests may run at once: no more than there are processors for, or each takes
    /// as much longer as was to be won, and its boot time is not its own.
    pub at_once: usize,
    /// Whether guests find a datasource for cloud-init, as in a cloud.
    pub has_datasource: bool,
    /// An empty directory of this test alone, made and removed by the caller. Absolute path.
    pub scratch: PathBuf,
    /// Where the console logs go (`console-bios.log`). Absolute path, made if missing.
    pub logs: PathBuf,
}

impl Subject<'_> {
    /// A test with the usual limits, in guests of two processors and 1 GiB.
    pub fn new(name: &str, disk: &Path, arch: &str, probe: Probe, scratch: &Path) -> Self {
        let (boot_limit, power_off_limit) =
            limits(Arch::from_debian(arch).map_or(Accel::Tcg, |arch| probe.accel(arch)));
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            name: name.to_owned(),
            disk: disk.to_path_buf(),
            arch: arch.to_owned(),
            firmwares: vec![Firmware::Bios, Firmware::Uefi],
            documents: Vec::new(),
            services: Services::default(),
            budget: Budget::default(),
            hardening: None,
            probe,
            boot_limit,
            power_off_limit,
            cpus: 2,
            memory_mib: 1024,
            at_once: (processors / 2).max(1),
            has_datasource: true,
            scratch: scratch.to_path_buf(),
            logs: scratch.to_path_buf(),
        }
    }
}

/// A document and the values of its parameters.
#[derive(Debug, Clone)]
pub struct TestDocument {
    /// The document.
    pub document: Document,
    /// The caller has made sensitive ones known to [`Cx::redactor`].
    pub parameters: Parameters,
}

/// Why a test could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BootTestError {
    /// No machine is made for this architecture.
    #[error("no machine can be made for the architecture `{0}`")]
    Arch(String),
    /// A file of the test could not be read or written.
    #[error("cannot prepare `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A document could not be run: its parameters are wrong, say.
    #[error("cannot run the tests of `{document}`")]
    Document {
        /// Its name.
        document: String,
        /// Why.
        #[source]
        source: Box<RunError>,
    },
    /// The machine could not be made, or the test was interrupted.
    #[error("cannot boot `{image}` with {}", firmware.name())]
    Machine {
        /// The image.
        image: String,
        /// How it was to start.
        firmware: Firmware,
        /// Why.
        #[source]
        source: VmError,
    },
}

impl Failure for BootTestError {
    fn class(&self) -> Class {
        match self {
            Self::Arch(_) => Class::Config,
            Self::File { .. } => Class::Environment,
            Self::Document { source, .. } => source.class(),
            Self::Machine { source, .. } => source.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Document { source, .. } => source.hints(),
            Self::Machine { source, .. } => source.hints(),
            Self::Arch(_) => vec!["amd64 and arm64 images can be boot-tested".to_owned()],
            Self::File { .. } => Vec::new(),
        }
    }
}

/// Boots the disk with every firmware asked for and reports. With one firmware, a second
/// copy is booted to compare identities.
pub fn boot_test(cx: &Cx, subject: &Subject<'_>) -> Result<TestReport, BootTestError> {
    let arch = Arch::from_debian(&subject.arch)
        .ok_or_else(|| BootTestError::Arch(subject.arch.clone()))?;
    make_directory(&subject.logs)?;
    let began = cx.clock().monotonic();

    let mut boots: Vec<Boot> = Vec::new();
    let mut all_facts: Vec<Facts> = Vec::new();
    for group in subject.firmwares.chunks(subject.at_once.max(1)) {
        for Booted { boot, facts } in at_once(group, |firmware| {
            boot::boot(cx, subject, arch, firmware, Extent::Whole)
        })? {
            boots.push(boot);
            all_facts.extend(facts);
        }
    }
    if let ([firmware], [first]) = (&subject.firmwares[..], &all_facts[..]) {
        let extent = Extent::Identity {
            host_keys: first.host_keys().len(),
        };
        let Booted { boot, facts } = boot::boot(cx, subject, arch, *firmware, extent)?;
        // Of the second copy only its identity counts, unless it did not come up at all.
        match facts {
            Some(facts) => all_facts.push(facts),
            None => boots.push(boot),
        }
    }
    let checks = match &all_facts[..] {
        [one, other, ..] => check::fresh_identity(one, other),
        _ => Vec::new(),
    };
    let is_passed = boots.iter().all(|boot| boot.is_passed) && checks.iter().all(is_passed);
    Ok(TestReport {
        version: VERSION,
        image: subject.name.clone(),
        is_passed,
        accel: subject.probe.accel(arch),
        accel_reason: subject.probe.reason.clone(),
        total_ms: millis(cx.clock().monotonic().saturating_sub(began)),
        boots,
        checks,
    })
}

/// Boots each firmware on a thread of its own.
fn at_once(
    firmwares: &[Firmware],
    boot: impl Fn(Firmware) -> Result<Booted, BootTestError> + Sync,
) -> Result<Vec<Booted>, BootTestError> {
    std::thread::scope(|scope| {
        let boot = &boot;
        let threads: Vec<_> = firmwares
            .iter()
            .map(|firmware| scope.spawn(move || boot(*firmware)))
            .collect();
        let results = threads.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        // All have ended before the first error is told.
        results.collect::<Vec<_>>().into_iter().collect()
    })
}

fn is_passed(check: &Check) -> bool {
    check.is_passed
}

fn make_directory(path: &Path) -> Result<(), BootTestError> {
    std::fs::create_dir_all(path).map_err(|source| BootTestError::File {
        path: path.to_path_buf(),
        source,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
