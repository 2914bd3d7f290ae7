//! The only crate that opens outgoing connections.
//!
//! [`HttpFetch`] implements [`goldsmith_core::fetch::Fetch`] for `http`, `https` and
//! `file` URLs, and [`goldsmith_core::remote::Download`] for files that nobody pinned;
//! [`Offline`] implements the first by refusing, for a run without a network. [`aws`] and
//! [`local`] are what a component document may ask of a cloud: the cloud, and a file instead.

pub mod aws;
mod file;
mod http;
pub mod local;
mod mask;
pub mod notify;
mod offline;
mod part;
mod retry;
pub mod target;

pub use http::{HttpFetch, Proxies, Settings};
pub use mask::mask_url;
pub use offline::Offline;
