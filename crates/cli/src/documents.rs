//! Finds and reads the component documents that a command line names: files, folders,
//! patterns, standard input; to be run, also those of the library and of S3.

mod pattern;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use goldsmith_component::services::DocumentSource;
use goldsmith_component::{DOCUMENT_BYTES_MAX, code, library};
use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span, nearest};
use goldsmith_core::remote::{ObjectPath, ObjectStore};

use crate::app::App;
use crate::report::CmdError;

/// Endings of what a search takes for a document.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Most files that a search looks at.
const FILES_MAX: usize = 100_000;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Texts, and whether each was named and not merely found.
    pub(crate) files: Vec<(SourceFile, bool)>,
    /// Files found that are no text.
    pub(crate) skipped: Vec<String>,
    /// What was named and cannot be read.
    pub(crate) problems: Vec<Diagnostic>,
}

/// Reads everything that `paths` name, each file once, in their order.
pub(crate) fn find(app: &App, paths: &[String]) -> Result<Found, CmdError> {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path == "-" {
            read(&mut found, "(standard input)", io::stdin().lock(), true);
            continue;
        }
        let mut files = Vec::new();
        let place = app.directory.join(path);
        if place.is_dir() {
            search(&place, path, &mut files)?;
        } else if place.exists() || !pattern::is_pattern(path) {
            files.push((place, path.clone(), true));
        } else {
            matching(app, path, &mut files)?;
            if files.is_empty() {
                let message = format!("no file fits `{path}`");
                found
                    .problems
                    .push(Diagnostic::error(code::NO_DOCUMENT, message));
            }
        }
        for (place, shown, is_named) in files {
            app.cx.cancel.check()?;
            if !seen.insert(place.clone()) {
                continue;
            }
            match fs::File::open(&place) {
                Ok(file) if is_folder(&file) => {}
                Ok(file) => read(&mut found, &shown, file, is_named),
                Err(error) => {
                    let message = format!("cannot read `{shown}`: {error}");
                    found
                        .problems
                        .push(Diagnostic::error(code::NO_DOCUMENT, message));
                }
            }
        }
    }
    Ok(found)
}

fn is_folder(file: &fs::File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn read(found: &mut Found, shown: &str, from: impl io::Read, is_named: bool) {
    let mut bytes = Vec::new();
    let limit = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    let refuse = |message: String| Diagnostic::error(code::NO_DOCUMENT, message);
    if let Err(error) = from.take(limit).read_to_end(&mut bytes) {
        let message = format!("cannot read `{shown}`: {error}");
        found.problems.push(refuse(message));
        return;
    }
    if bytes.len() > DOCUMENT_BYTES_MAX {
        if is_named {
            let message = format!("`{shown}` is larger than {DOCUMENT_BYTES_MAX} bytes");
            found.problems.push(refuse(message));
        } else {
            found.skipped.push(shown.to_owned());
        }
        return;
    }
    match String::from_utf8(bytes) {
        Ok(text) => found.files.push((SourceFile::new(shown, text), is_named)),
        Err(_) if !is_named => found.skipped.push(shown.to_owned()),
        Err(error) => {
            // Up to the first byte that is none.
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
            let file = SourceFile::new(shown, text);
            let label = "the first byte that is none";
            let problem = Diagnostic::error(code::SYNTAX, format!("`{shown}` is no UTF-8"));
            let problem = problem.label(Span::new(&file, good..good), label);
            found.problems.push(problem);
        }
    }
}

/// The document of a name: a path, `-`, `s3://...`, a component of the library.
pub(crate) fn document(
    app: &App,
    objects: Option<&dyn ObjectStore>,
    name: &str,
    owner: Option<&str>,
) -> Result<SourceFile, CmdError> {
    let is_path = name.contains(['/', '.', ':']) || app.directory.join(name).exists();
    if name == "-" || is_path {
        return file(app, objects, name, owner);
    }
    if let Some(component) = library::find(name) {
        return Ok(component.file());
    }
    let known: Vec<&str> = library::ALL
        .iter()
        .map(|component| component.name)
        .collect();
    let message = format!("there is no file `{name}`, and no such component in the library");
    let error = CmdError::usage(message);
    Err(match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("the library has: {}", known.join(", "))),
    })
}

/// The text at a path, `-` or `s3://...`.
pub(crate) fn file(
    app: &App,
    objects: Option<&dyn ObjectStore>,
    name: &str,
    owner: Option<&str>,
) -> Result<SourceFile, CmdError> {
    let mut found = Found::default();
    let open = |path: &Path| {
        let message = || format!("cannot read `{name}`");
        let file = fs::File::open(path).map_err(|e| refused(message(), &e))?;
        if is_folder(&file) {
            return Err(CmdError::usage(format!("`{name}` is a folder"))
                .hint("name the documents in it, in the order they are to run"));
        }
        Ok(file)
    };
    if name == "-" {
        read(&mut found, "(standard input)", io::stdin().lock(), true);
    } else if name.starts_with("arn:") {
        let message = format!("`{name}`: documents are not fetched from Image Builder");
        return Err(CmdError::usage(message).hint("name a file or `s3://...`"));
    } else if let Some(object) = ObjectPath::parse(name) {
        let Some(objects) = objects else {
            return Err(CmdError::usage(format!(
                "`{name}` cannot be fetched offline"
            )));
        };
        let scratch = tempfile::Builder::new().prefix("goldsmith-").tempfile();
        let scratch = scratch.map_err(|e| CmdError::io("cannot make a scratch file", &e))?;
        objects.get(&app.cx, &object, owner, scratch.path())?;
        read(&mut found, name, open(scratch.path())?, true);
    } else {
        read(&mut found, name, open(&app.directory.join(name))?, true);
    }
    match found.files.pop() {
        Some((file, _)) => Ok(file),
        None => Err(CmdError::Problems(found.problems)),
    }
}

/// What is named and cannot be read is a slip of the command line, unless it is there.
fn refused(what: String, error: &io::Error) -> CmdError {
    match error.kind() {
        io::ErrorKind::NotFound => CmdError::usage(format!("{what}: there is no such file")),
        _ => CmdError::io(what, error),
    }
}

/// Documents that documents run: files beside the command, then those of the library.
pub(crate) struct Beside<'a> {
    pub(crate) app: &'a App,
}

impl DocumentSource for Beside<'_> {
    fn document(&self, name: &str) -> Result<SourceFile, String> {
        match document(self.app, None, name, None) {
            Ok(file) => Ok(file),
            Err(CmdError::Refused { message, .. }) => Err(message),
            Err(CmdError::Problems(problems)) => Err(problems
                .first()
                .map_or_else(String::new, |p| p.message.clone())),
            Err(CmdError::Failed(failure)) => Err(failure.to_string()),
        }
    }
}

/// A file: where it is, how the user would type it, whether it was named.
type Candidate = (PathBuf, String, bool);

/// Documents below a folder, by name. Hidden files and folders are left out, links to
/// folders not followed: they may lead out or in circles.
fn search(folder: &Path, shown: &str, files: &mut Vec<Candidate>) -> Result<(), CmdError> {
    let describe = |e: io::Error| CmdError::io(format!("cannot read the folder `{shown}`"), &e);
    let mut entries: Vec<_> = fs::read_dir(folder)
        .and_then(Iterator::collect)
        .map_err(describe)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let shown = join(shown, &name);
        let kind = entry.file_type().map_err(describe)?;
        if kind.is_dir() {
            search(&path, &shown, files)?;
        } else if is_candidate(&path) {
            files.push((path, shown, false));
        }
        if files.len() > FILES_MAX {
            return Err(CmdError::config(format!(
                "there are more than {FILES_MAX} files in `{}`",
                folder.display()
            )));
        }
    }
    Ok(())
}

fn is_candidate(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ENDINGS.contains(&extension)) && path.is_file()
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "." => name.to_owned(),
        "./" | "" => format!("{folder}{name}"),
        _ => format!("{}/{name}", folder.trim_end_matches('/')),
    }
}

/// Files that fit a pattern that the shell left as it is.
fn matching(app: &App, pattern: &str, files: &mut Vec<Candidate>) -> Result<(), CmdError> {
    let parts: Vec<&str> = pattern.split('/').collect();
    let fixed = parts.iter().take_while(|part| !pattern::is_pattern(part));
    let fixed = fixed.count().min(parts.len() - 1);
    let start = parts[..fixed].join("/");
    let (start, shown) = match (fixed, start.as_str()) {
        (0, _) => (app.directory.clone(), "."),
        (_, "") => (PathBuf::from("/"), "/"),
        (_, start) => (app.directory.join(start), start),
    };
    if !start.is_dir() {
        return Ok(());
    }
    let mut all = Vec::new();
    search(&start, shown, &mut all)?;
    let rest = &parts[fixed..];
    files.extend(all.into_iter().filter_map(|(path, shown, _)| {
        let inside = path.strip_prefix(&start).ok()?;
        let names: Vec<&str> = inside.iter().filter_map(|name| name.to_str()).collect();
        pattern::fits(rest, &names).then_some((path, shown, true))
    }));
    Ok(())
}
