//! Whether a kept layer is what was kept: its directory held against its manifest.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_store::{Shelf, Store, StoreError, layer_name};

use super::format::LayerFile;
use super::manifest::Manifest;
use super::merge::Merged;
use super::pack;

/// What is wrong with the layer in a directory; nothing when every file is there at its size.
pub(super) fn problem(cx: &Cx, directory: &Path) -> Option<String> {
    let file = match fs::read(directory.join("layer.json")) {
        Err(e) => return Some(format!("`layer.json` cannot be read: {e}")),
        Ok(bytes) => match LayerFile::read(&bytes) {
            Err(detail) => return Some(format!("`layer.json` is unusable: {detail}")),
            Ok(file) => file,
        },
    };
    let bytes = match fs::read(directory.join("manifest")) {
        Err(e) => return Some(format!("`manifest` cannot be read: {e}")),
        Ok(bytes) => bytes,
    };
    let Some(manifest) = Manifest::read(&bytes) else {
        return Some("`manifest` is damaged".to_owned());
    };
    if manifest.write().1 != file.manifest {
        return Some("`manifest` is that of another layer".to_owned());
    }
    let tree = directory.join("tree");
    for (path, size) in manifest.sizes() {
        if cx.cancel.is_cancelled() {
            return None;
        }
        let shown = || goldsmith_disk::tree::display(path);
        match fs::symlink_metadata(tree.join(OsStr::from_bytes(path))) {
            // The directories of running systems need not be there.
            Err(_) if size.is_none() && !path.contains(&b'/') => {}
            Err(e) => return Some(format!("`{}` cannot be found: {e}", shown())),
            Ok(meta) => {
                if let Some(size) = size
                    && meta.len() != size
                {
                    let found = meta.len();
                    return Some(format!("`{}` has {found} bytes, not {size}", shown()));
                }
            }
        }
    }
    None
}

/// Looks at every layer of a store; gives where something is wrong, and what.
pub fn check(cx: &Cx, store: &Store) -> Result<Vec<(PathBuf, String)>, StoreError> {
    let mut problems = Vec::new();
    for (name, directory) in store.entries(Shelf::Layers)? {
        cx.cancel.check()?;
        let needs = store.needs(Shelf::Layers, &name).unwrap_or_default();
        let problem = if pack::is_name_of(&name, &needs) {
            pack_problem(store, &directory, &needs)
        } else {
            match problem(cx, &directory) {
                None => misnamed(store, &name, &directory)?,
                some => some,
            }
        };
        problems.extend(problem.map(|problem| (directory, problem)));
    }
    Ok(problems)
}

/// A name says what a layer was made of.
fn misnamed(store: &Store, name: &Sha256, directory: &Path) -> Result<Option<String>, StoreError> {
    let bytes = fs::read(directory.join("layer.json")).unwrap_or_default();
    let Ok(file) = LayerFile::read(&bytes) else {
        return Ok(None);
    };
    let own = file.parts.key(file.below.as_ref());
    let number = store.again(&own)?;
    let is_named = own == file.key && (0..=number).any(|n| layer_name(&own, n) == *name);
    Ok((!is_named).then(|| "its name does not follow from its parts".to_owned()))
}

/// What is wrong with the links that stand for several layers.
fn pack_problem(store: &Store, directory: &Path, needs: &[Sha256]) -> Option<String> {
    let mut merged = Merged::default();
    for layer in needs.iter().rev() {
        let path = store.entry_path(Shelf::Layers, layer).join("manifest");
        // What is wrong with a layer is said of it.
        merged.push(Manifest::read(&fs::read(path).ok()?)?);
    }
    let tree = directory.join("tree");
    let paths = merged.beneath(b"").map(|(path, _)| path);
    let mut missing = paths.filter(|path| {
        let place = tree.join(OsStr::from_bytes(path));
        path.contains(&b'/') && fs::symlink_metadata(place).is_err()
    });
    let path = missing.next()?;
    let shown = goldsmith_disk::tree::display(path);
    Some(format!("`{shown}` cannot be found"))
}
