//! Reads a project from disk and has it evaluated: everything in `lang` is pure, so the files,
//! the variables and the environment are collected here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use goldsmith_build::document::{self, Loaded};
use goldsmith_build::project::ProjectDirectory;
use goldsmith_core::diagnostic::{Diagnostic, Severity};
use goldsmith_core::recipe::{Project, Recipe, Work};
use goldsmith_lang::{Assignment, Host, Input, Options, Outcome};

use crate::app::App;
use crate::args::Variables;
use crate::render;
use crate::report::CmdError;

/// Endings of the files that make up a project.
const ENDINGS: [&str; 2] = [".gold.hcl", ".gold.json"];

/// The configuration files of the project, by name.
pub(crate) fn files(app: &App) -> Result<Vec<PathBuf>, CmdError> {
    let files = in_folder(&app.directory, &ENDINGS).map_err(|e| {
        CmdError::io(
            format!("cannot read the folder `{}`", app.directory.display()),
            &e,
        )
    })?;
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
            let inside = in_folder(&path, &[".gold.hcl"]).map_err(|e| {
                CmdError::io(format!("cannot read the folder `{}`", path.display()), &e)
            })?;
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
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
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
    path.strip_prefix(&app.directory)
        .unwrap_or(path)
        .display()
        .to_string()
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

/// Evaluates the project. `select` names the recipes wanted; `None`: all, with unknown values
/// allowed. Secrets become known to the redactor before anything is said of them.
pub(crate) fn evaluate(
    app: &App,
    variables: &Variables,
    select: Option<Vec<String>>,
) -> Result<Outcome, CmdError> {
    let mut inputs = Vec::new();
    for path in files(app)? {
        inputs.push(input(app, &path)?);
    }
    let mut options = Options {
        select,
        ..Options::default()
    };
    for text in &variables.var {
        let Some((name, value)) = text.split_once('=') else {
            return Err(CmdError::usage(format!("`-var {text}` has no `=`"))
                .hint("write `-var name=value`"));
        };
        options.assignments.push(assignment(name, value, "-var"));
    }
    for path in in_folder(
        &app.directory,
        &[".auto.goldvars.hcl", ".auto.goldvars.json"],
    )
    .unwrap_or_default()
    {
        options.files.push(input(app, &path)?);
    }
    for path in &variables.var_file {
        options.files.push(input(app, &app.directory.join(path))?);
    }
    for (name, value) in app.env.recipe_variables() {
        options
            .environment
            .push(assignment(name, value, &format!("GOLDSMITH_VAR_{name}")));
    }
    let host = ProjectHost { app };
    let outcome = goldsmith_lang::evaluate(&inputs, &options, &host);
    for secret in &outcome.secrets {
        app.cx.redactor.add(secret);
    }
    Ok(outcome)
}

/// Evaluates the recipes a command is to work on: those named, or all.
pub(crate) fn recipes(
    app: &App,
    variables: &Variables,
    names: &[String],
) -> Result<Project, CmdError> {
    let select = if names.is_empty() {
        evaluate(app, variables, None)?.recipes
    } else {
        names.to_vec()
    };
    let outcome = evaluate(app, variables, Some(select))?;
    if outcome.has_errors() {
        return Err(CmdError::Problems(outcome.problems));
    }
    if outcome.project.recipes.is_empty() {
        return Err(CmdError::config("the project has no recipe")
            .hint("add a `recipe` block; `goldsmith init` shows one"));
    }
    warnings(app, &outcome.problems);
    Ok(outcome.project)
}

/// Shows problems that stop nothing.
pub(crate) fn warnings(app: &App, problems: &[Diagnostic]) {
    for problem in problems.iter().filter(|p| p.severity == Severity::Warning) {
        app.output.aside(&(render::diagnostic(problem) + "\n"));
    }
}

/// The documents of a recipe, checked.
pub(crate) fn documents(app: &App, recipe: &Recipe) -> Result<Vec<Loaded>, CmdError> {
    documents_of(app, &recipe.work)
}

/// The documents of work, checked.
pub(crate) fn documents_of(app: &App, work: &[Work]) -> Result<Vec<Loaded>, CmdError> {
    let (loaded, problems) = document::load(&app.cx, &ProjectDirectory::new(&app.directory), work);
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(CmdError::Problems(problems));
    }
    warnings(app, &problems);
    Ok(loaded)
}

fn assignment(name: &str, text: &str, origin: &str) -> Assignment {
    Assignment {
        name: name.to_owned(),
        text: text.to_owned(),
        origin: origin.to_owned(),
    }
}

fn input(app: &App, path: &Path) -> Result<Input, CmdError> {
    let name = shown(app, path);
    let bytes = fs::read(path).map_err(|e| CmdError::io(format!("cannot read `{name}`"), &e))?;
    Ok(Input { name, bytes })
}

/// What the functions of the language see of this machine.
struct ProjectHost<'a> {
    app: &'a App,
}

/// Files a folder may have for `fileset()`.
const LISTED_MAX: usize = 100_000;

impl Host for ProjectHost<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        fs::read(self.app.directory.join(path)).map_err(|e| e.to_string())
    }

    fn exists(&self, path: &str) -> bool {
        self.app.directory.join(path).is_file()
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let root = self.app.directory.join(folder);
        let mut waiting = vec![root.clone()];
        let mut found = Vec::new();
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder)
                .map_err(|e| format!("cannot read `{}`: {e}", folder.display()))?
            {
                let entry = entry.map_err(|e| e.to_string())?;
                // Links are not followed: they may lead out or in circles.
                let kind = entry.file_type().map_err(|e| e.to_string())?;
                if kind.is_dir() {
                    waiting.push(entry.path());
                } else if let Ok(inside) = entry.path().strip_prefix(&root) {
                    found.push(inside.to_string_lossy().into_owned());
                }
                if found.len() > LISTED_MAX {
                    return Err(format!("more than {LISTED_MAX} files"));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn unix_seconds(&self) -> i64 {
        self.app.began
    }

    fn env(&self, name: &str) -> Option<String> {
        self.app.env.all().get(name).cloned()
    }
}
