//! Whether a kept layer is what was kept: its directory held against its manifest.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_store::{Store, StoreError, layer_name};

use super::format::LayerFile;
use super::manifest::Manifest;

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

/// Looks at every layer of a store; gives how many there are and what is wrong with which.
pub fn check(cx: &Cx, store: &Store) -> Result<(usize, Vec<(Sha256, String)>), StoreError> {
    let mut count = 0;
    let mut problems = Vec::new();
    for (name, directory) in store.layers()? {
        cx.cancel.check()?;
        // A pack is links to layers and has no description.
        if !directory.join("layer.json").exists() && directory.join("tree").is_dir() {
            continue;
        }
        count += 1;
        if let Some(problem) = problem(cx, &directory) {
            problems.push((name, problem));
            continue;
        }
        let bytes = fs::read(directory.join("layer.json")).unwrap_or_default();
        if let Ok(file) = LayerFile::read(&bytes) {
            let own = file.parts.key(file.below.as_ref());
            let number = store.again(&own)?;
            let is_named = own == file.key && (0..=number).any(|n| layer_name(&own, n) == name);
            if !is_named {
                problems.push((name, "its name does not follow from its parts".to_owned()));
            }
        }
    }
    Ok((count, problems))
}
