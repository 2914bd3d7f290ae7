//! One boot of one copy: its machine, its files, and its second chance when QEMU crashes.

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::Firmware;
use goldsmith_exec::vm::{Arch, Disk, Vm, VmSpec};

use super::facts::Facts;
use super::format::Boot;
use super::session::{Session, Stop};
use super::{BootTestError, Subject, make_directory, seed};

/// The copy's disk is larger than the image by this, and larger than the 16 GiB up to
/// which an ext4 of 4 KiB blocks grows without new descriptor blocks.
const GROWTH: u64 = 8 << 30;
const GROWN_MIN: u64 = 17 << 30;
/// How often a boot is begun when QEMU itself crashes or stands still.
const ATTEMPTS: u32 = 3;

/// What the kernel says when it waits for a device of the emulated machine that never answers. It
/// was seen on busy hosts without KVM, at the keyboard; no image is to blame before its first program.
const STANDS_STILL: &str = "INFO: task swapper/0:1 blocked for more than";
/// After these on the console no boot goes on.
const ALARMS: [&str; 10] = [
    STANDS_STILL,
    "Kernel panic - not syncing",
    "(initramfs)",
    "grub rescue>",
    "You are in emergency mode",
    "You are in rescue mode",
    "No bootable device.",
    "BdsDxe: No bootable option or device was found",
    "UEFI Interactive Shell",
    "Cannot open access to console, the root account is locked",
];

/// How far a boot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every check.
    Whole,
    /// Until the guest has its identity.
    Identity {
        /// As many ssh host keys as the first copy made.
        host_keys: usize,
    },
}

/// A boot and what the guest said; no facts: it did not come to that.
#[derive(Debug)]
pub(super) struct Booted {
    pub(super) boot: Boot,
    pub(super) facts: Option<Facts>,
}

/// Boots one copy. The machine's files are gone when this returns.
pub(super) fn boot(
    cx: &Cx,
    subject: &Subject<'_>,
    arch: Arch,
    firmware: Firmware,
    extent: Extent,
) -> Result<Booted, BootTestError> {
    let label = match extent {
        Extent::Whole => firmware.name().to_owned(),
        Extent::Identity { .. } => format!("{}-copy", firmware.name()),
    };
    let scratch = subject.scratch.join(&label);
    make_directory(&scratch)?;
    let phase = cx.phase(format!("boot {label}"), None);
    let mut result = attempt(cx, subject, arch, firmware, extent, &label);
    for _ in 1..ATTEMPTS {
        match &result {
            Err(BootTestError::Machine { source, .. }) if source.is_crash() => {
                cx.warn(format!(
                    "boot {label}: QEMU crashed ({source}); starting again"
                ));
            }
            Ok(booted) if stood_still(booted) => {
                cx.warn(format!(
                    "boot {label}: the emulated machine stands still; starting again"
                ));
            }
            _ => break,
        }
        result = attempt(cx, subject, arch, firmware, extent, &label);
    }
    // What cannot be removed now goes with the caller's directory.
    std::fs::remove_dir_all(&scratch).ok();
    let booted = result?;
    let failed = booted
        .boot
        .checks
        .iter()
        .filter(|check| !check.is_passed)
        .count();
    phase.finish(match failed {
        0 => format!("{} checks passed", booted.boot.checks.len()),
        failed => format!("{failed} of {} checks failed", booted.boot.checks.len()),
    });
    Ok(booted)
}

/// Whether the kernel waited in vain before it had started anything.
fn stood_still(booted: &Booted) -> bool {
    let mut checks = booted.boot.checks.iter();
    booted.facts.is_none() && checks.any(|check| check.summary.contains(STANDS_STILL))
}

fn attempt(
    cx: &Cx,
    subject: &Subject<'_>,
    arch: Arch,
    firmware: Firmware,
    extent: Extent,
    label: &str,
) -> Result<Booted, BootTestError> {
    let failed = |source| BootTestError::Machine {
        image: subject.name.clone(),
        firmware,
        source,
    };
    let spec = machine(cx, subject, arch, firmware, label)?;
    let vm = Vm::start(cx, &spec).map_err(failed)?;
    let session = Session::new(cx, subject, firmware, &spec, &vm);
    session.go(vm, extent).map_err(|stop| match stop {
        Stop::Machine(source) => failed(source),
        Stop::Document { document, source } => BootTestError::Document { document, source },
    })
}

/// The machine of a copy, with its seed disk written.
fn machine(
    cx: &Cx,
    subject: &Subject<'_>,
    arch: Arch,
    firmware: Firmware,
    label: &str,
) -> Result<VmSpec, BootTestError> {
    let failed = |path: &std::path::Path| {
        let path = path.to_path_buf();
        move |source| BootTestError::File { path, source }
    };
    let size = std::fs::metadata(&subject.disk)
        .map_err(failed(&subject.disk))?
        .len();
    let disk = Disk {
        base: subject.disk.clone(),
        size_bytes: GROWN_MIN.max(size.saturating_add(GROWTH)),
    };
    let scratch = subject.scratch.join(label);
    let name = format!("goldsmith test {} {label}", subject.name);
    let mut spec = VmSpec::new(&name, arch, firmware, disk, scratch);
    spec.accel = subject.probe.accel(arch);
    spec.cpus = subject.cpus;
    spec.memory_mib = subject.memory_mib;
    spec.alarms = ALARMS.map(str::to_owned).to_vec();
    spec.console_log = subject.logs.join(format!("console-{label}.log"));
    if subject.has_datasource {
        let path = spec.scratch.join("seed.img");
        let instance = format!("goldsmith-test-{label}-{}", cx.clock().unix_seconds());
        seed::write(&path, &instance).map_err(failed(&path))?;
        spec.seeds.push(path);
    }
    Ok(spec)
}
