//! Documents as files: what `load` says of them, and what running them does to a tree.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod appendix;
mod awstoe;
mod cloud;
mod directories;
mod documents;
mod execution;
mod host;
mod hostile;
mod library;
mod machine;
mod namespaces;
mod plan;
mod resume;
mod runs;
mod s3;
mod sandbox;
mod shellcheck;
mod snapshot;
mod step;
mod update_os;
mod web_download;
