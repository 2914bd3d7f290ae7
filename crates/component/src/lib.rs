//! Component documents: parse, check, run.
//!
//! A component document (schema 1.0, the one of EC2 Image Builder's AWSTOE) is a list of
//! phases of steps. Each step names an action and its inputs.
//!
//! ```text
//! text ──yaml──► nodes with places and raw scalars ──parse──► Document ──check, lint──► problems
//!                                                                 │
//!            parameters, phases, a Machine (a tree, a guest) ──run──► Report
//!                                                                 │
//!                  step: if ──► loop ──► {{ }} ──► action/<name> ──► outputs, status
//! ```
//!
//! Scalars keep the text of the source: `0700` is a permission, `1.10` a version.

pub mod action;
pub mod awstoe;
mod check;
pub mod code;
mod condition;
pub mod document;
pub mod execution;
mod expr;
pub mod library;
pub mod lint;
pub mod machine;
mod parse;
mod place;
pub mod plan;
mod problems;
pub mod program;
pub mod run;
pub mod services;
pub mod validate;
mod yaml;

use goldsmith_core::diagnostic::{Diagnostic, SourceFile};

pub use check::{Platform, check_blocked, check_parameters};
pub use document::Document;
pub use run::{Parameters, Report, run_document};
pub use services::Services;
pub use validate::{Rules, Validation, Validations, validate, validate_all};
pub use yaml::BYTES_MAX as DOCUMENT_BYTES_MAX;

/// Reads a document that is to run on Linux and finds all its problems, warnings included.
///
/// The document is there when no problem is an error.
pub fn load(file: &SourceFile) -> (Option<Document>, Vec<Diagnostic>) {
    validate(file, Rules::default()).into_parts()
}
