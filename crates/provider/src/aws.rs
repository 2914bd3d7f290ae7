//! AWS, and what speaks like it: objects (S3), named parameters (SSM), what an instance knows
//! of itself (IMDS), images (EC2) and the blocks of their snapshots (EBS). No SDK: requests are made from a table ([`api`]) and signed with
//! `aws-sigv4`.
//!
//! ```text
//! Settings (plain values) ──► Aws ── ObjectStore ───── S3     ─┐
//!                              │ ├── ParameterStore ── SSM    ─┤ call: address, sign, send,
//!              at(region, role) │ ├── images, snapshots EC2, EBS ┤ rate, retry, errors in words
//!                              │ └── InstanceMetadata ─ IMDS   │
//!                              └ Credentials: keys given, profile, container, role of the instance
//! ```
//!
//! With an endpoint given, any S3-compatible store will do.

mod address;
pub mod ami;
pub mod api;
mod call;
mod credentials;
mod ebs;
pub(crate) mod ec2;
mod form;
mod imds;
mod kms;
pub mod launch;
pub mod leftovers;
mod local_wire;
pub(crate) mod mark;
mod node;
mod profile;
mod rate;
mod s3;
mod session;
mod settings;
mod sign;
pub mod snapshot;
mod ssm;
mod sts;
mod xml;

pub use credentials::{Credentials, CredentialsError, Keys};
pub use session::Aws;
pub use settings::{Container, Settings};
