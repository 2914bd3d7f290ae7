//! QEMU on a disk of any format, until its console shows how far it came.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Several times what the translator needs on a busy host.
const LIMIT: Duration = Duration::from_mins(4);

const CODE: &str = "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd";
const VARIABLES: &str = "if=pflash,format=raw,file=/usr/share/OVMF/OVMF_VARS_4M.fd";

/// Options of a machine beside its disk, whose drive is `disk`; words that its console must show.
pub(super) type Machine = (&'static [&'static str], &'static [&'static str]);

pub(super) const BIOS: Machine = (
    &[
        "-device",
        "virtio-blk-pci,drive=disk",
        "-nic",
        "user,model=virtio-net-pci",
    ],
    &[],
);
pub(super) const UEFI: Machine = (
    &[
        "-drive",
        CODE,
        "-drive",
        VARIABLES,
        "-device",
        "virtio-blk-pci,drive=disk",
        "-nic",
        "user,model=virtio-net-pci",
    ],
    &["efi: EFI v"],
);
/// What the OVF asks for, but by BIOS: Debian's OVMF has no driver for the controller.
pub(super) const VMWARE: Machine = (
    &[
        "-device",
        "pvscsi,id=scsi",
        "-device",
        "scsi-hd,bus=scsi.0,drive=disk",
        "-nic",
        "user,model=vmxnet3",
    ],
    &["vmw_pvscsi", "vmxnet3"],
);

/// The root file system is mounted, and what is on it has started.
pub(super) const GREETING: &str = "Welcome to ";
/// Everything has started.
pub(super) const LOGIN: &str = " login: ";

/// Ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Boots a disk, which is not written, until the console shows `end`.
#[expect(clippy::disallowed_methods, reason = "a real machine takes real time")]
pub(super) fn boots(
    disk: &Path,
    driver: &str,
    (options, words): Machine,
    end: &str,
    scratch: &Path,
) {
    let console = scratch.join("console.log");
    let drive = format!("file={},format={driver},if=none,id=disk", disk.display());
    let serial = format!("file:{}", console.display());
    drop(fs::remove_file(&console));
    let mut command = Command::new("qemu-system-x86_64");
    command
        .args([
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max",
            "-smp",
            "2",
            "-m",
            "1024",
        ])
        .args([
            "-display",
            "none",
            "-monitor",
            "none",
            "-no-reboot",
            "-snapshot",
        ])
        .args(["-serial", &serial, "-drive", &drive])
        .args(options)
        .env("TMPDIR", scratch)
        .stdin(Stdio::null());
    let started = Instant::now();
    let mut machine = Running(command.spawn().expect("this test needs qemu-system-x86"));
    loop {
        let said = fs::read(&console).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        if said.contains(end) {
            for word in words {
                assert!(
                    said.contains(word),
                    "`{word}` is missing on the console of {}",
                    disk.display()
                );
            }
            return;
        }
        let ended = machine.0.try_wait().unwrap();
        assert!(
            ended.is_none() && started.elapsed() < LIMIT,
            "{} did not boot ({ended:?}):\n{said}",
            disk.display()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}
