//! Runs of pipelines: stages that survive whatever stops them, the evidence that each leaves, the
//! decisions over it, and the ways of an image to those who use it.
//!
//! Everything here speaks to ports: who builds, who keeps, who brings an image to a cloud is
//! named where the program is put together.

pub mod account;
pub mod audit;
pub mod course;
pub mod decision;
pub mod engine;
pub mod error;
pub mod evidence;
pub mod format;
pub mod gate;
pub mod happening;
pub mod lifecycle;
pub mod notify;
pub mod outbox;
pub mod outputs;
pub mod port;
pub mod scheduler;
pub mod stage;
pub mod state;
pub mod step;
pub mod unit;
