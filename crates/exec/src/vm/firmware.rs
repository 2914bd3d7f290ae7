//! Where distributions put QEMU and the UEFI firmware.

use std::path::{Path, PathBuf};

use super::{Arch, VmError};

/// Directories of programs, the usual first. Nothing is taken from `PATH`, which only
/// the command line may read.
const PROGRAMS: [&str; 6] = [
    "/usr/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/home/linuxbrew/.linuxbrew/bin",
    "/usr/libexec",
    "/run/current-system/sw/bin",
];

/// Code and variable store of UEFI without Secure Boot: Debian and Ubuntu, Fedora,
/// Arch, openSUSE, and what QEMU itself brings (Homebrew).
const UEFI_AMD64: [(&str, &str); 7] = [
    (
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_VARS_4M.fd",
    ),
    (
        "/usr/share/edk2/ovmf/OVMF_CODE.fd",
        "/usr/share/edk2/ovmf/OVMF_VARS.fd",
    ),
    (
        "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
        "/usr/share/edk2/x64/OVMF_VARS.4m.fd",
    ),
    (
        "/usr/share/qemu/ovmf-x86_64-code.bin",
        "/usr/share/qemu/ovmf-x86_64-vars.bin",
    ),
    (
        "/usr/share/OVMF/OVMF_CODE.fd",
        "/usr/share/OVMF/OVMF_VARS.fd",
    ),
    (
        "/usr/share/qemu/edk2-x86_64-code.fd",
        "/usr/share/qemu/edk2-i386-vars.fd",
    ),
    (
        "/opt/homebrew/share/qemu/edk2-x86_64-code.fd",
        "/opt/homebrew/share/qemu/edk2-i386-vars.fd",
    ),
];

const UEFI_ARM64: [(&str, &str); 5] = [
    (
        "/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd",
        "/usr/share/AAVMF/AAVMF_VARS.fd",
    ),
    (
        "/usr/share/AAVMF/AAVMF_CODE.fd",
        "/usr/share/AAVMF/AAVMF_VARS.fd",
    ),
    (
        "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw",
        "/usr/share/edk2/aarch64/vars-template-pflash.raw",
    ),
    (
        "/usr/share/qemu/edk2-aarch64-code.fd",
        "/usr/share/qemu/edk2-arm-vars.fd",
    ),
    (
        "/opt/homebrew/share/qemu/edk2-aarch64-code.fd",
        "/opt/homebrew/share/qemu/edk2-arm-vars.fd",
    ),
];

/// The UEFI firmware of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uefi {
    /// Read only, shared by every machine.
    pub code: PathBuf,
    /// Template of the variable store: each machine gets a copy.
    pub variables: PathBuf,
}

/// The QEMU program for an architecture.
pub fn qemu(arch: Arch) -> Result<PathBuf, VmError> {
    let program = match arch {
        Arch::Amd64 => "qemu-system-x86_64",
        Arch::Arm64 => "qemu-system-aarch64",
    };
    PROGRAMS
        .iter()
        .map(|directory| Path::new(directory).join(program))
        .find(|path| path.is_file())
        .ok_or(VmError::NoQemu { program })
}

/// The UEFI firmware for an architecture.
pub fn uefi(arch: Arch) -> Result<Uefi, VmError> {
    let known: &[(&str, &str)] = match arch {
        Arch::Amd64 => &UEFI_AMD64,
        Arch::Arm64 => &UEFI_ARM64,
    };
    known
        .iter()
        .find(|(code, variables)| Path::new(code).is_file() && Path::new(variables).is_file())
        .map(|(code, variables)| Uefi {
            code: code.into(),
            variables: variables.into(),
        })
        .ok_or(VmError::NoUefi { arch })
}
