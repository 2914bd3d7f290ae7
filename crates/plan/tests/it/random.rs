//! Solving small random worlds.
