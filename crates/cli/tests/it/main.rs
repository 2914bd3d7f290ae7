//! The wiring, end to end: the real binary on real input.

mod boot;
mod build;
mod crash;
mod env;
mod fixture;
mod surface;
