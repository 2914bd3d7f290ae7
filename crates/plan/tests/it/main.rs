//! Tests against the world outside: apt and dpkg of the host, and models of AWS, as oracles.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod controls;
mod oracle;
mod random;
