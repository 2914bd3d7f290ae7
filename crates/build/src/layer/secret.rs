//! Whether a secret is anywhere in what a step left.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;

use super::error::LayerError;

const PIECE: usize = 1 << 20;

/// The first path below a directory with a known secret in its name, its link target or its
/// content, as it stands in the tree. Costs nothing when no secret is known.
pub fn secret_in(cx: &Cx, directory: &Path) -> Result<Option<String>, LayerError> {
    if cx.redactor.is_empty() {
        return Ok(None);
    }
    let mut open = vec![PathBuf::new()];
    while let Some(inside) = open.pop() {
        cx.cancel.check()?;
        let place = directory.join(&inside);
        for entry in fs::read_dir(&place).map_err(LayerError::io("read", &place))? {
            let entry = entry.map_err(LayerError::io("read", &place))?;
            let path = inside.join(entry.file_name());
            let found = look(cx, &entry).map_err(LayerError::io("read", &entry.path()))?;
            if found {
                let shown = goldsmith_disk::tree::display(path.as_os_str().as_bytes());
                return Ok(Some(cx.redactor.redact(&shown)));
            }
            let kind = entry.file_type().map_err(LayerError::io("read", &place))?;
            if kind.is_dir() {
                open.push(path);
            }
        }
    }
    Ok(None)
}

fn look(cx: &Cx, entry: &fs::DirEntry) -> io::Result<bool> {
    let kind = entry.file_type()?;
    if cx.redactor.finds(entry.file_name().as_bytes()) {
        return Ok(true);
    }
    if kind.is_symlink() {
        let target = fs::read_link(entry.path())?;
        return Ok(cx.redactor.finds(target.as_os_str().as_bytes()));
    }
    if !kind.is_file() {
        return Ok(false);
    }
    let mut file = File::open(entry.path())?;
    // A secret may stand across two pieces.
    let overlap = cx.redactor.longest();
    let mut piece = Vec::with_capacity(PIECE + overlap);
    loop {
        let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        if cx.redactor.finds(&piece) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        piece.drain(..piece.len().saturating_sub(overlap));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use goldsmith_core::secret::Secret;
    use goldsmith_testing::clock::FakeClock;

    use super::*;

    #[test]
    fn everywhere() {
        let cx = Cx::silent(Arc::new(FakeClock::at(0)));
        let home = tempfile::tempdir().unwrap();
        let check = |expected: Option<&str>| {
            let found = secret_in(&cx, home.path()).unwrap();
            assert_eq!(found.as_deref(), expected);
        };
        fs::create_dir_all(home.path().join("a/b")).unwrap();
        let mut bytes = vec![b'x'; PIECE + 10];
        bytes[PIECE - 4..PIECE + 4].copy_from_slice(b"hunter22");
        fs::write(home.path().join("a/b/file"), bytes).unwrap();
        check(None);
        cx.redactor.add(&Secret::new("hunter22".to_owned()));
        check(Some("/a/b/file"));
        fs::remove_file(home.path().join("a/b/file")).unwrap();
        check(None);
        std::os::unix::fs::symlink("/srv/hunter22", home.path().join("link")).unwrap();
        check(Some("/link"));
        fs::remove_file(home.path().join("link")).unwrap();
        fs::create_dir(home.path().join("a/hunter22")).unwrap();
        check(Some("/a/(secret)"));
    }
}
