//! The builder against the tools that are trusted: one binary.

#![expect(
    clippy::print_stdout,
    reason = "what scripts said is shown when a test fails"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod assemble;
mod diff;
mod export;
mod oracle;
mod repo;
mod scan;
mod source;
mod world;
