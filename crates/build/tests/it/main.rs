//! The builder from outside, on real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod assemble;
