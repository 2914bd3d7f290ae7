//! Libraries of Java: archives, and archives in them.
//!
//! ```text
//! META-INF/maven/GROUP/ARTIFACT/pom.properties   groupId, artifactId, version: one for each library,
//!                                                several where they were put into one archive
//! META-INF/MANIFEST.MF    without that: Bundle-SymbolicName, Implementation-Vendor-Id,
//!                         Implementation-Title, Bundle-Version, Implementation-Version
//! ARTIFACT-VERSION.jar    without that: the name of the file
//! ```
//!
//! Sources: Maven's archiver; the JAR file specification.

use std::io;

use goldsmith_core::inventory::{Ecosystem, Package};
use goldsmith_disk::read::Disk;

use super::zip::Zip;
use super::{FileKind, Subject, plain};
use crate::view::Node;

/// Properties and manifests.
const TEXT_MAX: u64 = 4 << 20;
/// An archive that has to be unpacked to be looked into, and all of them in one file.
const INNER_MAX: u64 = 256 << 20;
/// An archive in an archive ...
const DEPTH_MAX: usize = 5;

pub(super) static KIND: FileKind = FileKind { is_wanted, read };

fn is_wanted(node: &Node) -> bool {
    is_archive(&node.path)
}

fn is_archive(path: &str) -> bool {
    [".jar", ".war", ".ear", ".par", ".sar", ".hpi"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

fn read(subject: &Subject<'_>, packages: &mut Vec<Package>) -> io::Result<()> {
    let mut left = INNER_MAX;
    archive(subject.file, subject.path, 0, &mut left, packages)
}

/// Looks into an archive. `path` is `OUTER!/INNER` for one in another.
fn archive(
    file: &dyn Disk,
    path: &str,
    depth: usize,
    left: &mut u64,
    packages: &mut Vec<Package>,
) -> io::Result<()> {
    let zip = Zip::open(file)?;
    let before = packages.len();
    for entry in &zip.entries {
        let is_properties =
            entry.name.starts_with("META-INF/maven/") && entry.name.ends_with("/pom.properties");
        if is_properties {
            let text = zip.read(entry, TEXT_MAX)?;
            let evidence = format!("{path}!/{}", entry.name);
            packages.extend(properties(&String::from_utf8_lossy(&text), &evidence));
        }
    }
    if packages.len() == before {
        let manifest = zip
            .entries
            .iter()
            .find(|e| e.name == "META-INF/MANIFEST.MF");
        let manifest = manifest
            .map(|entry| zip.read(entry, TEXT_MAX))
            .transpose()?;
        let manifest = manifest.map(|text| String::from_utf8_lossy(&text).into_owned());
        packages.extend(by_manifest(&manifest.unwrap_or_default(), path));
    }
    for entry in zip.entries.iter().filter(|entry| is_archive(&entry.name)) {
        let inner = format!("{path}!/{}", entry.name);
        if depth + 1 >= DEPTH_MAX {
            return Err(io::Error::other(format!("`{inner}` is nested too deep")));
        }
        if let Some(plain) = zip.plain(entry)? {
            archive(&plain, &inner, depth + 1, left, packages)?;
        } else {
            let unpacked = zip.read(entry, *left)?;
            *left -= unpacked.len() as u64;
            archive(&unpacked, &inner, depth + 1, left, packages)?;
        }
    }
    Ok(())
}

fn properties(text: &str, evidence: &str) -> Option<Package> {
    let value = |wanted: &str| {
        let mut rows = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = rows.find(|(name, _)| name.trim() == wanted)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    };
    let name = format!("{}:{}", value("groupId")?, value("artifactId")?);
    Some(plain(Ecosystem::Maven, &name, value("version")?, evidence))
}

fn by_manifest(manifest: &str, path: &str) -> Option<Package> {
    // A line that is too long goes on after a space.
    let joined = manifest.replace("\r\n", "\n").replace("\n ", "");
    let value = |wanted: &str| {
        let mut rows = joined.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = rows.find(|(name, _)| name.trim() == wanted)?;
        // `Bundle-SymbolicName: org.example.lib;singleton:=true`
        let value = value.split(';').next().unwrap_or_default().trim();
        Some(value.to_owned()).filter(|value| !value.is_empty())
    };
    let (stem, named) = by_name(path);
    let version = named
        .map(str::to_owned)
        .or_else(|| value("Implementation-Version"))
        .or_else(|| value("Bundle-Version"))?;
    let symbolic = value("Bundle-SymbolicName").filter(|name| name.contains('.'));
    let is_file_named = named.is_some();
    let artifact = if is_file_named {
        stem.to_owned()
    } else {
        let title = value("Implementation-Title").filter(|title| !title.contains(' '));
        title.unwrap_or_else(|| stem.to_owned())
    };
    let group = value("Implementation-Vendor-Id").or_else(|| {
        let symbolic = symbolic.as_deref()?;
        let (group, last) = symbolic.rsplit_once('.')?;
        // `org.apache.commons.lang3` is what `commons-lang3` of `org.apache.commons` calls itself.
        let is_own = artifact == last || artifact.ends_with(&format!("-{last}"));
        Some(if is_own { group } else { symbolic }.to_owned())
    });
    let name = match group {
        Some(group) => format!("{group}:{artifact}"),
        None => artifact,
    };
    Some(plain(Ecosystem::Maven, &name, &version, path))
}

/// `commons-io`, `2.11.0` of `.../commons-io-2.11.0.jar`.
fn by_name(path: &str) -> (&str, Option<&str>) {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let split = stem.match_indices('-').find(|(at, _)| {
        let next = stem.as_bytes().get(at + 1);
        next.is_some_and(u8::is_ascii_digit)
    });
    match split {
        Some((at, _)) => (&stem[..at], Some(&stem[at + 1..])),
        None => (stem, None),
    }
}

#[cfg(test)]
mod tests;
