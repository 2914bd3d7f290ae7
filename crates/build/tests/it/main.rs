//! The builder against the tools that are trusted: one binary.

mod assemble;
mod repo;
