//! One file for each command: its arguments (their comments are the help) and its run.

pub(crate) mod awstoe;
pub(crate) mod build;
pub(crate) mod bury;
pub(crate) mod component;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod fmt;
pub(crate) mod gc;
pub(crate) mod generate_reference;
pub(crate) mod images;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod lock;
pub(crate) mod plan;
pub(crate) mod rebuild;
pub(crate) mod scan;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod validate;
