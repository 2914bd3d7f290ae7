//! AWS, and what speaks like it: objects (S3), named parameters (SSM), what an instance knows
//! of itself (IMDS), images (EC2) and the blocks of their snapshots (EBS), what runs on them (EC2,
//! Auto Scaling), what is told (SNS, EventBridge). No SDK: requests are made from a table ([`api`])
//! and signed with `aws-sigv4`.
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
mod control;
mod credentials;
mod ebs;
pub(crate) mod ec2;
mod fleet;
mod form;
mod imds;
mod inspector;
mod json;
mod kms;
pub mod launch;
pub mod leftovers;
mod local_wire;
pub mod mark;
mod node;
mod notice;
mod profile;
mod rate;
mod s3;
mod session;
mod settings;
mod sign;
pub mod snapshot;
mod ssm;
mod sts;
mod tunnel;
mod xml;

pub(crate) use call::Untaken;
pub use control::AwsControls;
pub use credentials::{Credentials, CredentialsError, Keys};
pub use fleet::AwsFleet;
pub(crate) use fleet::Wanted;
pub(crate) use notice::Entry;
pub use session::Aws;
pub use settings::{Container, Settings};
