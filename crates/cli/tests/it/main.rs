//! The wiring, end to end: the real binary on real input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod approvals;
mod assess;
mod aws_ami;
mod awstoe;
mod boot;
mod build;
mod catalog;
mod cloud;
mod cloud_killed;
mod cloud_life;
mod component_remote;
mod component_run;
mod component_validate;
mod crash;
mod env;
mod export;
mod feed;
mod fixture;
mod gc;
mod import;
mod instance;
mod layers;
mod library;
mod mirror;
mod on_disk;
mod on_image;
mod run;
mod run_killed;
mod scan;
mod serve;
mod session;
mod small;
mod source_disk;
mod surface;
mod trial;
mod webhook;
