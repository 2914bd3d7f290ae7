//! Component documents: parse, check, run.
//!
//! A component document (schema 1.0, the one of EC2 Image Builder's AWSTOE) is a list of
//! phases of steps. Each step names an action and its inputs.
//!
//! ```text
//! text ──yaml──► nodes with places and raw scalars ──parse──► Document ──check──► problems
//!                                                                 │
//!            parameters, phases, a Machine (a tree, a guest) ──run──► Report
//!                                                                 │
//!                  step: if ──► loop ──► {{ }} ──► action/<name> ──► outputs, status
//! ```
//!
//! Scalars keep the text of the source: `0700` is a permission, `1.10` a version.

pub mod action;
mod check;
pub mod code;
mod condition;
pub mod document;
mod expr;
pub mod library;
pub mod machine;
mod parse;
mod problems;
pub mod program;
pub mod run;
pub mod services;
mod yaml;

use goldsmith_core::diagnostic::{Diagnostic, Severity, SourceFile};

pub use check::check_parameters;
pub use document::Document;
pub use run::{Parameters, Report, run_document};
pub use services::Services;

/// Reads a document and finds all its problems, warnings included.
///
/// The document is there when no problem is an error.
pub fn load(file: &SourceFile) -> (Option<Document>, Vec<Diagnostic>) {
    let mut problems = problems::Problems::new(file);
    let document = yaml::parse(file.text(), &mut problems)
        .and_then(|root| parse::document(&root, &mut problems));
    if let Some(document) = &document {
        check::check(document, &mut problems);
    }
    let problems = problems.sorted();
    let refused = problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    (document.filter(|_| !refused), problems)
}
