//! Rules over an offline tree or disk: sanitize and verify.
//!
//! ```text
//! view (tree | finished disk) --> snapshot (one walk, packages, accounts)
//!                                    |
//!                          sanitize::rule::* find
//!                          /                    \
//!            sanitize: plan, remove, report   verify: report, pass or not
//! ```
//!
//! The rules are shared: whatever a rule finds in the tree, the second pass looks
//! for on the finished disk. Nothing here writes anywhere but beneath the root given
//! to [`sanitize::sanitize`].

pub mod disk;
pub mod harden;
pub mod inventory;
pub mod known;
pub mod mask;
pub mod sanitize;
pub mod sbom;
pub mod scan;
pub mod secret;
pub mod snapshot;
mod threads;
pub mod verify;
pub mod view;
