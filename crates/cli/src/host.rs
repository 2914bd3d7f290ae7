//! What this host knows: where its own apt gets packages from, which a recipe may leave to it, and
//! how much memory there is.

use std::fs;

use goldsmith_build::repo::apt_sources::{self, Entry, Form};

use crate::report::CmdError;

/// Every archive that the host's apt uses, in the order of its files.
pub(crate) fn apt_entries() -> Vec<Entry> {
    let mut files = vec![std::path::PathBuf::from("/etc/apt/sources.list")];
    let mut parts: Vec<_> = fs::read_dir("/etc/apt/sources.list.d")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    parts.sort();
    files.extend(parts);
    let mut entries = Vec::new();
    for file in files {
        let form = match file.extension().and_then(|e| e.to_str()) {
            Some("list") => Form::OneLine,
            Some("sources") => Form::Stanzas,
            _ => continue,
        };
        if let Ok(text) = fs::read_to_string(&file) {
            entries.extend(apt_sources::parse(&text, form));
        }
    }
    entries
}

/// How the host finds names; nothing when it has no way.
pub(crate) fn resolv_conf() -> Vec<u8> {
    fs::read("/etc/resolv.conf").unwrap_or_default()
}

/// Debian's name of the architecture of this host.
pub(crate) fn architecture() -> Result<&'static str, CmdError> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => Err(CmdError::config(format!(
            "trees are made for amd64 and arm64, and this machine is {other}"
        ))),
    }
}

/// Bytes of memory that programs may still have; nothing where the kernel does not say.
pub(crate) fn available_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// The mirror that has a suite.
pub(crate) fn debian_mirror(suite: &str) -> Option<String> {
    apt_sources::pick(&apt_entries(), suite).map(str::to_owned)
}
