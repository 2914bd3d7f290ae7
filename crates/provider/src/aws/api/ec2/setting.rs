//! What an account has set in a region for all images (EC2): whether any may be made public, and
//! which of others it lets itself use.

use super::super::{Operation, field, form, xml};
use super::operation;

/// Whether images may be made public.
pub static GET_IMAGE_BLOCK_PUBLIC_ACCESS_STATE: Operation = operation(
    "GetImageBlockPublicAccessState",
    &[],
    &[xml(
        "ImageBlockPublicAccessState",
        "imageBlockPublicAccessState",
    )],
);

/// Whether snapshots may be.
pub static GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE: Operation = operation(
    "GetSnapshotBlockPublicAccessState",
    &[],
    &[xml("State", "state")],
);

/// Which images of others the account lets itself use.
pub static GET_ALLOWED_IMAGES_SETTINGS: Operation = operation(
    "GetAllowedImagesSettings",
    &[],
    &[
        xml("State", "state"),
        xml("ManagedBy", "managedBy"),
        xml(
            "ImageCriteria.ImageProviders",
            "imageCriterionSet/item/imageProviderSet/item",
        ),
        xml(
            "ImageCriteria.ImageNames",
            "imageCriterionSet/item/imageNameSet/item",
        ),
        xml(
            "ImageCriteria.MarketplaceProductCodes",
            "imageCriterionSet/item/marketplaceProductCodeSet/item",
        ),
        xml(
            "ImageCriteria.CreationDateCondition.MaximumDaysSinceCreated",
            "imageCriterionSet/item/creationDateCondition/maximumDaysSinceCreated",
        ),
        xml(
            "ImageCriteria.DeprecationTimeCondition.MaximumDaysSinceDeprecated",
            "imageCriterionSet/item/deprecationTimeCondition/maximumDaysSinceDeprecated",
        ),
        xml(
            "ImageCriteria.ImageWatermarks.WatermarkKey",
            "imageCriterionSet/item/imageWatermarkSet/item/watermarkKey",
        ),
    ],
);

/// Says which.
pub static REPLACE_ALLOWED_IMAGES_CRITERIA: Operation = operation(
    "ReplaceImageCriteriaInAllowedImagesSettings",
    &[
        form(
            "ImageCriteria.ImageProviders",
            "ImageCriterion.N.ImageProvider.N",
        ),
        form("ImageCriteria.ImageNames", "ImageCriterion.N.ImageName.N"),
        form(
            "ImageCriteria.CreationDateCondition.MaximumDaysSinceCreated",
            "ImageCriterion.N.CreationDateCondition.MaximumDaysSinceCreated",
        ),
    ],
    &[],
);

/// Has that take effect, or be watched only.
pub static ENABLE_ALLOWED_IMAGES_SETTINGS: Operation = operation(
    "EnableAllowedImagesSettings",
    &[field("AllowedImagesSettingsState")],
    &[],
);
