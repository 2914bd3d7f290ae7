//! Large files in which nothing was found: a build looks through its tree and then through the
//! finished disk, and the next build has most of its files from this one. Unpacking the same
//! initramfs every time would be most of the work. The bytes are read and digested every time;
//! only the search in bytes that were searched is saved.

use std::io;

use goldsmith_core::digest::Hasher;
use goldsmith_disk::read::Disk;

use super::Pieces;
use crate::known::Known;

/// Smaller ones are searched as fast as they are remembered.
const LARGE: u64 = 1 << 20;

/// What `search` says of a file; nothing, without asking, of one with the path and the bytes of
/// one of which it had nothing to say.
pub(super) fn searched_once<T>(
    known: Option<&dyn Known>,
    path: &str,
    file: &dyn Disk,
    search: impl FnOnce() -> io::Result<Vec<T>>,
) -> io::Result<Vec<T>> {
    let Some(known) = known.filter(|_| file.size() >= LARGE) else {
        return search();
    };
    let mut hasher = Hasher::new();
    io::copy(&mut Pieces { file, at: 0 }, &mut hasher)?;
    let bytes = hasher.finish();
    let mut hasher = Hasher::new();
    hasher.field(path.as_bytes());
    hasher.field(bytes.as_bytes());
    let key = hasher.finish();
    if known.is_clean(&key) {
        return Ok(Vec::new());
    }
    let found = search()?;
    if found.is_empty() {
        known.add_clean(&key);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::KnownHere;

    #[test]
    fn only_what_was_clean_is_not_searched_again() {
        let size = usize::try_from(LARGE).unwrap();
        let known = KnownHere::default();
        let check = |path: &str, fill: u8, size: usize, found: &[u8], is_asked: bool| {
            let mut asked = false;
            let rows = searched_once(Some(&known), path, &vec![fill; size], || {
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
        let broken = searched_once(Some(&known), "/broken", &vec![1; size], || {
            Err::<Vec<u8>, _>(io::ErrorKind::Other.into())
        });
        broken.unwrap_err();
        check("/broken", 1, size, &[], true);
    }

    #[test]
    fn nothing_is_known_to_who_keeps_nothing() {
        let bytes = vec![0; usize::try_from(LARGE).unwrap()];
        for _ in 0..2 {
            let mut asked = false;
            let search = || {
                asked = true;
                Ok(Vec::<u8>::new())
            };
            searched_once(None, "/clean", &bytes, search).unwrap();
            assert!(asked);
        }
    }
}
