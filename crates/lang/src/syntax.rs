//! From text to a syntax tree of our own: HCL by `hcl-edit`, JSON by our own reader. Nothing
//! outside this module knows where a tree came from.

pub(crate) mod ast;
mod hcl;
mod json;
mod recover;

use goldsmith_core::diagnostic::{Diagnostic, SourceFile};

pub(crate) use ast::Body;

/// The largest file that is read, in bytes. A recipe has a few kilobytes.
const BYTES_MAX: usize = 4 << 20;

/// Turns the bytes of a file into text, or says what is wrong with them.
pub(crate) fn decode(name: &str, bytes: &[u8]) -> Result<SourceFile, Diagnostic> {
    if bytes.len() > BYTES_MAX {
        let message = format!(
            "`{name}` has {} bytes, and {BYTES_MAX} is the most",
            bytes.len()
        );
        return Err(Diagnostic::error("L0003", message)
            .note("configuration is text for people; put data into files of its own and read it with `file()`"));
    }
    match std::str::from_utf8(bytes) {
        // A byte order mark is what some editors put in front.
        Ok(text) => Ok(SourceFile::new(
            name,
            text.strip_prefix('\u{feff}').unwrap_or(text),
        )),
        Err(error) => {
            let offset = error.valid_up_to();
            let line = bytes[..offset].iter().filter(|b| **b == b'\n').count() + 1;
            let message =
                format!("`{name}` is not UTF-8 text: line {line}, byte {offset} of the file");
            Err(Diagnostic::error("L0004", message).note("save it in UTF-8"))
        }
    }
}

/// Parses a configuration file; the ending of its name decides the form. What could be read is
/// given even when there are problems.
pub(crate) fn parse(file: &SourceFile) -> (Body, Vec<Diagnostic>) {
    if file.name().ends_with(".json") {
        json::parse(file)
    } else {
        recover::parse(file)
    }
}

/// Parses the text of one expression, as given for a variable on the command line.
pub(crate) fn parse_expression(file: &SourceFile) -> Result<ast::Expr, Diagnostic> {
    hcl::expression(file)
}

/// Parses the text of a template, without quotes around it.
pub(crate) fn parse_template(file: &SourceFile) -> Result<ast::Expr, Diagnostic> {
    hcl::template(file)
}
