//! Places that images are brought to: a file each, behind [`goldsmith_core::target::Target`].

pub mod aws;
mod layout;
pub mod local;
pub mod s3;

pub use aws::AwsTarget;
pub use layout::PlaceError;
pub use local::LocalTarget;
pub use s3::S3Target;
