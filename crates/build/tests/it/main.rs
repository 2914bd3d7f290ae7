//! The builder from outside, on real packages.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod oracle;
mod scan;
mod world;
