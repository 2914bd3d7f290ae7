//! Layers: the results of the stages of a bootstrap and of the steps of components, kept in the
//! store by what they are a function of, and shared by all recipes of a home.
//!
//! ```text
//! packages ──► configured ──► initramfs ──► base ──► ./a.yaml build/One ──► ... ──► top
//!    │             │              │           │              │
//!    └─────────────┴──── each a directory of an overlay: `tree`, its list: `manifest`,
//!                        and what is known of it: `layer.json`
//! ```
//!
//! A layer is never changed and never replaced; what is made anew gets a name of its own.

mod error;
mod format;
mod manifest;
mod merge;
mod pack;
mod parts;
mod redirect;
mod secret;
mod stack;
mod wait;
mod whole;

pub use error::LayerError;
pub use format::LayerFile;
pub use manifest::{Change, Changes};
pub(crate) use manifest::{Row, What};
pub(crate) use merge::Merged;
pub use parts::{PartChange, Parts};
pub use secret::secret_in;
pub(crate) use stack::Kept;
pub use stack::{Anew, Layer, Made, Place, Stack, Wanted, described};
pub use whole::check;

#[cfg(test)]
mod tests;
