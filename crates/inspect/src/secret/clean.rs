//! Large files in which nothing was found, by path and digest: a build looks through its tree and
//! then through the finished disk, and unpacking the same initramfs twice would be most of the
//! work. The second time the bytes are read again, from the disk, and digested; only the search in
//! bytes that this process has searched is saved.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_disk::read::Disk;

use super::Pieces;

/// Smaller ones are searched as fast as they are remembered.
const LARGE: u64 = 1 << 20;

type Known = (String, Sha256);

static CLEAN: Mutex<BTreeSet<Known>> = Mutex::new(BTreeSet::new());

fn clean() -> MutexGuard<'static, BTreeSet<Known>> {
    CLEAN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `search` says of a file; nothing, without asking, of one with the path and the bytes of
/// one of which it had nothing to say.
pub(super) fn searched_once<T>(
    path: &str,
    file: &dyn Disk,
    search: impl FnOnce() -> io::Result<Vec<T>>,
) -> io::Result<Vec<T>> {
    if file.size() < LARGE {
        return search();
    }
    let mut hasher = Hasher::new();
    io::copy(&mut Pieces { file, at: 0 }, &mut hasher)?;
    let known = (path.to_owned(), hasher.finish());
    if clean().contains(&known) {
        return Ok(Vec::new());
    }
    let found = search()?;
    if found.is_empty() {
        clean().insert(known);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_clean_is_not_searched_again() {
        let size = usize::try_from(LARGE).unwrap();
        let check = |path: &str, fill: u8, size: usize, found: &[u8], is_asked: bool| {
            let mut asked = false;
            let rows = searched_once(path, &vec![fill; size], || {
                asked = true;
                Ok(found.to_vec())
            });
            let expected = if is_asked { found } else { &[] };
            assert_eq!((asked, rows.unwrap().as_slice()), (is_asked, expected));
        };
        check("/dirty", 1, size, &[7], true);
        check("/dirty", 1, size, &[7], true);
        check("/clean", 1, size, &[], true);
        check("/clean", 1, size, &[7], false);
        check("/clean", 2, size, &[7], true);
        check("/elsewhere", 1, size, &[7], true);
        for _ in 0..2 {
            check("/small", 1, size - 1, &[], true);
        }
        let broken = searched_once("/broken", &vec![1; size], || {
            Err::<Vec<u8>, _>(io::ErrorKind::Other.into())
        });
        broken.unwrap_err();
        check("/broken", 1, size, &[], true);
    }
}
