//! Reads a project from disk and has it evaluated: everything in `lang` is pure, so the files,
//! the variables and the environment are collected here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::report::CmdError;

/// Endings of the files that make up a project.
const ENDINGS: [&str; 2] = [".gold.hcl", ".gold.json"];

/// The configuration files of the project, by name.
pub(crate) fn files(app: &App) -> Result<Vec<PathBuf>, CmdError> {
    let files = in_folder(&app.directory, &ENDINGS)
        .map_err(|e| CmdError::io(format!("cannot read the folder `{}`", app.directory.display()), &e))?;
    if files.is_empty() {
        return Err(CmdError::config(format!(
            "there is no project in `{}`: no file ends in `.gold.hcl` or `.gold.json`",
            app.directory.display()
        ))
        .hint("`goldsmith init NAME` makes one; `-C DIR` works on another folder"));
    }
    Ok(files)
}

/// The HCL files that `paths` name, folders searched; those of the project when empty.
pub(crate) fn hcl_files(app: &App, paths: &[PathBuf]) -> Result<Vec<PathBuf>, CmdError> {
    if paths.is_empty() {
        let is_hcl = |path: &PathBuf| path.extension().is_some_and(|e| e == "hcl");
        return Ok(files(app)?.into_iter().filter(is_hcl).collect());
    }
    let mut found = Vec::new();
    for path in paths {
        let path = app.directory.join(path);
        if path.is_dir() {
            let inside = in_folder(&path, &[".gold.hcl"])
                .map_err(|e| CmdError::io(format!("cannot read the folder `{}`", path.display()), &e))?;
            found.extend(inside);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn in_folder(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_hidden = name.starts_with('.');
        if !is_hidden && endings.iter().any(|ending| name.ends_with(ending)) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A path as the user would type it: relative to the project when it lies in it.
pub(crate) fn shown(app: &App, path: &Path) -> String {
    path.strip_prefix(&app.directory).unwrap_or(path).display().to_string()
}

/// Replaces a file by a rename, so that nobody ever reads half of it.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    fs::write(&fresh, bytes)?;
    if let Ok(metadata) = fs::metadata(path) {
        fs::set_permissions(&fresh, metadata.permissions())?;
    }
    fs::rename(&fresh, path).inspect_err(|_| drop(fs::remove_file(&fresh)))
}
