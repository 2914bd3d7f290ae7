//! The boot loader's files: linked together from the locked packages that have them, whether
//! they are installed in the tree or only read.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_plan::lock::Section;
use goldsmith_store::{Scratch, Shelf, Store};

use super::BuildError;
use crate::deb;

/// Where GRUB's and shim's packages have what a disk needs.
const PLACES: [&str; 2] = ["usr/lib/grub", "usr/lib/shim"];

/// A directory with the files of all boot loader packages. Goes when dropped.
#[derive(Debug)]
pub(super) struct Loader {
    directory: File,
    _scratch: Scratch,
}

impl Loader {
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

/// Links the files of the packages that are only read and of those in the tree; of what came with a
/// parent, from where that lies.
pub(super) fn files(
    cx: &Cx,
    store: &Store,
    section: &Section,
    parent: Option<&Path>,
) -> Result<Loader, BuildError> {
    let scratch = store.scratch("boot-loader")?;
    let packages = || section.all_packages().map(|package| &package.sha256);
    // The tree may be there although the packages it was made of are not any more.
    let missing: Vec<Sha256> = packages()
        .filter(|package| store.entry(cx, Shelf::Packages, package).is_none())
        .copied()
        .collect();
    if !missing.is_empty() {
        deb::decode(cx, store, &missing)?;
    }
    let decoded = packages().map(|package| store.entry_path(Shelf::Packages, package).join("root"));
    for root in decoded.chain(parent.map(Path::to_owned)) {
        for place in PLACES {
            let from = root.join(place);
            if from.is_dir() {
                let to = scratch.path().join(place);
                link(&from, &to).map_err(BuildError::io("write", &to))?;
            }
        }
    }
    let directory = File::open(scratch.path()).map_err(BuildError::io("read", scratch.path()))?;
    Ok(Loader {
        directory,
        _scratch: scratch,
    })
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link(&entry.path(), &target)?;
        } else {
            match fs::hard_link(entry.path(), target) {
                // Two packages of one build have the same file.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
    }
    Ok(())
}
