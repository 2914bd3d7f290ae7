//! Which files belong to packages, from dpkg's database inside the image.
//!
//! ```text
//! /var/lib/dpkg/info/NAME[:ARCH].list      a path a line
//! /var/lib/dpkg/info/NAME[:ARCH].md5sums   32 hex digits, two spaces, path without its first slash
//! /var/lib/dpkg/status  Conffiles:         ` PATH MD5 [obsolete]` rows
//! /var/lib/ucf/hashfile                    MD5, two spaces, path: configuration kept by ucf
//! ```
//!
//! Diverted files count under the name their package gave them.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use md5::{Digest, Md5};

use super::Snapshot;
use crate::view::{Kind, Node, ViewError};

/// A file list larger than this is no file list.
const LIST_LIMIT: usize = 64 << 20;
/// Larger files of packages are taken for changed rather than read.
const DIGEST_LIMIT: u64 = 64 << 20;

pub(super) type Md5Sum = [u8; 16];

/// What a package says about one of its files.
#[derive(Clone, Copy, Default)]
pub(super) struct Listed {
    /// Of files as they were brought; folders, links and some files have none.
    pub(super) digest: Option<Md5Sum>,
}

/// Every path that a package lists.
#[derive(Default)]
pub(super) struct Packages {
    files: BTreeMap<String, Listed>,
    count: usize,
}

impl Packages {
    pub(super) fn read(snapshot: &Snapshot<'_>, cx: &Cx) -> Result<Self, ViewError> {
        let mut packages = Self::default();
        let aliases = Aliases::of(snapshot);
        let mut sums = Vec::new();
        for node in snapshot.beneath("/var/lib/dpkg/info") {
            cx.cancel.check()?;
            let suffix = node.path.rsplit_once('.').map_or("", |(_, suffix)| suffix);
            let is_list = suffix == "list";
            if node.kind != Kind::File || !is_list && suffix != "md5sums" {
                continue;
            }
            let bytes = snapshot.read(node, LIST_LIMIT)?;
            let text = String::from_utf8_lossy(&bytes);
            if is_list {
                packages.count += 1;
                for path in text.lines() {
                    packages.files.entry(aliases.real(path)).or_default();
                }
            } else {
                sums.extend(text.lines().filter_map(|line| {
                    let (digest, path) = line.split_once("  ")?;
                    Some((aliases.real(&format!("/{path}")), hex(digest)?))
                }));
            }
        }
        if let Some(status) = snapshot.get("/var/lib/dpkg/status") {
            let bytes = snapshot.read(status, LIST_LIMIT)?;
            let text = String::from_utf8_lossy(&bytes);
            sums.extend(text.lines().filter_map(|line| {
                let (path, digest) = line.strip_prefix(" /")?.split_once(' ')?;
                let digest = hex(digest.split(' ').next()?)?;
                Some((aliases.real(&format!("/{path}")), digest))
            }));
        }
        if let Some(hashes) = snapshot.get("/var/lib/ucf/hashfile") {
            let bytes = snapshot.read(hashes, LIST_LIMIT)?;
            let text = String::from_utf8_lossy(&bytes);
            sums.extend(text.lines().filter_map(|line| {
                let (digest, path) = line.split_once("  ")?;
                Some((aliases.real(path), hex(digest)?))
            }));
        }
        for (path, digest) in sums {
            let digest = Some(digest);
            packages.files.insert(path, Listed { digest });
        }
        Ok(packages)
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, path: &str) -> Option<Listed> {
        self.files.get(path).copied()
    }
}

pub(super) fn has_digest(
    snapshot: &Snapshot<'_>,
    node: &Node,
    digest: Md5Sum,
) -> Result<bool, ViewError> {
    if node.kind != Kind::File || node.size > DIGEST_LIMIT {
        return Ok(false);
    }
    let bytes = snapshot.read(node, usize::try_from(node.size).unwrap_or(usize::MAX))?;
    Ok(Md5::digest(&bytes)[..] == digest)
}

fn hex(text: &str) -> Option<Md5Sum> {
    let mut out = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

/// Links at the root such as `/bin -> usr/bin`: packages list files under both names.
struct Aliases(Vec<(String, String)>);

impl Aliases {
    fn of(snapshot: &Snapshot<'_>) -> Self {
        let links = snapshot
            .nodes()
            .iter()
            .filter(|n| n.kind == Kind::Link && n.path.rfind('/') == Some(0));
        Self(
            links
                .filter_map(|n| {
                    let real = snapshot.resolve(&n.path)?;
                    Some((format!("{}/", n.path), format!("{}/", real.path)))
                })
                .collect(),
        )
    }

    fn real(&self, path: &str) -> String {
        for (alias, real) in &self.0 {
            if let Some(rest) = path.strip_prefix(alias.as_str()) {
                return format!("{real}{rest}");
            }
        }
        path.to_owned()
    }
}
