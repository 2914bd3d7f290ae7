//! The modules that a program of Go was built from.
//!
//! ```text
//! section .go.buildinfo (or the start of a segment): FF " Go buildinf:", bytes of an address u8 at
//!   14, flags u8 at 15
//! flags bit 1:  from 32 on two texts, each after its length of 1 to 10 bytes
//! else:         from 16 on the addresses of two texts: address and length of each; flags bit 0:
//!               big-endian
//! first text:   version of Go; second: 16 bytes, rows, 16 bytes
//! rows, tabs between: "path" P, "mod" MODULE VERSION SUM, "dep" the same, "=>" what replaces the row
//!               before, "build" NAME=VALUE
//! ```
//!
//! The version of a module that was built from its own folder is `(devel)`. Source:
//! `debug/buildinfo` of Go.

use std::io;

use goldsmith_core::inventory::{Ecosystem, Package};

use crate::inventory::elf::{Elf, Piece, broken};
use crate::inventory::plain;

const MAGIC: &[u8] = b"\xFF Go buildinf:";
/// Of a program with thousands of modules: 1 MiB.
const TEXT_MAX: u64 = 16 << 20;
/// Where in a segment the mark is looked for, without a section.
const SEARCHED: u64 = 64 << 10;

pub(super) fn read(elf: &Elf<'_>, path: &str, packages: &mut Vec<Package>) -> io::Result<()> {
    let Some(found) = find(elf)? else {
        return Ok(());
    };
    let (version, modules) = if found[15] & 2 != 0 {
        let (version, rest) = text(&found[32..])?;
        (version.to_vec(), text(rest)?.0.to_vec())
    } else {
        (pointed(elf, &found, 0)?, pointed(elf, &found, 1)?)
    };
    let version = String::from_utf8_lossy(&version).into_owned();
    // `go1.22.1 X:experiment`, `devel go1.23-abc ...`.
    let version = version.split(' ').find_map(|word| word.strip_prefix("go"));
    if let Some(version) = version {
        packages.push(plain(Ecosystem::Go, "stdlib", version, path));
    }
    let inner = modules
        .len()
        .checked_sub(16)
        .and_then(|end| modules.get(16..end));
    let rows = String::from_utf8_lossy(inner.unwrap_or_default()).into_owned();
    packages.extend(self::modules(&rows, path));
    Ok(())
}

/// The mark and what follows it.
fn find(elf: &Elf<'_>) -> io::Result<Option<Vec<u8>>> {
    if let Some(section) = elf.section(".go.buildinfo") {
        if section.length > 2 * TEXT_MAX {
            return Err(broken("the build information of Go is too large"));
        }
        let bytes = elf.bytes(section)?;
        return Ok((bytes.len() >= 32 && bytes.starts_with(MAGIC)).then_some(bytes));
    }
    // A program without a table of sections was stripped of it.
    if elf.has_sections() {
        return Ok(None);
    }
    for segment in &elf.segments {
        let length = segment.length.min(SEARCHED);
        let start = elf.bytes(Piece { length, ..*segment })?;
        let places = start.chunks(16).position(|chunk| chunk.starts_with(MAGIC));
        if let Some(at) = places {
            let place = segment.place + at as u64 * 16;
            let length = (segment.length - at as u64 * 16).min(2 * TEXT_MAX);
            let bytes = elf.bytes(Piece {
                address: 0,
                place,
                length,
            })?;
            return Ok((bytes.len() >= 32).then_some(bytes));
        }
    }
    Ok(None)
}

/// A text after its length, and what follows.
fn text(bytes: &[u8]) -> io::Result<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        length |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let parts = bytes[at + 1..].split_at_checked(length);
            return parts.ok_or_else(|| broken("the build information of Go is cut short"));
        }
    }
    Err(broken("the build information of Go is cut short"))
}

/// The text that address number `which` leads to.
fn pointed(elf: &Elf<'_>, found: &[u8], which: usize) -> io::Result<Vec<u8>> {
    let width = usize::from(found[14]);
    if !matches!(width, 4 | 8) || (found[15] & 1 != 0) != elf.is_big() {
        return Err(broken("the build information of Go"));
    }
    let address = elf.number(found, 16 + which * width, width);
    if address == 0 {
        return Ok(Vec::new());
    }
    let header = elf.at_address(address, width as u64 * 2)?;
    let length = elf.number(&header, width, width);
    if length > TEXT_MAX {
        return Err(broken("the build information of Go is too large"));
    }
    elf.at_address(elf.number(&header, 0, width), length)
}

fn modules(rows: &str, path: &str) -> Vec<Package> {
    let mut found: Vec<Package> = Vec::new();
    for row in rows.lines() {
        let mut words = row.split('\t');
        let kind = words.next().unwrap_or_default();
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            continue;
        };
        let package = plain(Ecosystem::Go, name, version, path);
        match kind {
            "mod" | "dep" => found.push(package),
            "=>" => {
                if let Some(last) = found.last_mut() {
                    *last = package;
                }
            }
            _ => {}
        }
    }
    found
}
