//! The packages of rpm: a header of each, in one of three kinds of database.
//!
//! ```text
//! /var/lib/rpm, /usr/lib/sysimage/rpm
//!   rpmdb.sqlite    SQLite, table Packages (hnum, blob)    Fedora 33, RHEL 9 and later
//!   Packages.db     ndb, rpm's own                         SUSE
//!   Packages        Berkeley DB, a hash                    before
//! ```

mod bdb;
mod header;
mod ndb;
mod sqlite;

use std::io;

use goldsmith_core::cx::Cx;
use goldsmith_core::inventory::{Ecosystem, Package, SourcePackage};
use goldsmith_disk::read::Disk;

use super::{Aliases, FileDigest, System};
use crate::inventory::plain;
use crate::snapshot::Snapshot;
use crate::view::{Kind, ViewError};
use header::{Header, tag};

const FOLDERS: [&str; 2] = ["/var/lib/rpm", "/usr/lib/sysimage/rpm"];
/// The header of a large kernel package has 2 MiB.
const HEADER_MAX: u64 = 64 << 20;
/// Files that may be missing, or that anybody may have changed.
const GHOST: u32 = 1 << 6;

/// Reads the headers of a database, one after the other.
type Blobs = fn(&dyn Disk, &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>;

pub(super) fn read(
    snapshot: &Snapshot<'_>,
    aliases: &Aliases,
    system: &mut System,
    cx: &Cx,
) -> Result<(), ViewError> {
    for folder in FOLDERS {
        for (name, blobs) in [
            ("rpmdb.sqlite", None),
            ("Packages.db", Some(ndb::blobs as Blobs)),
            ("Packages", Some(bdb::blobs as Blobs)),
        ] {
            let path = format!("{folder}/{name}");
            let node = snapshot.resolve(&path);
            let Some(node) = node.filter(|node| node.kind == Kind::File && node.size > 0) else {
                continue;
            };
            let file = snapshot.open(node)?;
            let mut take = |blob: &[u8]| {
                cx.cancel.check().map_err(io::Error::other)?;
                let header = Header::read(blob)?;
                add(&header, &node.path, aliases, system);
                Ok(())
            };
            let read = if let Some(blobs) = blobs {
                blobs(&*file, &mut take)
            } else {
                let log = snapshot.resolve(&format!("{path}-wal"));
                let log = log.filter(|node| node.kind == Kind::File && node.size > 0);
                let log = log.map(|node| snapshot.open(node)).transpose()?;
                sqlite::blobs(&*file, log.as_deref(), &mut take)
            };
            cx.cancel.check()?;
            if let Err(error) = read {
                let path = &node.path;
                system
                    .notes
                    .push(format!("the packages in `{path}`: {error}"));
            }
            return Ok(());
        }
    }
    Ok(())
}

fn add(header: &Header<'_>, evidence: &str, aliases: &Aliases, system: &mut System) {
    let text = |tag| header.text(tag).filter(|text| !text.is_empty());
    let (Some(name), Some(version)) = (text(tag::NAME), text(tag::VERSION)) else {
        return;
    };
    // Keys that are trusted are kept as if they were packages.
    if name == "gpg-pubkey" {
        return;
    }
    let release = text(tag::RELEASE).unwrap_or_default();
    let epoch = header.numbers(tag::EPOCH).first().copied();
    let version = full_version(epoch, &version, &release);
    let source = text(tag::SOURCE_RPM).and_then(|file| source(&file, epoch));
    let package = Package {
        arch: text(tag::ARCH),
        source: source.filter(|source| source.name != name || source.version != version),
        module: text(tag::MODULE).map(|label| stream(&label)),
        maintainer: text(tag::VENDOR).or_else(|| text(tag::PACKAGER)),
        license: text(tag::LICENSE),
        ..plain(Ecosystem::Rpm, &name, &version, evidence)
    };
    let place = system.add(package);
    let digests = header.texts(tag::FILE_DIGESTS);
    let flags = header.numbers(tag::FILE_FLAGS);
    for (at, path) in header.paths().into_iter().enumerate() {
        let is_ghost = flags.get(at).is_some_and(|flags| flags & GHOST != 0);
        let digest = digests.get(at).filter(|_| !is_ghost);
        let listed = system.files.entry(aliases.real(&path)).or_default();
        listed.package = Some(place);
        if let Some(digest) = digest.and_then(|digest| FileDigest::of_hex(digest)) {
            listed.digest = Some(digest);
        }
    }
}

fn full_version(epoch: Option<u32>, version: &str, release: &str) -> String {
    let epoch = epoch.filter(|epoch| *epoch != 0);
    let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    format!("{epoch}{version}-{release}")
}

/// From `NAME-VERSION-RELEASE.src.rpm`; the epoch, which the name does not say, is taken to be the
/// binary's.
fn source(file: &str, epoch: Option<u32>) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".rpm")?.rsplit_once('.')?.0;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(SourcePackage {
        name: name.to_owned(),
        version: full_version(epoch, version, release),
    })
}

/// `nodejs:18` of `nodejs:18:9020230825:rhel9`.
fn stream(label: &str) -> String {
    let parts: Vec<&str> = label.split(':').take(2).collect();
    parts.join(":")
}

fn broken(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

#[cfg(test)]
mod tests;
