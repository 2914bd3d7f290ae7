//! Which accelerator really runs a kernel on this host.
//!
//! A `/dev/kvm` that opens is no proof: on some hosts KVM emulates the guest's kernel
//! instruction by instruction, a thousand times slower than QEMU's own translator, and
//! dies at the first instruction it does not know. So a guest of one boot sector tries,
//! with a deadline, what every kernel does early (`accel/probe.s`).

use std::path::Path;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::Firmware;

use super::{Accel, Arch, Disk, Network, Vm, VmError, VmSpec};

/// A processor needs 0.3 s for the probe, an emulator minutes.
const DEADLINE: Duration = Duration::from_secs(5);
/// What the probe prints when it has done everything.
const SUCCESS: &str = "RUNS";

/// What the probe found. Keep it for as long as `boot_id` stays: it costs up to five seconds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Probe {
    /// Whether KVM runs a kernel.
    pub is_kvm_usable: bool,
    /// Why it does not; what it was that ran, else.
    pub reason: String,
    /// The boot of the host that this was found on.
    pub boot_id: String,
}

impl Probe {
    /// The accelerator to use for guests of an architecture: KVM runs the host's own only,
    /// which is x86-64 wherever the probe says yes.
    pub fn accel(&self, arch: Arch) -> Accel {
        if self.is_kvm_usable && arch == Arch::Amd64 {
            Accel::Kvm
        } else {
            Accel::Tcg
        }
    }

    /// Whether the host still is the one that was probed.
    pub fn is_current(&self) -> bool {
        !self.boot_id.is_empty() && self.boot_id == boot_id()
    }
}

/// Tries KVM with a tiny guest of the host's own architecture; `scratch` is a directory
/// for its files. An `Err` is about QEMU or the directory, not about KVM.
pub fn probe(cx: &Cx, scratch: &Path) -> Result<Probe, VmError> {
    let found = |is_kvm_usable: bool, reason: String| Probe {
        is_kvm_usable,
        reason,
        boot_id: boot_id(),
    };
    if !cfg!(target_arch = "x86_64") {
        return Ok(found(false, "KVM is used on x86-64 hosts only".to_owned()));
    }
    let opened = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/kvm");
    if let Err(error) = opened {
        return Ok(found(false, format!("/dev/kvm: {error}")));
    }
    match run_probe(cx, scratch, Accel::Kvm) {
        Ok(time) => {
            let ms = time.as_millis();
            Ok(found(true, format!("the probe guest ran in {ms} ms")))
        }
        Err(Failed::Guest(reason)) => Ok(found(false, format!("KVM is not usable: {reason}"))),
        Err(Failed::Host(error)) => Err(error),
    }
}

enum Failed {
    Guest(String),
    Host(VmError),
}

fn run_probe(cx: &Cx, scratch: &Path, accel: Accel) -> Result<Duration, Failed> {
    let base = scratch.join("probe.raw");
    std::fs::write(&base, sector(&PROBE)).map_err(|source| {
        Failed::Host(VmError::File {
            path: base.clone(),
            source,
        })
    })?;
    let disk = Disk {
        base,
        size_bytes: 1 << 20,
    };
    let spec = VmSpec {
        accel,
        cpus: 1,
        memory_mib: 32,
        network: Network::None,
        has_guest_channel: false,
        alarms: vec![SUCCESS.to_owned()],
        ..VmSpec::new("probe", Arch::Amd64, Firmware::Bios, disk, scratch)
    };
    let mut vm = match Vm::start(cx, &spec) {
        Ok(vm) => vm,
        Err(VmError::Setup { text }) => {
            let first = text.split(';').next().unwrap_or_default();
            let first = first.trim_start_matches("qemu-system-x86_64: ");
            return Err(Failed::Guest(first.to_owned()));
        }
        Err(error) => return Err(Failed::Host(error)),
    };
    match vm.wait_exit(cx, DEADLINE) {
        Err(VmError::Alarm(_)) => Ok(cx.clock().monotonic().saturating_sub(vm.started())),
        Ok(exit) => Err(Failed::Guest(format!(
            "QEMU ended ({exit}): {}",
            vm.complaint()
        ))),
        Err(VmError::TooLate { .. }) => Err(Failed::Guest(match vm.complaint() {
            text if text.contains("emulation failure") => {
                "KVM emulates kernel code and cannot do all of it".to_owned()
            }
            _ => format!(
                "the probe guest did not end within {} s",
                DEADLINE.as_secs()
            ),
        })),
        Err(error) => Err(Failed::Host(error)),
    }
}

/// The identity of the host's boot; empty when the host tells none.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// A boot sector with its signature.
fn sector(code: &[u8]) -> Vec<u8> {
    let mut sector = code.to_vec();
    sector.resize(510, 0);
    sector.extend([0x55, 0xaa]);
    sector
}

/// `accel/probe.s`, assembled.
const PROBE: [u8; 290] = [
    0xfa, 0xfc, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xbf, 0x00, 0x10,
    0xb9, 0x00, 0x10, 0x66, 0x31, 0xc0, 0x66, 0xf3, 0xab, 0xc7, 0x06, 0x00, 0x10, 0x03, 0x20, 0xc7,
    0x06, 0x00, 0x20, 0x03, 0x30, 0xc7, 0x06, 0x00, 0x30, 0x83, 0x00, 0x66, 0xb8, 0x00, 0x10, 0x00,
    0x00, 0x0f, 0x22, 0xd8, 0x66, 0xb8, 0x20, 0x06, 0x00, 0x00, 0x0f, 0x22, 0xe0, 0x66, 0xb9, 0x80,
    0x00, 0x00, 0xc0, 0x0f, 0x32, 0x66, 0x0d, 0x00, 0x01, 0x00, 0x00, 0x0f, 0x30, 0x0f, 0x01, 0x16,
    0x18, 0x7d, 0x66, 0xb8, 0x13, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0, 0xea, 0x60, 0x7c, 0x08, 0x00,
    0xb8, 0xf9, 0x7c, 0x00, 0x00, 0x66, 0x89, 0x04, 0x25, 0x30, 0x40, 0x00, 0x00, 0x66, 0xc7, 0x04,
    0x25, 0x32, 0x40, 0x00, 0x00, 0x08, 0x00, 0x66, 0xc7, 0x04, 0x25, 0x34, 0x40, 0x00, 0x00, 0x00,
    0x8e, 0x0f, 0x01, 0x1c, 0x25, 0x1e, 0x7d, 0x00, 0x00, 0x31, 0xed, 0xcc, 0x83, 0xfd, 0x01, 0x75,
    0x65, 0xb8, 0x01, 0x00, 0x00, 0x00, 0x0f, 0xa2, 0x41, 0x89, 0xc8, 0x41, 0x0f, 0xba, 0xe0, 0x0d,
    0x73, 0x0e, 0x31, 0xc0, 0x31, 0xd2, 0xf0, 0x48, 0x0f, 0xc7, 0x0c, 0x25, 0x00, 0x60, 0x00, 0x00,
    0x41, 0x0f, 0xba, 0xe0, 0x1a, 0x73, 0x26, 0xb8, 0x20, 0x06, 0x04, 0x00, 0x0f, 0x22, 0xe0, 0x31,
    0xc9, 0x31, 0xd2, 0xb8, 0x03, 0x00, 0x00, 0x00, 0x0f, 0x01, 0xd1, 0x48, 0x0f, 0xae, 0x24, 0x25,
    0x40, 0x60, 0x00, 0x00, 0x48, 0x0f, 0xae, 0x2c, 0x25, 0x40, 0x60, 0x00, 0x00, 0xb9, 0x80, 0xf0,
    0xfa, 0x02, 0xff, 0xc9, 0x75, 0xfc, 0xbe, 0xfd, 0x7c, 0x00, 0x00, 0xb9, 0x05, 0x00, 0x00, 0x00,
    0x66, 0xba, 0xf8, 0x03, 0xf3, 0x6e, 0xf4, 0xeb, 0xfd, 0xff, 0xc5, 0x48, 0xcf, 0x52, 0x55, 0x4e,
    0x53, 0x0a, 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x9a, 0x20, 0x00, 0x0f, 0x00, 0x08, 0x7d, 0x00, 0x00, 0x3f, 0x00,
    0x00, 0x40,
];

#[cfg(test)]
mod tests;
