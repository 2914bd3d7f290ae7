//! The image of the nginx example, built of real packages, that several benchmarks begin with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sh::{self, Outcome};

/// Builds the image in the home of a benchmark; its disk. The lock is that of the first time.
pub(super) fn nginx(place: &Path) -> Result<PathBuf, String> {
    let project = place.join("project");
    if !project.join("goldsmith.lock").exists() {
        fs::create_dir_all(place).map_err(|e| e.to_string())?;
        let (from, to) = (
            sh::root().join("examples/nginx"),
            project.display().to_string(),
        );
        sh::run("cp", &["-r", &from.display().to_string(), &to])?;
        run(place, &["lock"])?;
    }
    // One image, of the packages that are locked.
    drop(fs::remove_dir_all(place.join("home/images")));
    run(place, &["build", "web"])?;
    Ok(newest(&place.join("home/images/web"))?.join("disk.raw"))
}

/// The folder of a recipe's newest image, by its record: numbers are never given twice.
pub(super) fn newest(shelf: &Path) -> Result<PathBuf, String> {
    let folders = fs::read_dir(shelf).map_err(|e| format!("{}: {e}", shelf.display()))?;
    let made = |path: &PathBuf| {
        fs::metadata(path.join("record.json"))
            .and_then(|m| m.modified())
            .ok()
    };
    folders
        .flatten()
        .map(|entry| entry.path())
        .max_by_key(made)
        .ok_or_else(|| format!("no image in {}", shelf.display()))
}

/// The program in that home.
pub(super) fn goldsmith(place: &Path, arguments: &[&str]) -> Command {
    let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
    command
        .current_dir(place.join("project"))
        .env("GOLDSMITH_HOME", place.join("home"));
    command
}

fn run(place: &Path, arguments: &[&str]) -> Outcome {
    sh::check(&mut goldsmith(place, arguments))
}
