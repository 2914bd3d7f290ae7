//! Documents that Image Builder does not take.

use super::{Lint, Look};
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1010",
    name: "document-size",
    summary: "a document larger than Image Builder takes",
    why: "Image Builder takes 64 KiB from S3 and 16,000 characters inline; Goldsmith takes 4 MiB. A document that \
          is to be used in both must be split; `ExecuteDocument` runs one from another.",
    example: "",
    better: "",
    check,
};

/// The most that Image Builder takes from S3, in bytes.
const BYTES_MAX: usize = 64 << 10;

fn check(look: &Look<'_>, problems: &mut Problems) {
    let length = look.document.file().text().len();
    if length > BYTES_MAX {
        let message = format!("the document has {length} bytes");
        let label = format!("Image Builder takes {BYTES_MAX}");
        problems.warning(LINT.code, &(0..0), message, label);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bash, check};
    use super::LINT;

    #[test]
    fn large_documents() {
        check(&LINT, &bash(&format!("echo {}", "x".repeat(70_000))), 1);
        check(&LINT, &bash("echo x"), 0);
    }
}
