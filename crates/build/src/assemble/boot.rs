//! GRUB's files, from where its packages are unpacked.

use std::io;
use std::os::fd::BorrowedFd;

use goldsmith_core::failure::{Class, Failure};
use goldsmith_disk::boot::grub::{self, BiosFiles, BiosImage, EfiFiles, GrubError};
use goldsmith_disk::fs::fat::Files;
use goldsmith_disk::image::Architecture;
use rustix::fs::{Dir, OFlags};

use super::contents::read_file;
use super::scan::open;

const BIOS_DIRECTORY: &str = "usr/lib/grub/i386-pc";
const PREFIX: &str = "/boot/grub";

/// A boot loader that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The package is not there.
    #[error("package `{package}` is not installed: `/{path}` is missing")]
    Package {
        /// The package that has the file.
        package: &'static str,
        /// The file.
        path: String,
    },
    /// There is no BIOS on this architecture.
    #[error("machines of this architecture do not boot by BIOS")]
    NoBios,
    /// A file cannot be read.
    #[error("cannot read `/{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The files do not make a boot loader.
    #[error("cannot build GRUB's core image")]
    Grub(#[from] GrubError),
}

impl Failure for BootError {
    fn class(&self) -> Class {
        match self {
            Self::Package { .. } | Self::NoBios | Self::Grub(_) => Class::Config,
            Self::Read { .. } => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Package { package, .. } => {
                vec![format!("add `{package}` to the packages of the source")]
            }
            Self::NoBios => vec!["set `boot = [\"uefi\"]` in the `disk` block".to_owned()],
            _ => vec![],
        }
    }
}

/// Builds the boot loader for BIOS machines; `config` is its first text.
pub(super) fn bios(
    root: BorrowedFd<'_>,
    architecture: Architecture,
    config: &str,
) -> Result<BiosImage, BootError> {
    if architecture != Architecture::X86_64 {
        return Err(BootError::NoBios);
    }
    let mut files = BiosFiles::default();
    for name in names(root)? {
        let wanted =
            BiosFiles::NAMES.contains(&name.as_str()) || name.strip_suffix(".mod").is_some();
        if wanted {
            let path = format!("{BIOS_DIRECTORY}/{name}");
            let bytes = read(root, &path)?.unwrap_or_default();
            files.files.insert(name, bytes);
        }
    }
    Ok(BiosImage::build(&files, &grub::MODULES, config, PREFIX)?)
}

fn names(root: BorrowedFd<'_>) -> Result<Vec<String>, BootError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => BootError::Package {
            package: "grub-pc-bin",
            path: BIOS_DIRECTORY.to_owned(),
        },
        _ => BootError::Read {
            path: BIOS_DIRECTORY.to_owned(),
            source,
        },
    };
    let directory = open(root, BIOS_DIRECTORY.as_bytes(), OFlags::DIRECTORY).map_err(failed)?;
    let mut names = vec![];
    for entry in Dir::read_from(&directory).map_err(|errno| failed(errno.into()))? {
        let entry = entry.map_err(|errno| failed(errno.into()))?;
        names.extend(entry.file_name().to_str().ok().map(str::to_owned));
    }
    Ok(names)
}

/// The files of the EFI system partition: with Secure Boot when the signed packages are there.
pub(super) fn esp(
    root: BorrowedFd<'_>,
    architecture: Architecture,
    config: &str,
) -> Result<Files, BootError> {
    let (cpu, suffix, package) = match architecture {
        Architecture::X86_64 => ("x86_64", "x64", "grub-efi-amd64-bin"),
        Architecture::Arm64 => ("arm64", "aa64", "grub-efi-arm64-bin"),
    };
    let shim = read(root, &format!("usr/lib/shim/shim{suffix}.efi.signed"))?;
    let signed = format!("usr/lib/grub/{cpu}-efi-signed/grub{suffix}.efi.signed");
    let plain = format!("usr/lib/grub/{cpu}-efi/monolithic/grub{suffix}.efi");
    let efi = match (shim, read(root, &signed)?) {
        (Some(shim), Some(grub)) => EfiFiles {
            shim: Some(shim),
            grub,
        },
        _ => EfiFiles {
            shim: None,
            grub: read(root, &plain)?.ok_or(BootError::Package {
                package,
                path: plain,
            })?,
        },
    };
    Ok(grub::esp(architecture, efi, config))
}

/// A file's bytes; `None` when there is none.
fn read(root: BorrowedFd<'_>, path: &str) -> Result<Option<Vec<u8>>, BootError> {
    read_file(root, path).map_err(|source| BootError::Read {
        path: path.to_owned(),
        source,
    })
}
