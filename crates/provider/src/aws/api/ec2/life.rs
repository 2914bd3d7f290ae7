//! The life of an image after it was made (EC2): who may use it and names it, how it retires, what
//! makes it start fast, what marks it.

use super::super::{Operation, field, form, xml};
use super::operation;

/// One attribute of an image: whom it is for.
pub static DESCRIBE_IMAGE_ATTRIBUTE: Operation = operation(
    "DescribeImageAttribute",
    &[field("ImageId"), field("Attribute")],
    &[
        xml("LaunchPermissions.UserId", "launchPermission/item/userId"),
        xml("LaunchPermissions.Group", "launchPermission/item/group"),
        xml(
            "LaunchPermissions.OrganizationArn",
            "launchPermission/item/organizationArn",
        ),
        xml(
            "LaunchPermissions.OrganizationalUnitArn",
            "launchPermission/item/organizationalUnitArn",
        ),
    ],
);

/// What of an account names an image.
pub static DESCRIBE_IMAGE_REFERENCES: Operation = operation(
    "DescribeImageReferences",
    &[
        form("ImageIds", "ImageId.N"),
        form("ResourceTypes.ResourceType", "ResourceType.N.ResourceType"),
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml("ImageReferences.ImageId", "imageReferenceSet/item/imageId"),
        xml("ImageReferences.Arn", "imageReferenceSet/item/arn"),
    ],
);

/// Has nobody launch an image, and takes back that others may.
pub static DISABLE_IMAGE: Operation = operation("DisableImage", &[field("ImageId")], &[]);

/// Takes that back.
pub static ENABLE_IMAGE: Operation = operation("EnableImage", &[field("ImageId")], &[]);

/// Takes back that an image is deprecated, or will be.
pub static DISABLE_IMAGE_DEPRECATION: Operation =
    operation("DisableImageDeprecation", &[field("ImageId")], &[]);

/// Takes back that others may make volumes of a snapshot.
pub static RESET_SNAPSHOT_ATTRIBUTE: Operation = operation(
    "ResetSnapshotAttribute",
    &[field("SnapshotId"), field("Attribute")],
    &[],
);

/// Has volumes of a snapshot be fast from their start, in some zones.
pub static ENABLE_FAST_SNAPSHOT_RESTORES: Operation = operation(
    "EnableFastSnapshotRestores",
    &[
        form("AvailabilityZones", "AvailabilityZone.N"),
        form("SourceSnapshotIds", "SourceSnapshotId.N"),
    ],
    &[
        xml("Unsuccessful.SnapshotId", "unsuccessful/item/snapshotId"),
        xml(
            "Unsuccessful.FastSnapshotRestoreStateErrors.AvailabilityZone",
            "unsuccessful/item/fastSnapshotRestoreStateErrorSet/item/availabilityZone",
        ),
        xml(
            "Unsuccessful.FastSnapshotRestoreStateErrors.Error.Code",
            "unsuccessful/item/fastSnapshotRestoreStateErrorSet/item/error/code",
        ),
        xml(
            "Unsuccessful.FastSnapshotRestoreStateErrors.Error.Message",
            "unsuccessful/item/fastSnapshotRestoreStateErrorSet/item/error/message",
        ),
    ],
);

/// Takes that back.
pub static DISABLE_FAST_SNAPSHOT_RESTORES: Operation = operation(
    "DisableFastSnapshotRestores",
    &[
        form("AvailabilityZones", "AvailabilityZone.N"),
        form("SourceSnapshotIds", "SourceSnapshotId.N"),
    ],
    &[],
);

/// Marks an image, and whatever is made of it.
pub static ATTACH_IMAGE_WATERMARK: Operation = operation(
    "AttachImageWatermark",
    &[field("ImageId"), field("WatermarkName")],
    &[],
);
