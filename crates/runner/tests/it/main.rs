//! Documents on machines that are logged in to by SSH.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod image;
mod job;
mod ssh;
