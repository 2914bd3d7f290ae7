//! The builder from outside, on real packages.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::print_stdout,
    reason = "what scripts said is shown when a test fails"
)]

mod oracle;
mod scan;
mod world;
