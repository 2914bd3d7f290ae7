//! `shellcheck`, when this machine has it: scripts are given to it, many at a time, and what
//! it says is put where it belongs in the document.
//!
//! References stand in the scripts as a word of the same length, so that places stay; what it
//! finds wrong with that word is dropped. No script is given to it twice.

mod answers;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Stream;
use goldsmith_core::failure::{Cancelled, with_causes};
use goldsmith_exec::child::{self, ChildError, Program, Status};

use super::script::{self, Script};
use super::{Lint, elsewhere};
use crate::document::Document;
use crate::expr::{Piece, Template};
use crate::problems::Problems;

pub use answers::Answers;

pub(super) static LINT: Lint = Lint {
    code: "C1100",
    name: "shellcheck",
    summary: "what `shellcheck` says of a script",
    why: "Asked only when it is installed. Its own code begins the message, and `allow` takes that as well: \
          `allow(SC2086)`. Its own comments (`# shellcheck disable=SC2086`) work within a script.",
    example: "- name: Clean\n  action: ExecuteBash\n  inputs:\n    commands:\n      - rm -f $HOME/x\n",
    better: "- name: Clean\n  action: ExecuteBash\n  inputs:\n    commands:\n      - rm -f \"$HOME/x\"\n",
    check: elsewhere,
};

/// Scripts that one process is given: each is an open file.
const BATCH: usize = 100;
/// Longest that one process may take.
const TIMEOUT: Duration = Duration::from_mins(5);
/// It cannot follow what a script reads in: that lies in the image.
const EXCLUDED: &str = "--exclude=SC1090,SC1091";
/// Findings that something is always the same, which a reference is not.
const CONSTANT: [u32; 9] = [2043, 2050, 2078, 2157, 2158, 2170, 2194, 2241, 2242];

/// Why it did not say anything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShellcheckError {
    /// It could not be run, or did not end well.
    #[error(transparent)]
    Child(ChildError),
    /// A script could not be handed over.
    #[error("cannot hand over a script")]
    Script(#[source] std::io::Error),
    /// It does not print what it is known to print.
    #[error("it does not print the JSON it is known for")]
    Output(#[source] serde_json::Error),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(Cancelled),
}

#[derive(serde::Deserialize)]
struct Output {
    comments: Vec<Found>,
}

#[derive(serde::Deserialize)]
struct Found {
    file: String,
    #[serde(flatten)]
    comment: Comment,
}

/// One finding; lines and columns from 1, columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    level: String,
    code: u32,
    message: String,
}

/// The program; `None` when this machine does not have it.
pub(crate) fn find() -> Option<PathBuf> {
    child::find("shellcheck")
}

/// The line that says it was not asked after all.
pub(crate) fn note(error: &ShellcheckError) -> String {
    format!("`shellcheck` could not be asked: {}", with_causes(error))
}

/// What it finds in each of the documents.
pub(crate) fn run(
    cx: &Cx,
    program: &Path,
    documents: &[Option<&Document>],
    answers: &Answers,
) -> Result<Vec<Vec<Diagnostic>>, ShellcheckError> {
    answers.of(program);
    let scripts: Vec<(usize, Script<'_>)> = documents
        .iter()
        .enumerate()
        .filter_map(|(at, document)| Some((at, (*document)?)))
        .flat_map(|(at, document)| script::all(document).into_iter().map(move |s| (at, s)))
        .collect();
    let shown: Vec<(usize, Sha256, Shown<'_>)> = scripts
        .iter()
        .map(|(at, script)| {
            let shown = Shown::new(script);
            (*at, Sha256::of(shown.text.as_bytes()), shown)
        })
        .collect();
    let unknown: BTreeMap<Sha256, &str> = shown
        .iter()
        .filter(|(_, digest, _)| answers.get(digest).is_none())
        .map(|(_, digest, script)| (*digest, script.text.as_str()))
        .collect();
    let unknown: Vec<(Sha256, &str)> = unknown.into_iter().collect();
    for batch in unknown.chunks(BATCH) {
        said(cx, program, batch, answers)?;
    }
    let mut found: Vec<Option<Problems>> = documents
        .iter()
        .map(|document| document.map(|document| Problems::new(document.file())))
        .collect();
    for (at, digest, script) in &shown {
        if let Some(problems) = &mut found[*at] {
            for comment in answers.get(digest).unwrap_or_default() {
                script.report(&comment, problems);
            }
        }
    }
    let sorted = |problems: Option<Problems>| problems.map_or_else(Vec::new, Problems::sorted);
    Ok(found.into_iter().map(sorted).collect())
}

/// Asks it about scripts, and keeps what it says.
fn said(
    cx: &Cx,
    program: &Path,
    scripts: &[(Sha256, &str)],
    answers: &Answers,
) -> Result<(), ShellcheckError> {
    let mut files = BTreeMap::new();
    for (digest, text) in scripts {
        let file = file(text).map_err(ShellcheckError::Script)?;
        // It lives in memory only, and is gone with this process whatever happens.
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        files.insert(path, (*digest, file, Vec::new()));
    }
    for found in ask(cx, program, files.keys())? {
        if let Some((_, _, comments)) = files.get_mut(&found.file) {
            comments.push(found.comment);
        }
    }
    for (digest, _, comments) in files.into_values() {
        answers.keep(digest, comments);
    }
    Ok(())
}

fn file(text: &str) -> std::io::Result<File> {
    let memory = rustix::fs::memfd_create("script", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = File::from(memory);
    file.write_all(text.as_bytes())?;
    Ok(file)
}

fn ask<'a>(
    cx: &Cx,
    program: &Path,
    files: impl Iterator<Item = &'a String>,
) -> Result<Vec<Found>, ShellcheckError> {
    let arguments = [
        "--norc",
        "--shell=bash",
        "--format=json1",
        "--severity=info",
        EXCLUDED,
        "--",
    ];
    let mut printed = String::new();
    let exit = Program::new(program)
        .args(arguments)
        .args(files)
        .timeout(TIMEOUT)
        .run(cx, &mut |stream, piece| {
            if stream == Stream::Stdout {
                printed.push_str(piece);
            }
        });
    let exit = exit.map_err(|error| match error {
        ChildError::Cancelled(cancelled) => ShellcheckError::Cancelled(cancelled),
        error => ShellcheckError::Child(error),
    })?;
    // 1: it found something.
    if !matches!(exit.status, Status::Code(0 | 1)) {
        return Err(ShellcheckError::Child(ChildError::Failed {
            program: "shellcheck".to_owned(),
            status: exit.status,
            tail: exit.tail,
        }));
    }
    let output: Output = serde_json::from_str(&printed).map_err(ShellcheckError::Output)?;
    Ok(output.comments)
}

/// A script as it is shown to `shellcheck`.
struct Shown<'a> {
    script: &'a Script<'a>,
    /// As long as the script's, line by line and in characters.
    text: String,
    /// Offsets into the script of what is in double braces.
    references: Vec<Range<usize>>,
    lines: Vec<usize>,
}

impl<'a> Shown<'a> {
    fn new(script: &'a Script<'a>) -> Self {
        let mut text = String::with_capacity(script.text.len());
        let mut references = Vec::new();
        let mut offset = 0;
        for piece in Template::parse(&script.text).pieces {
            match piece {
                Piece::Literal(piece) => {
                    offset += piece.len();
                    text.push_str(&piece);
                }
                // It is text of the script; that it looks odd was said.
                Piece::Odd(piece) => {
                    references.push(offset..offset + piece.len());
                    offset += piece.len();
                    text.push_str(&piece);
                }
                Piece::Reference(_, whole) => {
                    references.push(offset..offset + whole.len());
                    offset += whole.len();
                    text.extend(whole.chars().map(|_| 'r'));
                }
            }
        }
        let mut lines = vec![0];
        lines.extend(script.text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            script,
            text,
            references,
            lines,
        }
    }

    /// The offset into the script of a line and column, both from 1.
    fn offset(&self, line: usize, column: usize) -> usize {
        let text = &self.script.text;
        let Some(start) = line.checked_sub(1).and_then(|line| self.lines.get(line)) else {
            return text.len();
        };
        let line = text[*start..].split('\n').next().unwrap_or_default();
        let before = line.chars().take(column.saturating_sub(1));
        start + before.map(char::len_utf8).sum::<usize>()
    }

    fn report(&self, comment: &Comment, problems: &mut Problems) {
        let start = self.offset(comment.line, comment.column);
        let end = self.offset(comment.end_line, comment.end_column).max(start);
        // Its own part of the script, with the quotes around it.
        let is_about = |reference: &Range<usize>| {
            reference.start <= start + 1 && start < reference.end && end <= reference.end + 1
        };
        let lines = self.offset(comment.line, 1)..self.offset(comment.end_line + 1, 1);
        let is_near = |reference: &Range<usize>| lines.contains(&reference.start);
        let is_constant = CONSTANT.contains(&comment.code);
        let mut references = self.references.iter();
        if references.any(|reference| is_about(reference) || (is_constant && is_near(reference))) {
            return;
        }
        let said = comment.message.trim_end_matches('.');
        let message = format!("SC{}: {said}", comment.code);
        let at = self.script.place(start..end);
        let problem = problems.warning(LINT.code, &at, message, &*comment.level);
        let page = format!("https://www.shellcheck.net/wiki/SC{}", comment.code);
        problem.notes.push(page);
    }
}
