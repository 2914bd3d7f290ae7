//! Documents on machines that are logged in to by SSH.

mod job;
mod ssh;
