//! Everything that can be said of a document before it runs: schema, references, lints.

use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::{Diagnostic, Severity, SourceFile};
use goldsmith_core::failure::Cancelled;

use crate::check::{self, Platform};
use crate::document::Document;
use crate::lint::{self, shellcheck::Answers};
use crate::problems::{self, Problems};
use crate::{code, parse, yaml};

/// What documents are checked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Where they are to run.
    pub platform: Platform,
    /// Whether what Image Builder itself refuses, or may refuse, is an error.
    pub is_strict: bool,
    /// Whether what works, but hardly as it was meant, is said.
    pub has_lints: bool,
    /// Whether scripts are given to `shellcheck` when this machine has it; asks for lints.
    pub has_shellcheck: bool,
}

/// What came of checking one text.
#[derive(Debug)]
pub struct Validation {
    /// The text.
    pub file: SourceFile,
    /// Every problem, in the order of the text.
    pub problems: Vec<Diagnostic>,
    /// Whether the text is meant to be a component document: it is YAML with a field that
    /// only those have, or it would have one but for its syntax.
    pub is_component: bool,
    /// As far as it could be read; that it is there does not mean that it is good.
    parsed: Option<Document>,
}

/// What came of checking many texts.
#[derive(Debug)]
pub struct Validations {
    /// One for each text, in their order.
    pub all: Vec<Validation>,
    /// What was not looked at, and why: one line each.
    pub notes: Vec<String>,
}

impl Validation {
    /// Whether one of the problems is an error.
    pub fn has_errors(&self) -> bool {
        let mut severities = self.problems.iter().map(|problem| problem.severity);
        severities.any(|severity| severity == Severity::Error)
    }

    /// The document, when no problem is an error, and the problems.
    pub fn into_parts(self) -> (Option<Document>, Vec<Diagnostic>) {
        let is_good = !self.has_errors();
        (self.parsed.filter(|_| is_good), self.problems)
    }
}

/// Checks one text, without `shellcheck`.
pub fn validate(file: &SourceFile, rules: Rules) -> Validation {
    let mut validation = read(file, rules);
    finish(&mut validation, rules, false);
    validation
}

/// Checks many texts at once, on every processor of this machine. `answers` are what `shellcheck`
/// said before, and what it says now.
pub fn validate_all(
    cx: &Cx,
    files: &[SourceFile],
    rules: Rules,
    answers: &Answers,
) -> Result<Validations, Cancelled> {
    let with_shellcheck = rules.has_lints && rules.has_shellcheck;
    let shellcheck = with_shellcheck.then(lint::shellcheck::find);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(workers).max(1);
    let mut all = Vec::with_capacity(files.len());
    std::thread::scope(|scope| {
        let shellcheck = shellcheck.as_ref().and_then(Option::as_deref);
        let workers: Vec<_> = files
            .chunks(share)
            .map(|files| scope.spawn(move || some(cx, files, rules, shellcheck, answers)))
            .collect();
        for worker in workers {
            all.extend(worker.join().expect("a worker does not panic")?);
        }
        Ok(())
    })?;
    let mut notes = Vec::new();
    if shellcheck == Some(None) {
        notes.push("`shellcheck` is not installed: scripts were not given to it".to_owned());
    }
    Ok(Validations { all, notes })
}

/// The part of one worker.
fn some(
    cx: &Cx,
    files: &[SourceFile],
    rules: Rules,
    shellcheck: Option<&std::path::Path>,
    answers: &Answers,
) -> Result<Vec<Validation>, Cancelled> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        cx.cancel.check()?;
        all.push(read(file, rules));
    }
    let mut has_run = false;
    if let Some(program) = shellcheck {
        let documents: Vec<Option<&Document>> = all.iter().map(|v| v.parsed.as_ref()).collect();
        match lint::shellcheck::run(cx, program, &documents, answers) {
            Ok(findings) => {
                has_run = true;
                for (validation, found) in all.iter_mut().zip(findings) {
                    validation.problems.extend(found);
                }
            }
            Err(lint::shellcheck::ShellcheckError::Cancelled(cancelled)) => return Err(cancelled),
            Err(error) => cx.warn(lint::shellcheck::note(&error)),
        }
    }
    for validation in &mut all {
        finish(validation, rules, has_run);
    }
    Ok(all)
}

/// Everything that is said without another program.
fn read(file: &SourceFile, rules: Rules) -> Validation {
    let mut problems = Problems::new(file);
    let root = yaml::parse(file.text(), &mut problems);
    let is_component = match &root {
        Some(root) => parse::is_component(root),
        // Which it was meant to be, nobody can tell but by a look.
        None => file.text().lines().any(|line| {
            let line = line.trim_start_matches([' ', '{', '"', '\'', '\t']);
            line.starts_with("schemaVersion") || line.starts_with("phases")
        }),
    };
    let parsed = root.and_then(|root| parse::document(&root, &mut problems));
    let mut is_whole = !problems.has_errors();
    if let Some(document) = &parsed {
        check::check(document, rules.platform, &mut problems);
    }
    let mut problems = problems.sorted();
    // A name that is mistyped where it is used looks as if it were not.
    is_whole &= problems.iter().all(|p| p.code != code::UNKNOWN_REFERENCE);
    if let Some(document) = parsed.as_ref().filter(|_| rules.has_lints) {
        problems.extend(lint::check(document, is_whole));
    }
    Validation {
        file: file.clone(),
        problems,
        is_component,
        parsed,
    }
}

/// Strictness first: an error cannot be allowed away.
fn finish(validation: &mut Validation, rules: Rules, has_shellcheck: bool) {
    if rules.is_strict {
        for problem in &mut validation.problems {
            if code::is_strict(problem.code) {
                problem.severity = Severity::Error;
            }
        }
    }
    if let Some(document) = validation.parsed.as_ref().filter(|_| rules.has_lints) {
        let problems = std::mem::take(&mut validation.problems);
        validation.problems = lint::allow::apply(document, problems, has_shellcheck);
    }
    validation.problems.sort_by_key(problems::start);
}
