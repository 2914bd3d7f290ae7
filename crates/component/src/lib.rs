//! Component documents: parse, check, run.
