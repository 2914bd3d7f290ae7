//! What the builder does with real files, servers and packages.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod repo;
