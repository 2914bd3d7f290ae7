//! The tags by which things of ours are known in a cloud.

/// The image, as people type it: `web@1.4.0/3`. What has none is not ours.
pub const IMAGE: &str = "goldsmith:image";
/// The name of the image at its targets: what the parts of one image have in common.
pub(crate) const NAME: &str = "goldsmith:name";
/// The target, `aws/eu`, or the infrastructure that it was made on: `infrastructure/lab`.
pub const TARGET: &str = "goldsmith:target";
/// The digest of the disk.
pub(crate) const DISK: &str = "goldsmith:disk";
/// The name of the operation that made a thing.
pub(crate) const OPERATION: &str = "goldsmith:operation";
/// The snapshot that a snapshot is the difference to.
pub(crate) const PARENT: &str = "goldsmith:parent";
/// On an image that everything is done for. What is without it may be the rest of a run that
/// died.
pub(crate) const COMPLETE: &str = "goldsmith:complete";
/// On an image: the zones in which its snapshots were made fast, with a space between.
pub(crate) const FAST: &str = "goldsmith:fast-restore";
/// When a thing was made, in seconds since 1970, where a cloud does not say so.
pub(crate) const MADE: &str = "goldsmith:made";
