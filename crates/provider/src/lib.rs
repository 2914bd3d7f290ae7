//! The only crate that opens outgoing connections.
//!
//! [`HttpFetch`] implements [`goldsmith_core::fetch::Fetch`] for `http`, `https` and
//! `file` URLs; [`Offline`] implements it by refusing, for a run without a network.

mod file;
mod http;
mod mask;
mod offline;
mod part;
mod retry;

pub use http::{HttpFetch, Proxies, Settings};
pub use mask::mask_url;
pub use offline::Offline;
