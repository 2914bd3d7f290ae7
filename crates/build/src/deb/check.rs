//! Whether decoded packages are what was decoded: every file by its size and, where the package
//! says it, its MD5.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_store::{Shelf, Store, StoreError};
use md5::{Digest as _, Md5};

use super::decode::hex_of;
use super::meta::{self, Kind, PackageMeta};

/// Looks at every decoded package of a store; gives where something is wrong, and what.
pub fn check(cx: &Cx, store: &Store) -> Result<Vec<(PathBuf, String)>, StoreError> {
    let mut problems = Vec::new();
    for (_, directory) in store.entries(Shelf::Packages)? {
        cx.cancel.check()?;
        problems.extend(problem(&directory).map(|problem| (directory, problem)));
    }
    Ok(problems)
}

/// What is wrong with one.
pub(super) fn problem(directory: &Path) -> Option<String> {
    let Some(meta) = meta::read(directory) else {
        return Some("`meta.json` is missing or damaged".to_owned());
    };
    for name in ["list", "control/control", "control/md5sums"] {
        if !directory.join(name).is_file() {
            return Some(format!("`{name}` is missing"));
        }
    }
    let sums = sums(directory, &meta);
    meta.paths.iter().find_map(|path| {
        let place = directory.join("root").join(&path.path);
        let shown = path.path.escape_debug();
        let found = match fs::symlink_metadata(&place) {
            Err(e) => return Some(format!("`/{shown}` cannot be found: {e}")),
            Ok(found) => found,
        };
        let Kind::File { size } = path.kind else {
            return None;
        };
        if found.len() != size {
            return Some(format!("`/{shown}` has {} bytes, not {size}", found.len()));
        }
        match (sums.get(&path.path), md5(&place)) {
            (Some(expected), Ok(sum)) if *expected != sum => {
                Some(format!("`/{shown}` has other bytes than the package"))
            }
            (_, Err(e)) => Some(format!("`/{shown}` cannot be read: {e}")),
            _ => None,
        }
    })
}

/// MD5 by path, of the files that the package tells it of.
fn sums(directory: &Path, meta: &PackageMeta) -> BTreeMap<String, String> {
    let text = fs::read_to_string(directory.join("control/md5sums")).unwrap_or_default();
    let listed = text.lines().filter_map(|line| {
        let (sum, path) = line.split_once("  ")?;
        let path = path.trim_start_matches("./").trim_start_matches('/');
        Some((path.to_owned(), sum.to_owned()))
    });
    let own = meta.conffiles.iter().map(|(path, sum)| {
        let path = path.trim_start_matches('/');
        (path.to_owned(), sum.clone())
    });
    listed.chain(own).collect()
}

fn md5(path: &Path) -> io::Result<String> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 128 << 10]);
    let mut hasher = Md5::new();
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex_of(&hasher.finalize())),
            length => hasher.update(&buffer[..length]),
        }
    }
}
