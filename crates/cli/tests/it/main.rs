//! The wiring, end to end: the real binary on real input.

mod env;
mod surface;
