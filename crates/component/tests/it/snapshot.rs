//! A directory of documents, each beside the text that is expected of it.

use std::path::{Path, PathBuf};

/// A directory of the corpus.
pub(crate) fn directory(name: &str) -> PathBuf {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    corpus.join(name)
}

/// Every document of a directory, in order.
pub(crate) fn documents(name: &str) -> Vec<PathBuf> {
    let entries = directory(name)
        .read_dir()
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml" || extension == "json")
        })
        .collect();
    assert!(!files.is_empty());
    files.sort_unstable();
    files
}

/// Compares with the `.txt` beside the document. With `UPDATE_EXPECTED` set it is written.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by it to write what they expect"
)]
pub(crate) fn check(document: &Path, actual: &str, wrong: &mut Vec<String>) {
    let expected = document.with_extension("txt");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&expected, actual).unwrap();
    }
    let text = std::fs::read_to_string(&expected).unwrap_or_default();
    if text != actual {
        wrong.push(format!(
            "{}\n--- expected\n{text}--- actual\n{actual}",
            expected.display()
        ));
    }
}

pub(crate) fn finish(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
