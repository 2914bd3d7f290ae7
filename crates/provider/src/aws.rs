//! AWS, and what speaks like it: objects (S3), named parameters (SSM), what an instance knows
//! of itself (IMDS). No SDK: requests are made from a table ([`api`]) and signed with
//! `aws-sigv4`.
//!
//! ```text
//! Settings (plain values) ──► Aws ── ObjectStore ───── S3     ─┐
//!                              │ ├── ParameterStore ── SSM    ─┤ call: address, sign, send,
//!                              │ │                             │ retry, errors in words
//!                              │ └── InstanceMetadata ─ IMDS   │
//!                              └ Credentials: keys given, profile, container, role of the instance
//! ```
//!
//! With an endpoint given, any S3-compatible store will do.

mod address;
pub mod api;
mod call;
mod credentials;
mod imds;
mod local_wire;
mod profile;
mod s3;
mod session;
mod settings;
mod sign;
mod ssm;
mod xml;

pub use credentials::{Credentials, CredentialsError, Keys};
pub use session::Aws;
pub use settings::{Container, Settings};
