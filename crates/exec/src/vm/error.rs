//! What can go wrong with a machine, by whose fault it is.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;

use goldsmith_core::failure::{Cancelled, Class, Failure};
use rustix::process::Signal;

use super::Arch;

/// Why a machine could not start, or a wait for it was in vain.
#[derive(Debug, thiserror::Error)]
pub enum VmError {
    /// QEMU is not installed.
    #[error("this host has no `{program}`")]
    NoQemu {
        /// The program.
        program: &'static str,
    },
    /// The firmware is not installed.
    #[error("this host has no UEFI firmware for {arch:?} machines")]
    NoUefi {
        /// For which architecture.
        arch: Arch,
    },
    /// The specification makes no sense.
    #[error("{0}")]
    Spec(String),
    /// A file of the machine could not be written or read.
    #[error("cannot prepare `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// QEMU could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// QEMU ended while something was expected of it.
    #[error("the machine {}", ending(*exit, reason.as_deref()))]
    Exited {
        /// How QEMU ended.
        exit: ExitStatus,
        /// Why, when the guest wanted it: `guest-shutdown`, `guest-reset`, ...
        reason: Option<String>,
    },
    /// QEMU ended before the machine ran.
    #[error("QEMU could not make the machine: {text}")]
    Setup {
        /// What QEMU said.
        text: String,
    },
    /// QEMU refused a command.
    #[error("QEMU refused `{command}`: {text}")]
    Refused {
        /// The command.
        command: &'static str,
        /// What QEMU said.
        text: String,
    },
    /// QEMU did not answer.
    #[error("QEMU does not answer `{command}`")]
    Silent {
        /// The command.
        command: &'static str,
    },
    /// The console showed that the boot is over.
    #[error("the console says `{0}`")]
    Alarm(String),
    /// What was waited for did not come in time.
    #[error("no {what} within {seconds} s")]
    TooLate {
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
    },
    /// The agent in the guest sent what the protocol does not allow.
    #[error("the guest sent `{0}`, which is not of the protocol")]
    Protocol(String),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl VmError {
    /// Whether it was the guest that failed, not this host.
    pub fn is_of_guest(&self) -> bool {
        match self {
            Self::Alarm(_) | Self::TooLate { .. } | Self::Protocol(_) => true,
            Self::Exited { exit, .. } => exit.signal().is_none(),
            _ => false,
        }
    }

    /// Whether QEMU itself crashed: its translator does, now and then, when a guest of
    /// several processors sets its devices up (`iotlb_to_section` in QEMU's issue 1921).
    /// The same machine may well run the next time.
    pub fn is_crash(&self) -> bool {
        // Killed: by somebody, or for want of memory. That does not pass by itself.
        matches!(self, Self::Exited { exit, .. }
            if exit.signal().is_some_and(|signal| signal != Signal::KILL.as_raw()))
    }
}

impl Failure for VmError {
    fn class(&self) -> Class {
        match self {
            Self::Cancelled(_) => Class::Cancelled,
            Self::Spec(_) | Self::Refused { .. } => Class::Bug,
            Self::Alarm(_) | Self::TooLate { .. } | Self::Protocol(_) => Class::Test,
            Self::NoQemu { .. }
            | Self::NoUefi { .. }
            | Self::File { .. }
            | Self::Start { .. }
            | Self::Setup { .. }
            | Self::Silent { .. }
            | Self::Exited { .. } => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        let install = |debian: &str, fedora: &str| {
            vec![
                format!("Debian, Ubuntu: apt-get install {debian}"),
                format!("Fedora: dnf install {fedora}"),
            ]
        };
        match self {
            Self::NoQemu { program } if program.ends_with("aarch64") => install(
                "qemu-system-arm qemu-efi-aarch64",
                "qemu-system-aarch64 edk2-aarch64",
            ),
            Self::NoQemu { .. } => install("qemu-system-x86 ovmf", "qemu-system-x86 edk2-ovmf"),
            Self::NoUefi { arch: Arch::Amd64 } => install("ovmf", "edk2-ovmf"),
            Self::NoUefi { arch: Arch::Arm64 } => install("qemu-efi-aarch64", "edk2-aarch64"),
            _ => Vec::new(),
        }
    }
}

fn ending(exit: ExitStatus, reason: Option<&str>) -> String {
    match reason {
        Some("guest-reset") => "reset itself".to_owned(),
        Some("guest-shutdown") => "powered itself off".to_owned(),
        Some("guest-panic") => "panicked".to_owned(),
        _ => format!("ended ({exit})"),
    }
}
