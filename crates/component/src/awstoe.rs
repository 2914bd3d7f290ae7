//! The forms of AWSTOE: what its callers write (options, a configuration) and what they read (a
//! summary, a folder of logs). Goldsmith reads and writes the same, so that it can take its place.

pub mod config;
pub mod files;
pub mod options;
pub mod summary;
