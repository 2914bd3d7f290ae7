//! Documents as files: what `load` says of them, and what running them does to a tree.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod appendix;
mod documents;
mod hostile;
mod library;
mod machine;
mod namespaces;
mod resume;
mod runs;
mod sandbox;
mod shellcheck;
mod snapshot;
