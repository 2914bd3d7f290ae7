//! The crates that a program of Rust was built from, where `cargo auditable` built it.
//!
//! ```text
//! section .dep-v0: zlib of { "packages": [ { "name": "...", "version": "...",
//!                            "source": "crates.io" | "git" | "local" | "registry",
//!                            "kind": "build" (else it is in the program), "root": true } ] }
//! ```
//!
//! Source: `PARSING.md` of cargo-auditable.

use std::io::{self, Read as _};

use goldsmith_core::inventory::{Ecosystem, Package};
use serde_json::Value;

use crate::inventory::elf::{Elf, broken};
use crate::inventory::plain;

/// As the project's own parser limits it.
const JSON_MAX: u64 = 8 << 20;

pub(super) fn read(elf: &Elf<'_>, path: &str, packages: &mut Vec<Package>) -> io::Result<()> {
    let Some(section) = elf.section(".dep-v0") else {
        return Ok(());
    };
    if section.length > JSON_MAX {
        return Err(broken("the list of crates is too large"));
    }
    let packed = elf.bytes(section)?;
    let mut json = Vec::new();
    let unpacked = flate2::read::ZlibDecoder::new(&packed[..]);
    unpacked.take(JSON_MAX).read_to_end(&mut json)?;
    let list: Value = serde_json::from_slice(&json)?;
    let rows = list["packages"].as_array().map(Vec::as_slice);
    for row in rows.unwrap_or_default() {
        let (Some(name), Some(version)) = (row["name"].as_str(), row["version"].as_str()) else {
            continue;
        };
        if row["kind"] != "build" {
            packages.push(plain(Ecosystem::Cargo, name, version, path));
        }
    }
    Ok(())
}
