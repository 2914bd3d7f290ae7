//! Runs against a real catalog, a real directory as a target, and a workshop whose images are
//! small files.

mod kill;
mod world;
