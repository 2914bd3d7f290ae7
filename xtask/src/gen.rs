//! The generated files: the binary writes them, this puts them in place or compares.

use std::fs;
use std::path::Path;

use crate::sh::{self, Outcome};

/// Where they live in the repository.
const FOLDER: &str = "docs/reference";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let is_check = arguments.iter().any(|a| a == "--check");
    let fresh = sh::target().join("generated");
    drop(fs::remove_dir_all(&fresh));
    let place = fresh.to_string_lossy().into_owned();
    sh::run(
        "cargo",
        &[
            "run",
            "--quiet",
            "--locked",
            "--package",
            "goldsmith-cli",
            "--",
            "generate-reference",
            &place,
        ],
    )?;
    let kept = sh::root().join(FOLDER);
    if !is_check {
        drop(fs::remove_dir_all(&kept));
        return copy(&fresh, &kept);
    }
    let compared = sh::run("diff", &["-r", "-u", &kept.to_string_lossy(), &place]);
    compared.map_err(|_| format!("{FOLDER} is stale: run `cargo xtask gen` and commit the result"))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let describe =
        |e: std::io::Error| format!("cannot copy {} to {}: {e}", from.display(), to.display());
    fs::create_dir_all(to).map_err(describe)?;
    for entry in fs::read_dir(from).map_err(describe)?.flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target).map_err(describe)?;
        }
    }
    Ok(())
}
